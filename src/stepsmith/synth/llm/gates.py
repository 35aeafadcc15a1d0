"""The checks of a teacher's readable reply before solvers see it, and how a fault is explained to its author.

The cheapest check comes first: the message (where a student will see it), then two runs of ``f``, then the functions
that say which arguments are well formed. Each fault says what its author needs to know to mend it.
"""

import ast
from collections.abc import Sequence

import msgspec

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Environment, Execution, Solution, Verdict
from stepsmith.core.several_answers import says_several_answers
from stepsmith.envs.fuzzing import FAILS, FORM, HOLDS, ILL_FORMED, PROGRAM, examine
from stepsmith.envs.literals import call_text
from stepsmith.judge.protocol import Judge
from stepsmith.synth.draft import Fault
from stepsmith.synth.llm.draft import CONTRACT, LLMDraft, fuzzing_task
from stepsmith.synth.llm.leakage import leaked_code, relies_on_unseen
from stepsmith.synth.llm.reply import TeacherReply

SHOWN_CALL = 120  # characters of a call in a fault's detail

# Calls ``f`` and says what it raised, and where. The program comes first, so the line number is one of the program.
_EXPLAIN = f"""

def explained(*arguments):
    import traceback
    try:
        {PROGRAM}(*arguments)
    except BaseException as error:
        frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)][1:]
        return type(error).__name__ + ": " + str(error)[:200], frames[-1] if frames else 0
    return "", 0
"""


def message_fault(reply: TeacherReply, environment: Environment) -> Fault | None:
    """Return the fault of the message, or None; where the environment does not show the message it has none."""
    if environment != "induction":
        return None
    if leak := leaked_code(reply.message, reply.code):
        return Fault(reason="message-leaks-code", detail=leak)
    if words := relies_on_unseen(reply.message):
        return Fault(
            reason="message-not-alone", detail=f"it speaks of something that the student has not seen: {words!r}"
        )
    if words := says_several_answers(reply.message):
        detail = f"the message lets several results be right ({words!r}): say which of them {PROGRAM} returns"
        return Fault(reason="many-valid-answers", detail=detail)
    return None


def run_twice(judge: Judge, program: Solution, inputs: Sequence[str]) -> tuple[list[Execution], Fault | None]:
    """Run ``f`` on every input, and then once more, until a run fails; return the runs and their fault, or None.

    Raises ``SandboxError`` where our own machinery failed.
    """
    runs: list[Execution] = []
    # The first input alone: a program that does not end on one input usually ends on none, and each such run is costly.
    for part in (inputs[:1], inputs[1:], inputs):
        runs += judge.execute(program, CONTRACT, part)
        if fault := _run_fault(judge, program, inputs, runs):
            return runs, fault
    return runs, None


def form_fault(judge: Judge, reply: TeacherReply) -> tuple[int, Fault | None]:
    """Return the number of runs, and what is wrong with the ``pre_test_f`` of an induction problem, if it has one."""
    if not reply.form:
        return 0, None
    refused = _refused(judge, reply.form, reply.inputs)
    if not refused:
        return len(reply.inputs), None
    detail = f"{FORM} does not return True for {_place(reply.inputs, refused[0])}, one of your own inputs"
    return len(reply.inputs), Fault(reason="invalid-input", detail=detail)


def property_fault(judge: Judge, reply: TeacherReply, outputs: Sequence[str]) -> tuple[str, Fault | None]:
    """Return the first counter-example of a fuzzing problem, and the fault if no input is one, or every input is."""
    runs = examine(judge, fuzzing_task(reply.code), CONTRACT, reply.inputs)
    _check_ours(runs)
    said = [run.output for run in runs]
    if FAILS in said and HOLDS in said and ILL_FORMED not in said:
        return reply.inputs[said.index(FAILS)], None
    if ILL_FORMED in said:
        place = _place(reply.inputs, said.index(ILL_FORMED))
        return "", Fault(reason="invalid-input", detail=f"pre_test_f does not return True for {place}")
    table = "; ".join(
        f"{call_text(PROGRAM, text)[:SHOWN_CALL]} gives {output[:60]}"
        for text, output in zip(reply.inputs, outputs, strict=False)
    )
    if FAILS not in said:
        detail = f"test_f does not return False for any of the inputs, so the mistake does not show ({table})"
        return "", Fault(reason="no-counterexample", detail=detail)
    detail = f"test_f does not return True for any of the inputs, so every result counts as wrong ({table})"
    return "", Fault(reason="property-never-holds", detail=detail)


