"""Other people's problem formats as ``VerifyProblem``: one function for each, and a guess at which one a file has."""

import base64
import io
import json
import pickle
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.records import Problem, TestKind, Verdict
from stepsmith.store import dataset
from stepsmith.verify.formats.kattis import kattis_package, package_folders
from stepsmith.verify.formats.problems import Candidate, Validator, VerifyProblem, decode_problem, read_lines

Format = Literal["auto", "stepsmith", "apps", "taco", "codecontests", "livecodebench", "kattis", "dataset"]
PROBLEMS_FILE = "problems.parquet"
MAX_PER_KIND = 40  # programs taken of a CodeContests row that has hundreds of right and of wrong ones


def read_problems(path: Path, format: Format = "auto") -> Iterator[VerifyProblem]:
    """Yield the problems of a JSON Lines file, of a Kattis package or a folder of them, or of a Stepsmith data set.

    Raises ``CaseError`` that names the line (or the package) and what is wrong with it.
    """
    check_not_a_pipe(path)
    if format == "dataset" or (format == "auto" and (path.suffix == ".parquet" or (path / PROBLEMS_FILE).is_file())):
        file = path / PROBLEMS_FILE if path.is_dir() else path
        yield from map(dataset_problem, dataset.read_problems(file))
    elif path.is_dir() or format == "kattis":
        if format not in ("auto", "kattis"):
            raise CaseError(f"{path} is a folder; --format {format} reads JSON Lines files")
        yield from map(kattis_package, package_folders(path))
    else:
        yield from _rows(path, format)


def _rows(path: Path, format: Format) -> Iterator[VerifyProblem]:
    """The rows of a JSON Lines file."""
    read = None if format == "auto" else _READERS[format]
    for number, line in read_lines(path):
        try:
            read = read or _READERS[guess_format(line)]
            yield read(line, number)
        except CaseError as error:
            raise CaseError(f"{path}, line {number}: {error}") from None
        except (msgspec.DecodeError, ValueError, TypeError) as error:
            raise CaseError(f"{path}, line {number}: {error or type(error).__name__}") from None


def dataset_problem(problem: Problem) -> VerifyProblem:
    """A problem of our own: its golden solution is claimed right, its wrong programs wrong, its labels are audited."""
    contract = problem.contract
    golden = Candidate(language=problem.golden.language, code=problem.golden.code, verdict=Verdict.AC, name="golden")
    wrong = (
        Candidate(language=w.solution.language, code=w.solution.code, verdict=Verdict.WA, name=w.origin)
        for w in problem.wrong
    )
    return VerifyProblem(
        problem_id=problem.id,
        interface=contract.interface,
        entry_point=contract.entry_point,
        statement=problem.statement,
        inputs=tuple(test.input for test in problem.tests),
        outputs=tuple(test.output for test in problem.tests),
        kinds=tuple(test.kind for test in problem.tests),
        checker=contract.checker.name,
        checker_flags=contract.checker.flags,
        checker_files=dict(contract.checker.files),
        time_limit_s=contract.limits.time_s,
        memory_limit_mb=contract.limits.memory_mb,
        candidates=(golden, *wrong),
        validator=Validator(language="python", code=problem.validator) if problem.validator else None,
    )


def guess_format(line: bytes) -> Format:
    """The format of a row by the keys that only it has. Raises ``CaseError`` for what is no JSON object."""
    try:
        keys = set(msgspec.json.decode(line, type=dict[str, msgspec.Raw]))
    except msgspec.DecodeError as error:
        raise CaseError(f"not a JSON object: {error}") from None
    if {"public_test_cases", "private_test_cases"} & keys:
        return "livecodebench"
    if {"public_tests", "private_tests", "generated_tests"} & keys:
        return "codecontests"
    return "apps" if "input_output" in keys else "stepsmith"


class _InputOutput(msgspec.Struct):
    inputs: list[object] = []
    outputs: list[object] = []
    fn_name: str | None = None


class _AppsRow(msgspec.Struct):
    question: str = ""
    problem_id: str | int | None = None
    name: str | None = None
    id: str | int | None = None
    input_output: str | _InputOutput = ""
    solutions: str | list[str] = ""
    starter_code: str = ""
    time_limit: str | float | None = None
    memory_limit: str | float | None = None


