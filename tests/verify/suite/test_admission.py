import msgspec
import pytest

from stepsmith.core.records import Checker, Contract, Example, Lineage, Problem, Solution, TestCase
from stepsmith.verify.suite.admission import AdmissionSettings, admit, hidden_first, output_entropy, shows_sample
from stepsmith.verify.suite.mutants import Mutant

LINEAGE = Lineage(chain_id="c", turn=1, parent_id=None, change="", direction="new", seed_ref="s")
STATEMENT = (
    "You are given an integer x. Print the square of x, and three more where x is negative and odd.\n\n"
    "Sample 1: 3\n9\n\nSample 2: -2\n4\n\nSample 3: -3\n12"
)
GOLDEN = "x*x + 3*(x < 0)*(x % 2)"


def _problem(golden=GOLDEN, statement=STATEMENT, outputs=None, kinds=None) -> Problem:
    inputs = ["3", "-2", "-3", "0", "7", "-9"]
    outputs = outputs or [str(eval(GOLDEN, {"x": int(x)})) for x in inputs]
    kinds = kinds or ["nominal", "nominal", "boundary", "nominal", "nominal", "boundary"]
    return Problem(
        environment="induction",
        style="atcoder",
        title="Squares",
        statement=statement,
        contract=Contract(interface="function", entry_point="f", checker=Checker(name="literal")),
        starter_code="",
        task="{}",
        features=(),
        tests=tuple(TestCase(input=i, output=o, kind=k) for i, o, k in zip(inputs, outputs, kinds, strict=True)),
        golden=Solution(language="expression", code=golden),
        lineage=LINEAGE,
    )


def _mutants(*codes):
    return [Mutant(label=code, operator="test", solution=Solution(language="expression", code=code)) for code in codes]


MUTANTS = _mutants("x*x", "x*x + 3*(x % 2)", GOLDEN + " + 0")


def test_a_good_problem_is_admitted_with_its_wrong_programs_and_those_that_pass(judge):
    admission = admit(_problem(), judge, MUTANTS)
    assert admission.admitted
    assert [(w.origin, w.killed_by) for w in admission.wrong] == [("mutant: x*x", 2), ("mutant: x*x + 3*(x % 2)", 0)]
    assert [m.label for m in admission.passing_hidden] == [GOLDEN + " + 0"]
    assert admission.executions == judge.runs
    assert admission.entropy_bits > 2


def test_a_worked_example_that_rejects_a_mutant_leaves_it_to_be_found_by_hidden_tests(judge):
    shown = tuple(Example(input=test.input, output=test.output) for test in _problem().tests[:3])
    problem = msgspec.structs.replace(_problem(), examples=shown)
    only_shown, both = GOLDEN + " + (x == 3)", "x*x"
    admission = admit(problem, judge, _mutants(only_shown, both))
    assert {w.origin: w.killed_by for w in admission.wrong} == {f"mutant: {only_shown}": 0, f"mutant: {both}": 5}
    assert [m.label for m in admission.passing_hidden] == [only_shown]
    assert hidden_first(problem) == [3, 4, 5, 0, 1, 2]


def _reason(judge, problem, mutants=MUTANTS, **settings):
    return admit(problem, judge, mutants, settings=AdmissionSettings(**settings)).reason


def test_incomplete_statements(judge):
    assert _reason(judge, _problem(statement="")) == "incomplete-statement"
    assert _reason(judge, _problem(statement=STATEMENT[:90])) == "incomplete-statement"  # no samples
    assert _reason(judge, _problem(statement=STATEMENT[:90]), min_samples=0) == ""
    assert _reason(judge, msgspec.structs.replace(_problem(), title=" ")) == "incomplete-statement"
    assert judge.runs > 0  # the one that was admitted ran; the others cost nothing


def test_outputs_that_hardly_vary(judge):
    assert _reason(judge, _problem(golden="9", outputs=["9"] * 6)) == "constant-output"
    assert judge.runs == 0


def test_too_few_tests(judge):
    assert _reason(judge, _problem(), min_tests=7) == "too-few-tests"


@pytest.mark.parametrize("golden", ["x", "[x]"])
def test_a_trivial_program_that_passes(judge, golden):
    outputs = [str(eval(golden, {"x": x})) for x in (3, -2, -3, 0, 7, -9)]
    problem = _problem(golden=golden, outputs=outputs, statement="x" * 100 + "3 3 -2 -2")
    assert _reason(judge, problem) == ("trivial-solution" if golden == "x" else "incomplete-statement")


def test_golden_faults(judge):
    assert _reason(judge, _problem(golden="x*x")) == "golden-fails"
    assert _reason(judge, _problem(golden="TLE")) == "golden-fails"
    assert _reason(judge, _problem(golden="IE")) == "judge-failed"


def test_a_golden_that_changes_its_mind(judge):
    numbers = [str(v) for v in range(1, 7)]  # what the first run of the coin says
    problem = _problem(golden="coin", outputs=numbers, statement=STATEMENT + "3 1 -2 2")
    assert _reason(judge, problem) == "non-deterministic"


ONLY_NOMINAL = GOLDEN + " + (x == 7)"  # a mutant that no boundary test rejects
PASSES = [GOLDEN + f" + {zero}" for zero in ("0", "0*x", "x - x")]


def test_a_weak_suite_must_reject_a_mutant_by_every_kind_of_test(judge):
    admission = admit(_problem(), judge, _mutants(ONLY_NOMINAL, *PASSES))
    assert admission.reason == "mutants-survive"
    assert admission.detail == "1 of 4 mutants are rejected, none of them by the tests of kind boundary"
    assert admit(_problem(), judge, []).reason == "mutants-survive"
    assert admit(_problem(), judge, _mutants(*PASSES)).reason == "mutants-survive"
    assert admit(_problem(), judge, _mutants("x", *PASSES)).admitted  # tests of both kinds reject it


def test_a_kind_that_cannot_tell_does_not_reject_a_strong_suite(judge):
    others = [f"{GOLDEN} + {k} * (x == 7)" for k in (2, 3)]
    strong = _mutants(ONLY_NOMINAL, *others, PASSES[0])
    assert admit(_problem(), judge, strong).admitted
    assert _reason(judge, _problem(), strong, enough_kills=0.8) == "mutants-survive"
    assert _reason(judge, _problem(), _mutants(ONLY_NOMINAL), enough_kills=1.0) == ""


def test_entropy_in_bits():
    assert output_entropy(["a", "b", "c", "d"]) == 2.0
    assert output_entropy(["a", "a\n"]) == 0.0


def test_samples_are_found_whatever_the_layout():
    test = TestCase(input="([1, 2], 'ab')", output="[2]")
    assert shows_sample('xs = [1,2]\ns = "ab"\nreturns [2]', True, test)
    assert not shows_sample("xs = [1,2]\nreturns [2]", True, test)
    assert shows_sample("Input\n\n3 4\n\nOutput\n\n7\n", False, TestCase(input="3 4\n", output="7\n"))
