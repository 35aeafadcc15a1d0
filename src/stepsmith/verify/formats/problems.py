"""A problem to verify, whatever data set it comes from, and Stepsmith's own JSON Lines form of it.

One problem a line; keys that are not listed here are ignored:
``problem_id, interface, inputs, outputs?, candidates?: [{language, code, verdict?}], entry_point?, statement?,
examples?: [{input, output}], kinds?, checker?, checker_flags?, checker_files?, time_limit_s?, memory_limit_mb?,
output_limit_mb?, validator?: {language, code}, harness?``.
"""

import math
import shlex
from typing import Literal

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.records import (
    Checker,
    Contract,
    Example,
    Interface,
    Limits,
    Record,
    Solution,
    TestKind,
    Verdict,
)
from stepsmith.judge.arguments import check_input
from stepsmith.judge.checkers import check_checker
from stepsmith.judge.languages import language
from stepsmith.verify.formats.harness import HarnessName, with_prelude
from stepsmith.verify.formats.json_rows import convert

SCORED = "scores: every test is passed or failed"  # what ``left_out`` says of a source whose groups of tests are scored


class UnsupportedError(CaseError):
    """A problem was recognised but needs something that is not served; the message names it."""


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A program, and its verdict where the source states it (a package's own submissions)."""

    language: str
    code: str
    verdict: Verdict | None = None
    name: str = ""  # file name or index in the source, for messages
    permitted: tuple[Verdict, ...] = ()  # the verdicts that runs of a wrong program may get; empty for any


class InputValidator(msgspec.Struct, frozen=True, kw_only=True):
    """A program that says whether an input is within the statement.

    It reads the input on standard input and ends with an exit code of ``accepts`` if so; for function problems it may
    instead define ``validate``, which takes the arguments and returns True.
    """

    language: str
    code: str
    name: str = ""
    main: str = ""  # name of the program's file
    files: dict[str, str] = {}  # headers and modules beside the program, by name
    args: tuple[tuple[str, ...], ...] = ()  # command-line arguments for each input; empty for none
    accepts: tuple[int, ...] = (0, 42)

    @property
    def file_name(self) -> str:
        """Name of the program's file."""
        return self.main or f"validate{language(self.language).endings[0]}"


class ValidationCase(msgspec.Struct, frozen=True, kw_only=True):
    """Data that tests validators: an input that they must reject, or an output that must be accepted or rejected."""

    name: str
    input: str
    answer: str = ""
    output: str | None = None  # None: the input itself is invalid
    accepted: bool = False
    flags: tuple[str, ...] = ()  # arguments of the output validator


class VerifyProblem(msgspec.Struct, frozen=True, kw_only=True):
    """A problem to verify; also one row of the JSON Lines form."""

    problem_id: str | int
    interface: Interface
    inputs: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()
    entry_point: str | None = None
    statement: str = ""
    examples: tuple[Example, ...] | None = None  # None: they are read from the statement
    outputs: tuple[str | None, ...] | None = None  # as published; None for an input without one
    kinds: tuple[TestKind, ...] = ()
    checker: str | None = None  # None: literal for functions, tokens for stdio
    checker_flags: str | tuple[str, ...] = ()
    checker_files: dict[str, str] = {}
    time_limit_s: float = 2.0
    time_multiplier: float | None = None  # the limit is this multiple of the slowest trusted run, at most time_limit_s
    time_resolution_s: float = 1.0  # and a multiple of this
    memory_limit_mb: int = 512
    output_limit_mb: float = 8.0
    validator: InputValidator | tuple[InputValidator, ...] = ()
    validation_cases: tuple[ValidationCase, ...] = ()  # validators' args are for the inputs, then for these
    harness: HarnessName | None = None  # whose imports and comparison apply
    left_out: tuple[str, ...] = ()  # parts of the source that are not used, in words

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for values that make no sense; msgspec turns it into its ``ValidationError``."""
        if self.outputs is not None and len(self.outputs) != len(self.inputs):
            raise ValueError(f"{len(self.inputs)} `inputs` but {len(self.outputs)} `outputs`")
        if self.kinds and len(self.kinds) != len(self.inputs):
            raise ValueError(f"{len(self.inputs)} `inputs` but {len(self.kinds)} `kinds`")
        for name in ("time_limit_s", "memory_limit_mb", "output_limit_mb"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"`{name}` must be a positive number, got {value}")

    @property
    def contract(self) -> Contract:
        """How candidates are called, limited and compared."""
        flags = shlex.split(self.checker_flags) if isinstance(self.checker_flags, str) else self.checker_flags
        name = self.checker or ("literal" if self.interface == "function" else "tokens")
        return Contract(
            interface=self.interface,
            entry_point=self.entry_point if self.interface == "function" else None,
            limits=Limits(time_s=self.time_limit_s, memory_mb=self.memory_limit_mb, output_mb=self.output_limit_mb),
            checker=Checker(name=name, flags=tuple(flags), files=tuple(self.checker_files.items())),
        )

    @property
    def validators(self) -> tuple[InputValidator, ...]:
        """The input validators, all of which must accept an input."""
        return (self.validator,) if isinstance(self.validator, InputValidator) else self.validator

    def solution(self, candidate: Candidate) -> Solution:
        """Return the program that is run for a candidate: with the harness's imports, where there is a harness."""
        return self.runnable(Solution(language=candidate.language, code=candidate.code))

    def runnable(self, program: Solution) -> Solution:
        """Return ``program`` with the imports that the harness puts before every Python program."""
        if self.harness is None or program.language != "python":
            return program
        return Solution(language="python", code=with_prelude(program.code, self.harness))


class UnreadProblem(Record, frozen=True, kw_only=True):
    """A row or package that is no problem to verify, with the reason."""

    problem_id: str | int
    reason: Literal["unreadable", "unsupported"]
    detail: str
    source: str  # digest of the row, so that resuming notices another one


def stepsmith_row(row: dict[str, object]) -> VerifyProblem:
    """Read one row of the project's own form. Raises ``CaseError`` with what is wrong with it."""
    return convert(row, VerifyProblem)


def check_problem(problem: VerifyProblem) -> None:
    """Raise ``CaseError`` for an unknown checker, text that is not Unicode, and inputs that are no arguments."""
    try:
        check_checker(problem.contract.checker, problem.interface)
    except ValueError as error:  # an unclosed quote in the flags
        raise CaseError(f"`checker_flags`: {error}") from None
    for index, text in enumerate(problem.inputs):
        try:
            check_input(problem.interface, text)
        except CaseError as error:
            raise CaseError(f"{error} - at `$.inputs[{index}]`") from None
    try:
        msgspec.msgpack.encode(problem)
    except UnicodeEncodeError:
        raise CaseError(f"`{_field_of_half_character(problem)}` holds half a character (a lone surrogate)") from None


def _field_of_half_character(problem: VerifyProblem) -> str:
    for name in problem.__struct_fields__:
        try:
            msgspec.msgpack.encode(getattr(problem, name))
        except UnicodeEncodeError:
            return name
    raise AssertionError("every field of the problem can be encoded")
