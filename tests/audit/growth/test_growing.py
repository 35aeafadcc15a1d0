import msgspec
import pytest

from stepsmith.audit.acceptance import first_failed
from stepsmith.audit.auditing import audit_problem
from stepsmith.audit.findings import NotCheckedError
from stepsmith.audit.growth.growing import grown_tests
from stepsmith.audit.steps import Suite, SuiteTest
from stepsmith.audit.subject import AuditOptions, ProblemSubject
from stepsmith.core.records import Solution
from stepsmith.verify.formats.problems import Candidate
from tests.audit.subjects import item

COMMON = "def common(a, b):\n    return sorted({x for x in a if x in b})\n"
GIVEN = {
    "problem_id": "common", "entry_point": "common", "statement": "Return the sorted common elements of two lists.",
    "inputs": ("([1, 4, 3], [3, 4, 9])", "([7, 2], [2, 5, 8])", "([6, 5, 1, 9], [1, 2, 5])", "([5], [8, 5])"),
    "outputs": ("[3, 4]", "[2]", "[1, 5]", "[5]"),
}  # fmt: skip
KEEPS_REPEATS = "def common(a, b):\n    return sorted(x for x in a if x in b)\n"
WRONG_IF_EMPTY = "def common(a, b):\n    return sorted(set(a) & set(b)) or None\n"


def grown(judge, problem, **options) -> tuple:
    return grown_tests(ProblemSubject(problem, judge, AuditOptions(**options)), ())


def test_grown_tests_reject_mistakes_that_no_mutant_has(judge):
    problem = item(COMMON, **GIVEN)
    added = grown(judge, problem)
    assert 1 <= len(added) <= AuditOptions().tests
    assert all(test.why for test in added)
    assert any("result" in test.why or "argument" in test.why for test in added)
    suite = Suite(
        contract=problem.problem.contract, tests=tuple(SuiteTest(input=t.input, output=t.output) for t in added)
    )
    assert first_failed(judge, suite, Solution(language="python", code=COMMON)) is None
    for wrong in (KEEPS_REPEATS, WRONG_IF_EMPTY):
        given = ProblemSubject(problem, judge, AuditOptions())
        assert given.passes(Solution(language="python", code=wrong))
        assert first_failed(judge, suite, Solution(language="python", code=wrong)) is not None


def test_the_same_tests_come_again_and_no_more_than_asked_for(judge):
    problem = item(COMMON, **GIVEN)
    assert grown(judge, problem) == grown(judge, problem)
    assert len(grown(judge, problem, tests=2)) == 2
    report = audit_problem(problem, judge, AuditOptions(tests=0))
    assert report.added == ()
    assert audit_problem(problem, judge, AuditOptions(tests=3)).added


def test_what_the_programs_of_the_source_agree_on_otherwise_is_no_test(judge):
    others = tuple(
        Candidate(language="python", code=code) for code in (KEEPS_REPEATS, KEEPS_REPEATS + "\n# the same\n")
    )
    added = grown(judge, item(COMMON, candidates=others, **GIVEN))
    suite = Suite(
        contract=item(COMMON, **GIVEN).problem.contract,
        tests=tuple(SuiteTest(input=t.input, output=t.output) for t in added),
    )
    assert added
    assert first_failed(judge, suite, Solution(language="python", code=KEEPS_REPEATS)) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"statement": "Return any of the common elements."}, "Return any"),
        ({"outputs": ("[3]", "[2]", "[1, 5]", "[5]")}, "fails"),
        ({"inputs": (), "outputs": None}, "no expected outputs"),
    ],
)
def test_no_test_is_made_where_the_answer_is_not_known(judge, changes, said):
    with pytest.raises(NotCheckedError, match=said):
        grown(judge, item(COMMON, **{**GIVEN, **changes}))


def test_stdio_problems_grow_too(judge):
    code = "n = int(input())\nxs = list(map(int, input().split()))\nprint(max(xs) - min(xs))\n"
    problem = item(
        code, problem_id="spread", interface="stdio", entry_point=None, statement="Print the spread of n numbers.",
        inputs=("3\n1 5 9\n", "2\n4 8\n", "4\n7 1 9 3\n", "3\n2 6 4\n"), outputs=("8\n", "4\n", "8\n", "4\n"),
    )  # fmt: skip
    added = grown(judge, problem)
    assert added
    assert all(int(t.input.split()[0]) == len(t.input.split()) - 1 for t in added)
    assert msgspec.json.decode(msgspec.json.encode(added[0]), type=type(added[0])) == added[0]


def test_results_that_only_the_reference_gives_are_no_tests(judge):
    code = "def f(xs):\n    return list(set(xs)) if sum(xs) != 7 else None\n"
    inputs = ("([1, 2],)", "([3, 5],)", "([4, 9],)", "([2, 6, 8],)")
    given = {"entry_point": "f", "inputs": inputs, "outputs": ("[1, 2]", "[3, 5]", "[9, 4]", "[8, 2, 6]")}
    report = audit_problem(item(code, **given, statement="Return the values once."), judge, AuditOptions())
    assert not [test for test in report.added if "," in test.output or test.output == "None"]