def tried(judge: Judge, draft: LLMDraft, reply: TeacherReply) -> LLMDraft:
    """Return the draft after every gate; the runs are added to the number that it has."""
    if fault := message_fault(reply, draft.environment):
        return draft.with_fault(fault)
    runs, fault = run_twice(judge, draft.program, reply.inputs)
    outputs = tuple(run.output for run in runs[: len(reply.inputs)])
    draft = draft.ran(len(runs), outputs)
    if fault:
        return draft.with_fault(fault)
    if draft.environment == "fuzzing":
        counterexample, fault = property_fault(judge, reply, outputs)
        draft = draft.ran(len(reply.inputs), outputs, counterexample)
    else:
        count, fault = form_fault(judge, reply)
        draft = draft.ran(count, outputs)
    return draft.with_fault(fault) if fault else draft


def well_formed(judge: Judge, form: str, inputs: Sequence[str]) -> list[bool]:
    """Say for each input whether the ``pre_test_f`` of a program returns True for it."""
    refused = set(_refused(judge, form, inputs))
    return [place not in refused for place in range(len(inputs))]


def _refused(judge: Judge, form: str, inputs: Sequence[str]) -> list[int]:
    contract = msgspec.structs.replace(CONTRACT, entry_point=FORM)
    runs = judge.execute(Solution(language="python", code=form), contract, inputs)
    _check_ours(runs)
    return [place for place, run in enumerate(runs) if run.verdict is not Verdict.AC or run.output.strip() != "True"]


def _run_fault(judge: Judge, program: Solution, inputs: Sequence[str], runs: Sequence[Execution]) -> Fault | None:
    """Return the fault of the runs of ``f`` on the inputs, one round after the other, or None."""
    _check_ours(runs)
    for position, run in enumerate(runs):
        number = position % len(inputs)
        place = _place(inputs, number)
        if run.verdict is not Verdict.AC:
            why = _explained(judge, program, inputs[number]) if run.verdict is Verdict.RTE else ""
            detail = f"{PROGRAM} fails on {place}: it ends with {run.verdict}, {why or run.message[:200]}"
            return Fault(reason="invalid-input", detail=detail)
        if run.output != runs[number].output:
            said = f"it gives {runs[number].output[:80]}, then {run.output[:80]}"
            return Fault(reason="non-deterministic", detail=f"{place}: {said}")
    return None


def _explained(judge: Judge, program: Solution, text: str) -> str:
    """Return what ``f`` raises on an input, with the line; "" where it does not raise anything this time."""
    contract = msgspec.structs.replace(CONTRACT, entry_point="explained")
    (run,) = judge.execute(Solution(language="python", code=program.code + _EXPLAIN), contract, [text])
    if run.verdict is not Verdict.AC:
        return ""
    error, line = ast.literal_eval(run.output)
    lines = program.code.splitlines()
    where = f" in line {line}, `{lines[line - 1].strip()[:80]}`" if 0 < line <= len(lines) else ""
    return f"{error}{where}" if error else ""


def _place(inputs: Sequence[str], number: int) -> str:
    return f"input {number + 1}, {call_text(PROGRAM, inputs[number])[:SHOWN_CALL]}"


def _check_ours(runs: Sequence[Execution]) -> None:
    """Raise ``SandboxError`` where our own machinery failed."""
    if failed := [run for run in runs if run.verdict is Verdict.IE]:
        raise SandboxError(f"a teacher's program could not be run: {failed[0].message}")
