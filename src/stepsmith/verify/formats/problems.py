"""Anybody's problems as JSON Lines: what ``stepsmith verify`` reads.

One problem a line; keys that are not listed here are ignored:
``problem_id, interface, entry_point?, statement?, inputs, outputs?, kinds?, checker?, checker_flags?, checker_files?,
time_limit_s?, memory_limit_mb?, candidates: [{language, code, verdict?}], validator?: {language, code}``.
"""

import math
import shlex
from collections.abc import Iterator
from pathlib import Path

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Checker, Contract, Interface, Limits, Solution, TestKind, Verdict
from stepsmith.judge.checkers import check_checker


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A program, and its verdict where somebody already knows it (a package's own submissions)."""

    language: str
    code: str
    verdict: Verdict | None = None
    name: str = ""  # file name or index in the source, for messages

    @property
    def solution(self) -> Solution:
        """The program as the judge takes it."""
        return Solution(language=self.language, code=self.code)


class Validator(msgspec.Struct, frozen=True, kw_only=True):
    """A program that says whether an input is within the statement.

    It reads the input on standard input and ends with exit code 0 or 42 if so; for function problems it may instead
    define ``validate``, which takes the arguments and returns True.
    """

    language: str
    code: str


class VerifyProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the input."""

    problem_id: str | int
    interface: Interface
    inputs: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()
    entry_point: str | None = None
    statement: str = ""
    outputs: tuple[str | None, ...] | None = None
    kinds: tuple[TestKind, ...] = ()
    checker: str | None = None  # None: literal for functions, tokens for stdio
    checker_flags: str | tuple[str, ...] = ()
    checker_files: dict[str, str] = {}
    time_limit_s: float = 2.0
    memory_limit_mb: int = 512
    validator: Validator | None = None

    def __post_init__(self) -> None:
        """Raise ``ValueError`` (which msgspec reports with the rest) for what cannot be meant."""
        if self.outputs is not None and len(self.outputs) != len(self.inputs):
            raise ValueError(f"{len(self.inputs)} `inputs` but {len(self.outputs)} `outputs`")
        if self.kinds and len(self.kinds) != len(self.inputs):
            raise ValueError(f"{len(self.inputs)} `inputs` but {len(self.kinds)} `kinds`")
        if not (math.isfinite(self.time_limit_s) and self.time_limit_s > 0 and self.memory_limit_mb > 0):
            raise ValueError("`time_limit_s` and `memory_limit_mb` must be positive numbers")

    @property
    def contract(self) -> Contract:
        """How candidates are called, limited and compared."""
        flags = shlex.split(self.checker_flags) if isinstance(self.checker_flags, str) else self.checker_flags
        name = self.checker or ("literal" if self.interface == "function" else "tokens")
        return Contract(
            interface=self.interface,
            entry_point=self.entry_point if self.interface == "function" else None,
            limits=Limits(time_s=self.time_limit_s, memory_mb=self.memory_limit_mb),
            checker=Checker(name=name, flags=tuple(flags), files=tuple(self.checker_files.items())),
        )


_decoder = msgspec.json.Decoder(VerifyProblem)


def decode_problem(data: bytes | str) -> VerifyProblem:
    """Read one problem. Raises ``CaseError`` with what is wrong, without saying where it came from."""
    try:
        problem = _decoder.decode(data)
        check_checker(problem.contract.checker, problem.interface)
    except (msgspec.DecodeError, ValueError) as error:
        raise CaseError(str(error)) from None
    return problem


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, text) of a file's lines that are not blank. Raises ``CaseError`` if it cannot be read."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise CaseError(f"cannot read {path}: {error.strerror}") from None