def apps_row(line: bytes, number: int) -> VerifyProblem:
    """APPS and TACO: ``question``, ``input_output`` and ``solutions``, the last two as JSON text.

    A call-based row (``fn_name``) has argument lists as inputs; its outputs are wrapped in a list of one, or not (the
    published checker accepts both), so they are unwrapped where all are. Solutions are claimed to be right.
    """
    row = msgspec.json.decode(line, type=_AppsRow, strict=False)
    tests = row.input_output
    if isinstance(tests, str):
        tests = msgspec.json.decode(tests, type=_InputOutput) if tests.strip() else _InputOutput()
    solutions = row.solutions
    if isinstance(solutions, str):
        solutions = msgspec.json.decode(solutions, type=list[str]) if solutions.strip() else []
    outputs = tests.outputs
    if tests.fn_name:
        if outputs and all(isinstance(output, list) and len(output) == 1 for output in outputs):
            outputs = [output[0] for output in outputs if isinstance(output, list)]
        inputs = tuple(repr(tuple(value)) if isinstance(value, list) else repr((value,)) for value in tests.inputs)
        expected = tuple(map(repr, outputs))
    else:
        inputs, expected = tuple(map(_lines, tests.inputs)), tuple(map(_lines, outputs))
    name = next((v for v in (row.problem_id, row.id, row.name) if v not in (None, "")), number)
    return VerifyProblem(
        problem_id=name if name is not None else number,
        interface="function" if tests.fn_name else "stdio",
        entry_point=tests.fn_name,
        statement=f"{row.question}\n{row.starter_code}",
        inputs=inputs,
        outputs=expected,
        time_limit_s=_number(row.time_limit, 4.0),
        memory_limit_mb=int(_number(row.memory_limit, 512)),
        candidates=tuple(
            Candidate(language="python", code=code, verdict=Verdict.AC, name=f"solutions[{k}]")
            for k, code in enumerate(solutions)
        ),
    )


class _Tests(msgspec.Struct, frozen=True):
    input: list[str] = []
    output: list[str] = []


class _Programs(msgspec.Struct, frozen=True):
    language: list[int | str] = []
    solution: list[str] = []


class _CodeContestsRow(msgspec.Struct):
    name: str
    description: str = ""
    public_tests: _Tests = _Tests()
    private_tests: _Tests = _Tests()
    generated_tests: _Tests = _Tests()
    solutions: _Programs = _Programs()
    incorrect_solutions: _Programs = _Programs()
    time_limit: dict[str, float] | float | None = None
    memory_limit_bytes: int = 0


# The data set's enumeration; 1 is Python 2 and 4 is Java, which are left out.
_CODECONTESTS_LANGUAGES: dict[int | str, str] = {2: "cpp", 3: "python", "CPP": "cpp", "PYTHON3": "python"}


def codecontests_row(line: bytes, number: int) -> VerifyProblem:  # noqa: ARG001 - rows have names
    """CodeContests: public, private and generated tests; solutions claimed right, incorrect ones claimed wrong."""
    row = msgspec.json.decode(line, type=_CodeContestsRow, strict=False)
    kinds: tuple[tuple[_Tests, TestKind], ...] = (
        (row.public_tests, "nominal"),
        (row.private_tests, "complex"),
        (row.generated_tests, "complex"),
    )
    limit = row.time_limit
    if isinstance(limit, dict):
        limit = limit.get("seconds", 0.0) + limit.get("nanos", 0.0) / 1e9
    candidates = [
        Candidate(language=_CODECONTESTS_LANGUAGES[language], code=code, verdict=verdict, name=f"{claim}[{k}]")
        for claim, programs, verdict in (
            ("solutions", row.solutions, Verdict.AC),
            ("incorrect_solutions", row.incorrect_solutions, Verdict.WA),
        )
        for k, (language, code) in enumerate(zip(programs.language, programs.solution, strict=True))
        if language in _CODECONTESTS_LANGUAGES
    ]
    right = [c for c in candidates if c.verdict is Verdict.AC][:MAX_PER_KIND]
    wrong = [c for c in candidates if c.verdict is Verdict.WA][:MAX_PER_KIND]
    return VerifyProblem(
        problem_id=row.name,
        interface="stdio",
        statement=row.description,
        inputs=tuple(text for tests, _ in kinds for text in tests.input),
        outputs=tuple(text for tests, _ in kinds for text in tests.output),
        kinds=tuple(kind for tests, kind in kinds for _ in tests.input),
        time_limit_s=limit or 2.0,
        memory_limit_mb=max(64, row.memory_limit_bytes >> 20) if row.memory_limit_bytes else 512,
        candidates=(*right, *wrong),
    )


