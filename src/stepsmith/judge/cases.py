"""Cases and results as JSON Lines, for ``stepsmith judge run`` and for the server's own endpoints.

One case a line. Keys that are not listed here are ignored, so that published data can be judged without changes:
``id, language, interface, entry_point?, code, tests: [{input, output}], checker, checker_files?, checker_flags?,
time_limit_s, memory_limit_mb?, wall_limit_s?, output_limit_mb?``. One result a line, in the order of the cases.
"""

import math
import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec

from stepsmith.core.errors import CaseError, StoreError
from stepsmith.core.files import check_not_a_pipe
from stepsmith.core.ids import content_id
from stepsmith.core.records import (
    Checker,
    Contract,
    Interface,
    Judgement,
    Limits,
    Solution,
    TestCase,
    TestResult,
    Verdict,
)
from stepsmith.judge.arguments import check_input
from stepsmith.judge.checkers import check_checker, check_expected
from stepsmith.judge.languages import language

NO_TESTS = "no tests: a program is judged by at least one"


class CaseTest(msgspec.Struct, frozen=True, kw_only=True):
    """One input and the expected output, as text."""

    input: str
    output: str


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a case file: a program, its tests, its checker and its limits."""

    id: str | int
    language: str
    interface: Interface
    code: str
    tests: tuple[CaseTest, ...]
    checker: str
    time_limit_s: float
    entry_point: str | None = None
    checker_files: dict[str, str] = {}
    checker_flags: str | tuple[str, ...] = ()
    memory_limit_mb: int | None = None
    wall_limit_s: float | None = None
    output_limit_mb: float | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` (which msgspec turns into its own error) for limits that are not positive numbers."""
        for name in ("time_limit_s", "memory_limit_mb", "wall_limit_s", "output_limit_mb"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value > 0):
                raise ValueError(f"`{name}` must be a positive number, got {value}")
        if self.interface == "function" and not self.entry_point:
            raise ValueError("`entry_point` is needed with interface `function`: a function's name or `Class.method`")

    @property
    def digest(self) -> str:
        """Content id of the case. A result holds it, so that resuming never mixes an edited case with old results."""
        return content_id("case", self)

    @property
    def solution(self) -> Solution:
        """The program."""
        return Solution(language=self.language, code=self.code)

    @property
    def contract(self) -> Contract:
        """How the program is called, what it may use, and how its output is compared."""
        defaults = Limits()
        longest = max((len(test.output) for test in self.tests), default=0)
        limits = Limits(
            time_s=self.time_limit_s,
            wall_s=self.wall_limit_s,
            memory_mb=self.memory_limit_mb or defaults.memory_mb,
            output_mb=self.output_limit_mb or max(defaults.output_mb, 4 * longest / 1e6),
        )
        flags = self.checker_flags if isinstance(self.checker_flags, tuple) else split_flags(self.checker_flags)
        checker = Checker(name=self.checker, flags=flags, files=tuple(self.checker_files.items()))
        return Contract(interface=self.interface, entry_point=self.entry_point, limits=limits, checker=checker)

    @property
    def test_cases(self) -> tuple[TestCase, ...]:
        """The tests, as ``Judge.judge`` takes them."""
        return tuple(TestCase(input=test.input, output=test.output) for test in self.tests)


class BadCase(msgspec.Struct, frozen=True, kw_only=True):
    """A line that cannot be judged, and the reason."""

    error: str
    id: str | int | None = None  # None if not even that could be read
    digest: str = ""  # content id of its text


