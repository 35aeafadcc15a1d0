from stepsmith.audit.findings import DropTest, Relabel
from stepsmith.verify.formats.problems import SCORED, Candidate
from tests.audit.subjects import findings_of, item, reasons

PROGRAMS = (
    "def add(a, b):\n    return b + a\n",
    "def add(a, b):\n    total = a\n    total += b\n    return total\n",
    "def add(a, b):\n    return sum([a, b])\n",
    "def add(a, b):\n    return a - -b\n",
    "import operator\ndef add(a, b):\n    return operator.add(a, b)\n",
)
CANDIDATES = tuple(Candidate(language="python", code=code) for code in PROGRAMS)


def test_a_flipped_label_is_told_with_the_right_one(judge):
    flipped = item(outputs=("3", "8", "7"), candidates=CANDIDATES, statement="Sum.\n>>> add(1, 2)\n3\n")
    (found,) = findings_of(judge, flipped, "labels")
    assert found.place.part == "tests[1].output"
    assert found.fixes == (Relabel(test=1, output="7"),)
    assert found.confidence is not None
    assert found.confidence > 0.9
    assert len(found.replay.steps) >= 3, "the disagreement and two witnesses"


def test_right_labels_are_left_alone(judge):
    assert findings_of(judge, item(candidates=CANDIDATES), "labels") == ()


def test_programs_that_are_copies_prove_nothing(judge):
    copies = (Candidate(language="python", code="def add(x, y):\n    return x + y  # a copy\n"),) * 5
    assert findings_of(judge, item(outputs=("3", "8", "7"), candidates=copies), "labels") == ()


def test_too_few_programs_are_named(judge):
    assert "1 programs" in reasons(judge, item())["labels"]


def test_equal_inputs_with_different_outputs(judge):
    given = item(inputs=("(1, 2)", "(3, 4)", "(1, 2)", "(3, 4)"), outputs=("3", "7", "4", "7.0"))
    contradiction, repeated = findings_of(judge, given, "contradictions")
    assert (contradiction.kind, contradiction.fixes) == ("contradicting-tests", (DropTest(test=2),))
    assert (repeated.kind, repeated.fixes) == ("duplicate-tests", (DropTest(test=3),))


def test_white_space_at_the_ends_makes_no_other_input(judge):
    given = item(
        None, interface="stdio", entry_point=None, inputs=("1 2\n", "1 2 ", "1 2\n\n"), outputs=("3\n", "4\n", "3")
    )
    assert [f.kind for f in findings_of(judge, given, "contradictions")] == ["contradicting-tests", "duplicate-tests"]


def test_repeats_between_scored_groups_are_ambiguous(judge):
    scored = item(inputs=("(1, 2)", "(1, 2)", "(3, 4)"), outputs=("3", "3", "7"), left_out=(SCORED,))
    (repeated,) = findings_of(judge, scored, "contradictions")
    assert repeated.ambiguous
    assert not repeated.fixes