class _LiveCodeBenchTest(msgspec.Struct):
    input: str
    output: str
    testtype: str = "stdin"


class _LiveCodeBenchRow(msgspec.Struct):
    question_id: str
    question_content: str = ""
    starter_code: str = ""
    public_test_cases: str | list[_LiveCodeBenchTest] = ""
    private_test_cases: str | list[_LiveCodeBenchTest] = ""
    metadata: str = "{}"
    code_list: list[str] = []


def livecodebench_row(line: bytes, number: int) -> VerifyProblem:  # noqa: ARG001 - rows have ids
    """LiveCodeBench: tests as JSON text, private ones often compressed; functional ones have one argument a line.

    Samples, where the row carries them, are in ``code_list`` (the form of the benchmark's own output files).
    """
    row = msgspec.json.decode(line, type=_LiveCodeBenchRow, strict=False)
    public, private = _livecodebench_tests(row.public_test_cases), _livecodebench_tests(row.private_test_cases)
    tests = [*public, *private]
    kinds: list[TestKind] = ["nominal"] * len(public)
    kinds += ["complex"] * len(private)
    functional = any(test.testtype == "functional" for test in tests)
    entry = json.loads(row.metadata or "{}").get("func_name") if functional else None
    return VerifyProblem(
        problem_id=row.question_id,
        interface="function" if functional else "stdio",
        entry_point=f"Solution.{entry}" if entry and "class Solution" in row.starter_code else entry,
        statement=f"{row.question_content}\n{row.starter_code}",
        inputs=tuple(_json_arguments(test.input) if functional else test.input for test in tests),
        outputs=tuple(repr(json.loads(test.output)) if functional else test.output for test in tests),
        kinds=tuple(kinds),
        time_limit_s=6.0,  # the benchmark's own
        candidates=tuple(
            Candidate(language="python", code=code, name=f"code_list[{k}]") for k, code in enumerate(row.code_list)
        ),
    )


def _livecodebench_tests(packed: str | list[_LiveCodeBenchTest]) -> list[_LiveCodeBenchTest]:
    """Tests from a list, JSON text, or base64 of zlib of a pickled JSON text; only text is ever unpickled."""
    if not isinstance(packed, str):
        return packed
    if not packed.strip():
        return []
    text: object = packed
    if not packed.lstrip().startswith("["):
        try:
            text = _TextUnpickler(io.BytesIO(zlib.decompress(base64.b64decode(packed)))).load()
        except (ValueError, zlib.error, pickle.UnpicklingError, EOFError) as error:
            raise CaseError(f"private_test_cases cannot be unpacked: {error}") from None
    if not isinstance(text, str):
        raise CaseError("private_test_cases hold something else than text")
    return msgspec.json.decode(text, type=list[_LiveCodeBenchTest])


class _TextUnpickler(pickle.Unpickler):
    """Refuses every pickle that names a class or function, so that reading a data set never runs code."""

    def find_class(self, module: str, name: str) -> object:
        """Refuse."""
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def _json_arguments(text: str) -> str:
    """One JSON value a line as the text of an argument tuple."""
    return repr(tuple(json.loads(line) for line in text.split("\n") if line.strip()))


def _lines(value: object) -> str:
    """Text as it is; a list of lines joined."""
    return (
        value
        if isinstance(value, str)
        else "\n".join(map(str, value)) + "\n"
        if isinstance(value, list)
        else str(value)
    )


def _number(text: str | float | None, default: float) -> float:
    """The first number in texts like "2.0 seconds"."""
    if isinstance(text, str):
        match = re.search(r"\d+(?:\.\d+)?", text)
        text = float(match.group()) if match else None
    return text if text else default


_READERS = {
    "stepsmith": lambda line, _: decode_problem(line),
    "apps": apps_row,
    "taco": apps_row,
    "codecontests": codecontests_row,
    "livecodebench": livecodebench_row,
}
