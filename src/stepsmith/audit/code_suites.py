"""Benchmarks whose tests are code: HumanEval's and MBPP's checks, and EvalPlus' comparison with the reference.

The code stands behind the program under test, in the same process, as in the official harnesses; it defines the
function that ``steps.Suite`` asks for.
"""

from importlib.resources import files

from stepsmith.audit.findings import Place
from stepsmith.audit.subject import CODE_ENTRY, AuditItem
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.core.errors import CaseError
from stepsmith.core.records import Verdict
from stepsmith.verify.formats.problems import Candidate, VerifyProblem, check_problem

TIME_LIMIT_S = 3.0  # HumanEval's harness


def benchmark_item(problem: BenchmarkProblem, place: Place) -> AuditItem:
    """Return a problem of a benchmark as one to audit. Raises ``CaseError`` for inputs that are no arguments.

    Its known inputs are the calls with literal arguments in its tests; expected outputs are known where a test says
    that a result equals a literal.
    """
    calls = {a.arguments: a.expected or None for a in problem.assertions if a.arguments}
    calls = {**dict.fromkeys(problem.inputs), **calls} if not problem.inputs else dict.fromkeys(problem.inputs)
    item = VerifyProblem(
        problem_id=problem.task_id,
        interface="function",
        entry_point=problem.entry_point,
        statement=problem.prompt if problem.prompt.strip() and not problem.check else problem.statement,
        inputs=tuple(calls),
        outputs=tuple(calls.values()) if any(calls.values()) else None,
        time_limit_s=TIME_LIMIT_S,
    )
    check_problem(item)
    reference = Candidate(language="python", code=problem.reference, verdict=Verdict.AC, name="reference")
    return AuditItem(
        problem=item,
        place=place,
        reference=reference if problem.reference else None,
        suite_code=check_suite(problem.check) if problem.check else inputs_suite(problem),
        contract_code=problem.contract,
    )


def check_suite(check: str) -> str:
    """Return the code that runs a check program."""
    return f"def {CODE_ENTRY}():\n    exec({check!r}, globals())\n    return 'passed'\n"


def inputs_suite(problem: BenchmarkProblem) -> str:
    """Return the code that compares with what the reference returns, by EvalPlus' rules; "" without inputs."""
    if not problem.inputs or not problem.reference:
        return ""
    folder = files("stepsmith.benchmarks") / "files"
    try:
        rules = "\n".join((folder / name).read_text("utf-8") for name in ("harness.py", "run_inputs.py"))
    except FileNotFoundError:
        raise CaseError("EvalPlus' rules of comparison are not installed with this Stepsmith") from None
    dataset = "mbpp" if problem.task_id.startswith("Mbpp") else "humaneval"
    known = {"DATASET": dataset, "ENTRY_POINT": problem.entry_point}
    return (
        f"def {CODE_ENTRY}():\n"
        "    from copy import deepcopy\n"
        f"    rules = {known!r}\n"
        f"    exec({rules!r}, rules)\n"
        "    scope = {}\n"
        f"    exec({problem.reference!r}, scope)\n"
        f"    atol = {problem.atol!r}\n"
        f"    for given in rules['read_inputs']({problem.inputs!r}):\n"
        f"        expected = scope[{problem.entry_point!r}](*deepcopy(given))\n"
        "        if rules['DATASET'] == 'mbpp' and rules['ENTRY_POINT'] in rules['OUTPUT_NOT_NONE']:\n"
        "            expected = expected is not None\n"
        f"        output = {problem.entry_point}(*deepcopy(given))\n"
        "        atol = rules['compare'](given, output, expected, atol)\n"
        "    return 'passed'\n"
    )
