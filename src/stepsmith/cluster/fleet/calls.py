"""The calls of a judge as messages: what a fleet's client sends to a server, and what the server answers.

The messages are MessagePack. A text may hold half of a surrogate pair, which stands for a byte that is no UTF-8; UTF-8
has no such thing, so these texts travel as an extension type.
"""

from typing import TypeVar

import msgspec

from stepsmith.core.errors import CaseError, CheckerError, MachineError, SandboxError, StepsmithError, UserError
from stepsmith.core.records import Contract, Execution, Judgement, Limits, Record, Solution, TestCase, Verdict
from stepsmith.judge.program import Program, ProgramRun, RunningJudge

CONTENT_TYPE = "application/msgpack"
CALL_PATH, ABOUT_PATH, FACTS_HEADER = "/v1/call", "/v1/about", "x-stepsmith-facts"
ODD_TEXT = 1  # the extension type of a text that UTF-8 does not have

T = TypeVar("T")


class JudgeCall(Record, frozen=True, kw_only=True, tag="judge"):
    """The arguments of ``Judge.judge``."""

    solution: Solution
    contract: Contract
    tests: tuple[TestCase, ...]
    stop_at_first_failure: bool = False


class ExecuteCall(Record, frozen=True, kw_only=True, tag="execute"):
    """The arguments of ``Judge.execute``."""

    solution: Solution
    contract: Contract
    inputs: tuple[str, ...]


class AgreeCall(Record, frozen=True, kw_only=True, tag="agree"):
    """The arguments of ``Judge.agree``."""

    contract: Contract
    input_text: str
    expected: str
    actual: str


class Content(Record, frozen=True, kw_only=True):
    """Text or bytes."""

    text: str | None = None
    data: bytes | None = None


class RunCall(Record, frozen=True, kw_only=True, tag="run"):
    """The argument of ``ProgramRunner.run_program``."""

    language: str
    sources: tuple[tuple[str, str], ...]
    args: tuple[str, ...]
    stdin: Content
    files: tuple[tuple[str, Content], ...]
    collect: tuple[str, ...]
    limits: Limits
    compile_time_s: float

    @classmethod
    def of(cls, program: Program) -> "RunCall":
        """Return the call that runs a program."""
        return cls(
            language=program.language,
            sources=program.sources,
            args=program.args,
            stdin=_content(program.stdin),
            files=tuple((name, _content(content)) for name, content in program.files),
            collect=program.collect,
            limits=program.limits,
            compile_time_s=program.compile_time_s,
        )

    @property
    def program(self) -> Program:
        """The program that is run."""
        return Program(
            language=self.language,
            sources=self.sources,
            args=self.args,
            stdin=_plain(self.stdin),
            files=tuple((name, _plain(content)) for name, content in self.files),
            collect=self.collect,
            limits=self.limits,
            compile_time_s=self.compile_time_s,
        )


Call = JudgeCall | ExecuteCall | AgreeCall | RunCall


class CallAnswer(Record, frozen=True, kw_only=True):
    """What a call returned or raised: one field is set. ``error`` is the name of an exception, with its message."""

    judgement: Judgement | None = None
    executions: tuple[Execution, ...] | None = None
    agrees: bool | None = None
    run: ProgramRun | None = None
    error: str = ""
    message: str = ""

    @property
    def failed(self) -> bool:
        """True if the judge's own machinery failed, so that another server may do better."""
        if self.error:
            return self.error in ("SandboxError", "CheckerError")
        verdicts = [self.judgement and self.judgement.verdict, self.run and self.run.verdict]
        return Verdict.IE in verdicts or any(one.verdict is Verdict.IE for one in self.executions or ())

    def raise_error(self) -> None:
        """Raise what the judge raised, if it raised anything."""
        if self.error:
            kinds: dict[str, type[StepsmithError]] = {
                "CaseError": CaseError,
                "MachineError": MachineError,
                "CheckerError": CheckerError,
            }
            raise kinds.get(self.error, SandboxError)(self.message)


def answer_call(judge: RunningJudge, call: Call) -> CallAnswer:
    """Let a judge answer a call. Errors of the user and of our own machinery become part of the answer."""
    try:
        match call:
            case JudgeCall():
                stop = call.stop_at_first_failure
                found = judge.judge(call.solution, call.contract, call.tests, stop_at_first_failure=stop)
                return CallAnswer(judgement=found)
            case ExecuteCall():
                return CallAnswer(executions=tuple(judge.execute(call.solution, call.contract, call.inputs)))
            case AgreeCall():
                return CallAnswer(agrees=judge.agree(call.contract, call.input_text, call.expected, call.actual))
            case RunCall():
                return CallAnswer(run=judge.run_program(call.program))
    except (UserError, SandboxError) as error:
        return CallAnswer(error=type(error).__name__, message=str(error))


def encode(message: object) -> bytes:
    """Return a message as bytes."""
    try:
        return msgspec.msgpack.encode(message)
    except UnicodeEncodeError:
        return msgspec.msgpack.encode(_packed(msgspec.to_builtins(message, builtin_types=(bytes,))))


def decode(data: bytes, type_: type[T]) -> T:
    """Read a message. Raises ``msgspec.DecodeError`` for anything else."""
    try:
        return msgspec.msgpack.decode(data, type=type_)
    except msgspec.ValidationError:
        plain = msgspec.msgpack.decode(data, ext_hook=_unpacked)
        return msgspec.convert(plain, type_, builtin_types=(bytes,))


def _packed(plain: object) -> object:
    """Return plain values with odd texts packed."""
    if isinstance(plain, str):
        try:
            plain.encode()
        except UnicodeEncodeError:
            return msgspec.msgpack.Ext(ODD_TEXT, plain.encode("utf-8", "surrogatepass"))
        return plain
    if isinstance(plain, dict):
        return {key: _packed(value) for key, value in plain.items()}
    if isinstance(plain, list | tuple):
        return [_packed(value) for value in plain]
    return plain


def _unpacked(code: int, data: memoryview) -> str:
    if code != ODD_TEXT:
        raise msgspec.DecodeError(f"there is no extension type {code}")
    try:
        return bytes(data).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from None


def _content(given: str | bytes) -> Content:
    return Content(text=given) if isinstance(given, str) else Content(data=given)


def _plain(content: Content) -> str | bytes:
    return content.data if content.data is not None else content.text or ""