class CaseResult(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a result file. ``case`` is the digest of the case that was judged.

    A case that cannot be judged has no verdict, and ``error`` says why.
    """

    id: str | int | None
    verdict: Verdict | None = None
    tests: tuple[TestResult, ...] = ()
    compile_output: str = ""
    isolation: str = ""
    case: str = ""
    error: str | msgspec.UnsetType = msgspec.UNSET

    @classmethod
    def of(cls, case: Case, judgement: Judgement) -> "CaseResult":
        """Return the line for a judged case."""
        return cls(
            id=case.id,
            verdict=judgement.verdict,
            tests=judgement.tests,
            compile_output=judgement.compile_output,
            isolation=judgement.isolation,
            case=case.digest,
        )

    @classmethod
    def not_judged(cls, case: Case | BadCase, error: str) -> "CaseResult":
        """Return the line for a case that cannot be judged."""
        return cls(id=case.id, case=case.digest, error=error)


class _OnlyId(msgspec.Struct):
    id: str | int | None = None


_case_decoder = msgspec.json.Decoder(Case)
_id_decoder = msgspec.json.Decoder(_OnlyId)
_result_decoder = msgspec.json.Decoder(CaseResult)
_encoder = msgspec.json.Encoder()


def decode_case(data: bytes | str) -> Case:
    """Read one case. Raises ``CaseError`` with what is wrong, without saying where it came from."""
    try:
        case = _case_decoder.decode(data)
    except (msgspec.DecodeError, ValueError) as error:
        raise CaseError(str(error)) from None
    check_case(case)
    return case


def split_flags(text: str) -> tuple[str, ...]:
    """Split a checker's flags as a shell splits words. Raises ``CaseError`` if a quotation has no end."""
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise CaseError(f"checker flags {text!r}: {error}") from None


def bad_case(data: bytes, error: str) -> BadCase:
    """Return the record of a line that cannot be judged."""
    try:
        found = _id_decoder.decode(data).id
    except (msgspec.DecodeError, ValueError):
        found = None
    return BadCase(error=error, id=found, digest=content_id("case", data.strip()))


def check_case(case: Case) -> None:
    """Raise ``CaseError`` for a case that cannot be judged.

    That is one without tests, in an unknown language, with a checker that does not exist or cannot read an expected
    output, or with an input that no function can be called with.
    """
    if not case.tests:
        raise CaseError(NO_TESTS)
    if language(case.language).name != "python" and case.interface == "function":
        raise CaseError(f"the function interface is for Python; {case.language} programs use stdio")
    checker = case.contract.checker
    check_checker(checker, case.interface)
    for index, test in enumerate(case.tests):
        try:
            check_expected(checker, case.interface, test.output)
        except CaseError as error:
            raise CaseError(f"{error} - at `$.tests[{index}].output`") from None
        try:
            check_input(case.interface, test.input)
        except CaseError as error:
            raise CaseError(f"{error} - at `$.tests[{index}].input`") from None


def read_cases(path: Path) -> Iterator[Case | BadCase]:
    """Yield the cases of a file one by one; blank lines are skipped.

    A line that cannot be judged gives a ``BadCase`` that names the line. Raises ``CaseError`` for a file that cannot be
    read.
    """
    check_not_a_pipe(path)
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    try:
                        yield decode_case(line)
                    except CaseError as error:
                        yield bad_case(line, f"line {number}: {error}")
    except OSError as error:
        raise CaseError(f"cannot read {path}: {error.strerror}") from None


def encode_result(result: CaseResult) -> bytes:
    """Return one result as a line of JSON, with its newline."""
    return _encoder.encode(result) + b"\n"


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """How many cases a result file answers already, and how many of them could not be judged."""

    done: int = 0
    bad: int = 0


def resume_point(results: Path, cases: Path) -> Resumed:
    """Return how many cases ``results`` answers already. A last line that is incomplete is cut off.

    Raises ``CaseError`` if the file answers other cases than ``cases`` begins with, or cannot be read.
    """
    if not results.is_file():  # nothing yet, or a pipe or device, which remembers nothing
        return Resumed()
    done, bad, end = 0, 0, 0
    expected = read_cases(cases)
    try:
        with results.open("r+b") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                done, end = done + 1, end + len(line)
                bad += _check_same(line, next(expected, None), results, done)
            lines.truncate(end)
    except OSError as error:
        raise StoreError(f"cannot continue {results}: {error.strerror}") from None
    return Resumed(done=done, bad=bad)


def _check_same(line: bytes, case: Case | BadCase | None, results: Path, number: int) -> bool:
    """Check that a result answers a case; return whether that could not be judged."""
    try:
        result = _result_decoder.decode(line)
    except msgspec.DecodeError:
        raise CaseError(f"{results}, line {number}: not a result; choose another --out") from None
    if case is None or result.id != case.id or result.case != case.digest:
        raise CaseError(
            f"{results}, line {number}: answers {result.id!r} of other cases, or of cases edited since; "
            "choose another --out, or remove the file to judge all again"
        )
    return result.verdict is None
