import pytest

from stepsmith.audit.checks.check import Check
from stepsmith.audit.checks.reference import _stated_limit, check_reference
from tests.audit.subjects import findings_of, item


def test_a_reference_that_passes_is_no_finding(judge):
    assert findings_of(judge, item(), "reference") == ()
    assert Check("reference", (), check_reference).run is check_reference


def test_a_reference_that_fails_a_test(judge):
    (found,) = findings_of(judge, item(outputs=("3", "8", "7")), "reference")
    assert (found.kind, found.severity, found.place.part) == ("reference-fails", "high", "tests[1].output")
    assert "gives 7" in found.message
    assert "expects 8" in found.message


def test_a_reference_whose_answer_may_be_as_right_is_ambiguous(judge):
    found = findings_of(judge, item(statement="Print any sum that fits.", outputs=("3", "8", "7")), "reference")
    assert [(f.kind, bool(f.ambiguous)) for f in found] == [("reference-fails", True)]


def test_a_reference_that_crashes(judge):
    (found,) = findings_of(judge, item("def add(a, b):\n    return a + b if a < 10 else 1 // 0\n"), "reference")
    assert "ends in RTE" in found.message
    assert found.place.part == "tests[2].output"


def test_a_reference_that_varies(judge):
    code = "import random\ndef add(a, b):\n    return a + b + (a > 5) * random.random() * 1e-3\n"
    found = findings_of(judge, item(code, checker="float:1e-2"), "reference")
    assert found == ()
    kinds = [f.kind for f in findings_of(judge, item(code, outputs=("3", "7", "7")), "reference")]
    assert kinds == ["reference-fails", "reference-varies"]


def test_a_reference_near_its_time_limit(judge):
    code = "def add(a, b):\n    import time\n    end = time.process_time() + 0.15 * (a > 5)\n"
    code += "    while time.process_time() < end:\n        pass\n    return a + b\n"
    (found,) = findings_of(judge, item(code, time_limit_s=0.2), "reference")
    assert found.kind == "tight-time-limit"
    assert found.place.part == "tests[2]"


def test_an_answer_that_depends_on_earlier_calls(judge):
    code = "def add(a, b, seen=[]):\n    seen.append(a + b)\n    return sum(seen) if len(seen) > 2 else a + b\n"
    (found,) = findings_of(judge, item(code), "reference")
    assert found.kind == "reference-varies"
    assert not found.ambiguous
    (found,) = findings_of(judge, item(code, statement="Add, and count the calls."), "reference")
    assert found.ambiguous
    memo = "known = {}\ndef add(a, b):\n    return known.setdefault((a, b), a + b)\n"
    assert findings_of(judge, item(memo), "reference") == ()


@pytest.mark.parametrize(
    ("statement", "seconds"),
    [
        ("Time limit: 1 second", 1.0),
        ("time limit per test: 1.5 seconds", 1.5),
        ("**Time Limit:** 200 ms", 0.2),
        ("There is no time limit. Wait 3 seconds.", None),
        ("Mind the time limit of the metro, 5 stations", None),
    ],
)
def test_the_time_limit_that_a_statement_names(statement, seconds):
    assert _stated_limit(statement) == seconds
