"""APPS and TACO: ``question``, ``input_output`` and ``solutions``, the last two as JSON text or as values."""

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Verdict
from stepsmith.verify.formats.harness import HarnessName
from stepsmith.verify.formats.json_rows import convert, decode_json, present
from stepsmith.verify.formats.limits import megabytes, seconds
from stepsmith.verify.formats.problems import Candidate, VerifyProblem

_ONLY_TACO = {"raw_tags", "skill_types", "picture_num", "Expected Time Complexity", "memory_limit"}


class TestLists(msgspec.Struct, frozen=True):
    """Tests as APPS writes them: parallel lists; with ``fn_name``, each input is a list of arguments."""

    __test__ = False  # not a pytest class

    inputs: list[object] = []
    outputs: list[object] = []
    fn_name: str | None = None


class _Row(msgspec.Struct):
    question: str = ""
    problem_id: str | int | None = None
    id: str | int | None = None
    name: str | None = None
    input_output: object = None
    solutions: object = None
    starter_code: str = ""
    time_limit: str | float | None = None
    memory_limit: str | float | None = None


def apps_row(row: dict[str, object]) -> VerifyProblem:
    """Read a row of APPS or of TACO, whose columns are those of APPS and more. Solutions are claimed to be right."""
    read = convert(row, _Row)
    tests = test_lists(read.input_output)
    harness: HarnessName = "taco" if _ONLY_TACO & row.keys() else "apps"
    problem_id = next((value for value in (read.problem_id, read.id, read.name) if value not in (None, "")), "")
    return problem_of_lists(
        tests,
        harness,
        problem_id=problem_id if problem_id is not None else "",
        statement=f"{read.question}\n{read.starter_code}",
        time_limit_s=seconds(read.time_limit, 4.0),  # the default is the harness's own
        memory_limit_mb=megabytes(read.memory_limit, 512),
        candidates=tuple(
            Candidate(language="python", code=code, verdict=Verdict.AC, name=f"solutions[{k}]")
            for k, code in enumerate(programs(read.solutions))
        ),
    )


def test_lists(value: object) -> TestLists:
    """Return tests that are written as JSON text or as a value; none if there is nothing."""
    if isinstance(value, str):
        value = decode_json(value) if value.strip() else None
    return convert(present(value), TestLists) if isinstance(value, dict) else convert(value or {}, TestLists)


def programs(value: object) -> list[str]:
    """Return a list of programs that is written as JSON text or as a value."""
    if isinstance(value, str):
        value = decode_json(value) if value.strip() else None
    return convert(value or [], list[str])


def problem_of_lists(
    tests: TestLists,
    harness: HarnessName,
    *,
    problem_id: str | int,
    statement: str,
    candidates: tuple[Candidate, ...],
    time_limit_s: float,
    memory_limit_mb: int = 512,
) -> VerifyProblem:
    """Return the problem of tests in parallel lists.

    For function problems the string keys of JSON become integers where all of them are, in the first argument and in
    the output; an output stays wrapped in its list of one, which the harness accepts either way.
    """
    if len(tests.inputs) != len(tests.outputs):
        raise CaseError(f"{len(tests.inputs)} inputs but {len(tests.outputs)} outputs")
    if tests.fn_name:
        inputs = tuple(_arguments(value) for value in tests.inputs)
        outputs = tuple(repr(_result(value)) for value in tests.outputs)
    else:
        inputs, outputs = tuple(map(_lines, tests.inputs)), tuple(map(_lines, tests.outputs))
    return VerifyProblem(
        problem_id=problem_id,
        interface="function" if tests.fn_name else "stdio",
        entry_point=tests.fn_name,
        statement=statement,
        inputs=inputs,
        outputs=outputs,
        checker=None if tests.fn_name else stdio_checker(outputs),
        time_limit_s=time_limit_s,
        memory_limit_mb=memory_limit_mb,
        candidates=candidates,
        harness=harness,
    )


def stdio_checker(outputs: tuple[str, ...]) -> str:
    """Return the checker for published outputs of stdio problems: with a tolerance where some of them hold decimals."""
    return "float:1e-6" if any(_is_decimal(token) for output in outputs for token in output.split()) else "tokens"


def _is_decimal(token: str) -> bool:
    whole, point, fraction = token.lstrip("+-").partition(".")
    return bool(point) and fraction.isdigit() and (whole.isdigit() or not whole)


def _arguments(value: object) -> str:
    arguments = list(value) if isinstance(value, list) else [value]
    return repr((_integer_keys(arguments[0]), *arguments[1:])) if arguments else "()"


def _result(value: object) -> object:
    if isinstance(value, list) and value:
        return [_integer_keys(value[0]), *value[1:]]
    return _integer_keys(value)


def _integer_keys(value: object) -> object:
    """Undo what JSON does to integer keys, in a dictionary that has no others."""
    if not isinstance(value, dict):
        return value
    try:
        return {int(key): item for key, item in value.items()}
    except ValueError:
        return value


def _lines(value: object) -> str:
    """Return text as it is, and a list of lines joined."""
    if isinstance(value, list):
        return "\n".join(map(str, value)) + "\n"
    return value if isinstance(value, str) else str(value)
