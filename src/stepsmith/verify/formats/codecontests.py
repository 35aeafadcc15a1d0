"""CodeContests of DeepMind, and CodeContests+ of ByteDance, which adds a checker and a validator to each problem."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Example, TestKind, Verdict
from stepsmith.judge.languages import language
from stepsmith.verify.formats.apps import stdio_checker
from stepsmith.verify.formats.json_rows import convert
from stepsmith.verify.formats.limits import megabytes, seconds
from stepsmith.verify.formats.problems import Candidate, InputValidator, UnsupportedError, VerifyProblem

MAX_PER_KIND = 40  # programs taken of a row that has hundreds of right and of wrong ones
TESTLIB = "testlib.h"


class _Tests(msgspec.Struct, frozen=True):
    input: list[str] | None = None
    output: list[str] | None = None


class _ProgramColumn(msgspec.Struct, frozen=True):
    language: list[int | str] | None = None
    solution: list[str] | None = None


class _Row(msgspec.Struct):
    name: str
    description: str = ""
    public_tests: _Tests = _Tests()
    private_tests: _Tests = _Tests()
    generated_tests: _Tests = _Tests()
    solutions: _ProgramColumn = _ProgramColumn()
    incorrect_solutions: _ProgramColumn = _ProgramColumn()
    time_limit: dict[str, float] | float | None = None
    memory_limit_bytes: int = 0
    input_file: str = ""
    output_file: str = ""


# The data set's enumeration of languages.
_LANGUAGES: dict[int | str, str] = {0: "unknown", 1: "python2", 2: "cpp", 3: "python", 4: "java"}
_NAMES = {"UNKNOWN_LANGUAGE": 0, "PYTHON": 1, "CPP": 2, "PYTHON3": 3, "JAVA": 4}


def codecontests_row(row: dict[str, object]) -> VerifyProblem:
    """Read a row of CodeContests: solutions are claimed right, incorrect ones wrong; public tests are the examples."""
    read = convert(row, _Row)
    if read.input_file or read.output_file:
        names = " and ".join(name for name in (read.input_file, read.output_file) if name)
        raise UnsupportedError(f"its programs read and write files ({names}), not standard input and output")
    parts: tuple[tuple[_Tests, TestKind], ...] = (
        (read.public_tests, "nominal"),
        (read.private_tests, "complex"),
        (read.generated_tests, "complex"),
    )
    inputs = tuple(text for tests, _ in parts for text in tests.input or ())
    outputs = tuple(text for tests, _ in parts for text in tests.output or ())
    limit = read.time_limit
    if isinstance(limit, dict):
        limit = limit.get("seconds", 0.0) + limit.get("nanos", 0.0) / 1e9
    chosen = _chosen(
        _submission(_LANGUAGES.get(_NAMES.get(str(kind), kind), str(kind)), code, verdict, f"{claim}[{k}]")
        for claim, programs, verdict in (
            ("solutions", read.solutions, Verdict.AC),
            ("incorrect_solutions", read.incorrect_solutions, Verdict.WA),
        )
        for k, (kind, code) in enumerate(zip(programs.language or (), programs.solution or (), strict=True))
    )
    return VerifyProblem(
        problem_id=read.name,
        interface="stdio",
        statement=read.description,
        examples=tuple(
            Example(input=given, output=output)
            for given, output in zip(read.public_tests.input or (), read.public_tests.output or (), strict=True)
        )
        or None,
        inputs=inputs,
        outputs=outputs,
        kinds=tuple(kind for tests, kind in parts for _ in tests.input or ()),
        checker=stdio_checker(outputs),
        time_limit_s=seconds(limit, 2.0, unit="s"),
        memory_limit_mb=megabytes(read.memory_limit_bytes, 512, unit="bytes"),
        candidates=chosen.candidates,
        harness="codecontests",
        left_out=chosen.left_out,
    )


class _PlusSubmission(msgspec.Struct, frozen=True):
    code: str
    language: str


class _PlusTest(msgspec.Struct, frozen=True):
    input: str
    output: str


class _PlusRow(msgspec.Struct):
    id: str | int
    source: str = ""
    description: str = ""
    title: str = ""
    time_limit: float | str | None = None
    memory_limit: float | str | None = None
    checker: str = ""
    validator: str = ""
    correct_submissions: list[_PlusSubmission] = []
    incorrect_submissions: list[_PlusSubmission] = []
    test_cases: list[_PlusTest] | None = None


def codecontests_plus_row(row: dict[str, object], testlib: Path | None = None) -> VerifyProblem:
    """Read a row of CodeContests+, whose checker and validator are C++ programs over ``testlib``, a copy of testlib.h.

    A bare time limit is in seconds below 100 and in milliseconds from there on; a bare memory limit is in MB below
    2**20 and in bytes from there on.
    """
    read = convert(row, _PlusRow)
    if not read.test_cases:
        raise UnsupportedError("the row holds no tests; take a configuration of CodeContests+ with tests (1x to 5x)")
    library = _testlib(testlib) if TESTLIB in read.checker or TESTLIB in read.validator else {}
    chosen = _chosen(
        _submission(submission.language, submission.code, verdict, f"{claim}[{k}]")
        for claim, submissions, verdict in (
            ("correct_submissions", read.correct_submissions, Verdict.AC),
            ("incorrect_submissions", read.incorrect_submissions, Verdict.WA),
        )
        for k, submission in enumerate(submissions)
    )
    time_limit, memory_limit = read.time_limit, read.memory_limit
    return VerifyProblem(
        problem_id=f"{read.source}/{read.id}" if read.source else read.id,
        interface="stdio",
        statement=f"{read.title}\n\n{read.description}",
        inputs=tuple(test.input for test in read.test_cases),
        outputs=tuple(test.output for test in read.test_cases),
        kinds=tuple("complex" for _ in read.test_cases),
        checker="custom-testlib" if read.checker else stdio_checker(tuple(test.output for test in read.test_cases)),
        checker_files={"checker.cpp": read.checker, **library} if read.checker else {},
        time_limit_s=seconds(time_limit, 2.0, unit="ms" if _at_least(time_limit, 100) else "s"),
        memory_limit_mb=megabytes(memory_limit, 512, unit="bytes" if _at_least(memory_limit, 1 << 20) else "MB"),
        candidates=chosen.candidates,
        validator=InputValidator(language="cpp", code=read.validator, files=library) if read.validator else (),
        left_out=chosen.left_out,
    )


def _testlib(path: Path | None) -> dict[str, str]:
    if path is None:
        raise UnsupportedError(f"its checker and validator include {TESTLIB}; give a copy of it with --testlib")
    try:
        return {TESTLIB: path.read_text("utf-8")}
    except (OSError, UnicodeDecodeError) as error:
        raise CaseError(f"--testlib {path}: {error}") from None


def _at_least(limit: float | str | None, threshold: float) -> bool:
    try:
        return float(limit or 0) >= threshold
    except ValueError:
        return False


class _Chosen(NamedTuple):
    candidates: tuple[Candidate, ...]
    left_out: tuple[str, ...]


def _submission(name: str, code: str, verdict: Verdict, label: str) -> Candidate | str:
    """Return a program as a candidate, or the name of its language where that is not served."""
    try:
        return Candidate(language=language(name).name, code=code, verdict=verdict, name=label)
    except CaseError:
        return name


def _chosen(found: Iterable[Candidate | str]) -> _Chosen:
    """Return the first right and the first wrong programs, and what was left out."""
    candidates: list[Candidate] = []
    counts: Counter[Verdict | None] = Counter()
    unserved: Counter[str] = Counter()
    for program in found:
        if isinstance(program, str):
            unserved[program] += 1
        else:
            counts[program.verdict] += 1
            if counts[program.verdict] <= MAX_PER_KIND:
                candidates.append(program)
    left_out = [f"{count} programs in {name}: not a language of the judge" for name, count in sorted(unserved.items())]
    many = sum(counts.values()) - len(candidates)
    if many:
        left_out.append(f"{many} programs: at most {MAX_PER_KIND} right and {MAX_PER_KIND} wrong ones are used")
    return _Chosen(tuple(candidates), tuple(left_out))
