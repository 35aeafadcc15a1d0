from stepsmith.audit.checks import KINDS_OF_CHECK
from stepsmith.audit.findings import AddTest
from stepsmith.core.records import Verdict
from stepsmith.verify.formats.problems import Candidate, InputValidator
from tests.audit.subjects import findings_of, item, reasons

COUNT = "def count(xs, k):\n    return sum(x <= k for x in xs)\n"
WEAK = {
    "problem_id": "count", "entry_point": "count", "statement": "Return how many numbers are at most k.",
    "inputs": ("([1, 5, 9], 4)", "([2, 2, 8, 7], 3)", "([6, 1], 5)", "([9, 3, 3], 4)"), "outputs": ("1", "2", "1", "2"),
}  # fmt: skip


def test_a_mutant_that_passes_is_told_with_the_shortest_legal_input(judge):
    found = findings_of(judge, item(COUNT, **WEAK), "accepted")
    assert {f.kind for f in found} == {"wrong-program-accepted"}
    first = found[0]
    assert first.severity == "high"
    assert not first.ambiguous
    (fix,) = first.fixes
    assert isinstance(fix, AddTest)
    numbers, k = eval(fix.input)
    assert k in numbers, "only a number equal to k tells < from <="
    assert len(numbers) <= 3, "no shorter list has what all known inputs have in common"
    assert fix.output == str(sum(x <= k for x in numbers))


def test_who_stands_behind_the_reference_makes_the_confidence(judge):
    other = Candidate(language="python", code="def count(xs, k):\n    return len([x for x in xs if not x > k])\n")
    example = {"statement": "Return how many numbers are at most k.\n>>> count([1, 5, 9], 4)\n1\n"}
    alone, backed, shown = (
        {f.confidence for f in findings_of(judge, item(COUNT, **{**WEAK, **more}), "accepted") if not f.ambiguous}
        for more in ({}, {"candidates": (other,)}, example)
    )
    assert max(alone) < min(backed | shown)


def test_strong_tests_give_no_finding(judge):
    strong = {
        **WEAK,
        "inputs": (*WEAK["inputs"], "([4, 4, 1], 4)", "([5, 5], 5)"),
        "outputs": ("1", "2", "1", "2", "3", "2"),
    }
    assert findings_of(judge, item(COUNT, **strong), "accepted") == ()


def test_what_differs_only_outside_the_known_inputs_is_no_finding(judge):
    half = "def half(n):\n    return n // 2 if n >= 0 else -1\n"
    given = {"entry_point": "half", "inputs": ("(4,)", "(9,)", "(1,)", "(0,)"), "outputs": ("2", "4", "0", "0")}
    found = findings_of(judge, item(half, **given), "accepted")
    assert not [f for f in found if "-" in f.evidence[0][1]], "no known number is negative"


def test_a_validator_decides_what_is_legal(judge):
    half = "def half(n):\n    return n // 2 if n >= 0 else -1\n"
    given = {"entry_point": "half", "inputs": ("(4,)", "(9,)", "(1,)"), "outputs": ("2", "4", "0")}
    validator = InputValidator(
        language="python", code="def validate(n):\n    return isinstance(n, int) and -9 < n < 99\n"
    )
    found = findings_of(judge, item(half, **given, validator=validator), "accepted")
    assert any("-" in f.evidence[0][1] for f in found)
    assert dict(found[0].evidence)["legal by"] == "validator"


def test_a_wrong_candidate_that_passes(judge):
    wrong = Candidate(
        language="python",
        code="def count(xs, k):\n    return sum(x < k for x in xs)\n",
        verdict=Verdict.WA,
        name="a.py",
    )
    found = findings_of(judge, item(COUNT, **WEAK, candidates=(wrong,)), "accepted")
    assert "candidate a.py" in found[0].message


def test_order_that_nobody_asked_for_is_ambiguous(judge):
    code = "def seen(xs):\n    return sorted(set(xs))\n"
    given = {
        "entry_point": "seen", "statement": "Return the distinct values of the list.",
        "inputs": ("([1, 2],)", "([1, 2, 3],)", "([2, 3],)", "([4, 5, 9],)", "([9],)"),
        "outputs": ("[1, 2]", "[1, 2, 3]", "[2, 3]", "[4, 5, 9]", "[9]"),
    }  # fmt: skip
    assert all(f.severity == "low" for f in findings_of(judge, item(code, **given), "accepted") if f.ambiguous)


