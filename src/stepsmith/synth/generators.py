"""Test inputs from generator programs: a model writes them with CYaRon, the sandbox runs them with a seed."""

import msgspec

from stepsmith.core.records import Interface, Limits, Record, TestKind, Verdict
from stepsmith.judge.program import Program, ProgramRunner
from stepsmith.synth.draft import TestInput
from stepsmith.synth.two_stage.statement import input_text

KINDS: tuple[TestKind, ...] = ("nominal", "complex", "boundary", "stress", "adversarial")
MEMORY_MB = 1024
OUTPUT_MB = 16.0


class Generated(Record, frozen=True, kw_only=True):
    """The inputs of a generator, or in ``reason`` and ``detail`` why there are none."""

    inputs: tuple[TestInput, ...] = ()
    reason: str = ""  # "generator-fails", "generator-unseeded", "generator-unreadable", "inputs-too-long"
    detail: str = ""
    unreadable: int = 0  # lines without an input, or with an unknown kind
    too_long: int = 0  # inputs with more characters than are allowed
    runs: int = 0


class _Line(msgspec.Struct):
    kind: TestKind
    input: object


def run_generator(
    runner: ProgramRunner, code: str, seed: int, interface: Interface, *, time_s: float = 10.0, longest: int = 200_000
) -> Generated:
    """Run a Python generator as ``generator.py SEED`` in the sandbox, twice, and read the inputs that it prints.

    Each line of its output is ``{"kind": ..., "input": ...}``, the input a text (stdio) or a list of arguments
    (function). Its output must be the same both times. Lines that cannot be read, repetitions and inputs of more than
    ``longest`` characters are left out. CYaRon can be imported if it is installed (extra ``cyaron``).
    """
    program = Program(
        language="python",
        sources=(("generator.py", code),),
        args=(str(seed),),
        limits=Limits(time_s=time_s, memory_mb=MEMORY_MB, output_mb=OUTPUT_MB),
    )
    first = runner.run_program(program)
    if first.verdict is not Verdict.AC:
        word = (first.stderr or first.compile_output or first.message).strip()[-600:]
        return Generated(reason="generator-fails", detail=f"it ended in {first.verdict}: {word}", runs=1)
    second = runner.run_program(program)
    if second.stdout != first.stdout:
        detail = "run twice with the same seed, it printed different inputs"
        return Generated(reason="generator-unseeded", detail=detail, runs=2)
    inputs: dict[str, TestInput] = {}
    unreadable = too_long = 0
    for line in first.stdout.splitlines():
        if not line.strip():
            continue
        try:
            read = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            unreadable += 1
            continue
        text = input_text(read.input, interface)
        if text is None:
            unreadable += 1
        elif len(text) > longest:
            too_long += 1
        else:
            inputs.setdefault(text, TestInput(text=text, kind=read.kind))
    found = Generated(inputs=tuple(inputs.values()), unreadable=unreadable, too_long=too_long, runs=2)
    if too_long and not inputs:
        detail = f"all {too_long} inputs that it printed are longer than {longest} characters"
        return msgspec.structs.replace(found, reason="inputs-too-long", detail=detail)
    if not inputs:
        detail = f"none of the {unreadable} lines that it printed is an input as JSON"
        return msgspec.structs.replace(found, reason="generator-unreadable", detail=detail)
    return found