def test_stdio_inputs_keep_their_form(judge):
    code = "n, k = map(int, input().split())\nxs = list(map(int, input().split()))\nprint(sum(x <= k for x in xs))\n"
    given = {
        "interface": "stdio", "entry_point": None, "statement": "Print how many of the n numbers are at most k.",
        "inputs": ("3 4\n1 5 9\n", "4 3\n2 2 8 7\n", "2 5\n6 1\n", "3 4\n9 3 3\n"),
        "outputs": ("1\n", "2\n", "1\n", "2\n"),
    }  # fmt: skip
    found = findings_of(judge, item(code, **given), "accepted")
    assert found
    for finding in found:
        (fix,) = finding.fixes
        header, numbers = fix.input.split("\n")[:2]
        assert int(header.split()[0]) == len(numbers.split())


def test_trivial_answers(judge):
    given = {"inputs": ("(0, 3)", "(0, 4)", "(0, 9)"), "outputs": ("3", "4", "9")}
    (found,) = findings_of(judge, item(inputs=("(1, 3)", "(2, 2)", "(3, 1)"), outputs=("4", "4", "4")), "trivial")
    assert found.kind == "trivial-answer-accepted"
    assert '"constant"' in found.message
    assert findings_of(judge, item(**given), "trivial") == (), "no legal input tells the last argument from the sum"
    samples = "Sum.\n>>> add(1, 2)\n3\n>>> add(3, 4)\n7\n>>> add(10, -3)\n7\n"
    (found,) = findings_of(judge, item(statement=samples), "trivial")
    assert "samples" in found.message
    echo = "def same(x):\n    return x\n"
    given = {"entry_point": "same", "inputs": ("(1,)", "(5,)"), "outputs": ("1", "5")}
    assert findings_of(judge, item(echo, **given), "trivial") == (), "where the echo is right, it is no fault"


def test_what_is_missing_is_named(judge):
    assert reasons(judge, item(None))["accepted"] == "no reference solution"
    broken = item("def add(a, b):\n    return None\n")
    assert reasons(judge, broken)["accepted"] == "the reference fails the tests, so it cannot show what is wrong"
    assert KINDS_OF_CHECK["accepted"] == ("wrong-program-accepted",)


def test_another_one_of_several_best_answers_is_ambiguous(judge):
    code = (
        "def longest(words):\n    best = ''\n    for word in words:\n"
        "        if len(word) > len(best):\n            best = word\n    return best\n"
    )
    given = {
        "entry_point": "longest", "statement": "Return the longest word.",
        "inputs": ("(['a', 'bcd'],)", "(['ab', 'c'],)", "(['a', 'bc', 'def'],)", "(['abc', 'd', 'e'],)"),
        "outputs": ("'bcd'", "'ab'", "'def'", "'abc'"),
    }  # fmt: skip
    ties = [f for f in findings_of(judge, item(code, **given), "accepted") if "> became >=" in f.message]
    assert all("equals" in f.ambiguous for f in ties)


def test_a_reference_against_most_programs_that_pass_is_in_doubt(judge):
    wrong = COUNT.replace("x <= k", "x < k")
    others = (
        wrong,
        "def count(xs, k):\n    n = 0\n    for x in xs:\n        if x < k:\n            n += 1\n    return n\n",
    )
    candidates = tuple(Candidate(language="python", code=code) for code in others)
    found = findings_of(judge, item(COUNT, **WEAK, candidates=candidates), "accepted")
    assert found
    assert all("the reference may be wrong" in f.ambiguous for f in found)


def test_a_checker_that_is_more_tolerant_than_the_statement(judge):
    given = {
        "interface": "stdio", "entry_point": None,
        "inputs": ("1.5\n", "2.5\n", "4\n"), "outputs": ("3.0", "5.0", "8.0"),
        "statement": "Double a number. An absolute or relative error of at most 10^{-6} is allowed.",
    }  # fmt: skip
    code = "print(float(input()) * 2)\n"
    (found,) = [
        f
        for f in findings_of(judge, item(code, **given, checker="float:0.01"), "accepted")
        if f.place.part == "checker"
    ]
    assert "0.005" in found.message
    found = findings_of(judge, item(code, **given, checker="float:1e-6"), "accepted")
    assert not [f for f in found if f.place.part == "checker"]
