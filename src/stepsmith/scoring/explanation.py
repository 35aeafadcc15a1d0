"""Say why an attempt failed, for the teacher: "returned 18 where 12 is right on input 3, f([1, 2])".

The text depends only on the attempt and the problem, not on the run, so that the teacher's prompt is the same when a
run is resumed.
"""

import re

from stepsmith.core.records import Environment, Problem, TestCase, Verdict
from stepsmith.envs import ENVIRONMENTS
from stepsmith.envs.fuzzing import FORM, ILL_FORMED, PROPERTY
from stepsmith.envs.literals import call_text
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.scorer import ScoredCompletion

SHOWN = 200  # most characters of an input or a value that are shown; our choice
_ASKED: dict[Environment, str] = {
    "induction": "program", "deduction": "value", "abduction": "arguments", "fuzzing": "arguments",
}  # fmt: skip
_WHOLE_VALUE = re.compile(r"value: expected (.*), got (.*)", re.DOTALL)  # the literal checkers' message on a scalar
_ADDRESS = re.compile(r"\b0x[0-9a-f]+")


def explain(problem: Problem, completion: Completion, scored: ScoredCompletion) -> str:
    """Return why an attempt failed, as a clause without a subject; "" if it is right or could not be judged."""
    if scored.solved or scored.unjudged:
        return ""
    if scored.status == "truncated":
        return f"cut off at {completion.limit:,} tokens" if completion.limit else "cut off at the limit of tokens"
    if scored.status == "no-answer":
        return f"no readable {_ASKED[problem.environment]}"
    if problem.environment == "induction":
        return _program_failure(problem, scored)
    answer = ENVIRONMENTS[problem.environment].parse(problem, completion.text)
    given = _clipped(answer.text) if answer else "nothing"
    if problem.environment == "deduction":
        test = problem.tests[0]
        return f"answered {given} where {_clipped(test.output)} is right, for {shown_input(problem, test.input)}"
    call = shown_input(problem, answer.text) if answer else given
    if problem.environment == "abduction":
        return f"answered {call}, but {scored.message.replace(' on this input', ' on it')}"
    if scored.message == ILL_FORMED:
        return f"answered {call}, for which {FORM} does not return True"
    return f"answered {call}, for which {PROPERTY} returns True"


def shown_input(problem: Problem, text: str) -> str:
    """Return an input as text: a call, or standard input in quotes; a long one is cut."""
    if problem.contract.interface == "stdio":
        return _clipped(repr(text))
    return _clipped(call_text(problem.contract.entry_point or "", text))


def _program_failure(problem: Problem, scored: ScoredCompletion) -> str:
    if scored.failed_test is None:
        return f"does not compile: {_clipped(_last_line(scored.message))}"
    test = problem.tests[scored.failed_test - 1]
    place = f"on input {scored.failed_test}, {shown_input(problem, test.input)}"
    limits = problem.contract.limits
    match scored.verdict:
        case Verdict.TLE:
            return f"took more than {limits.time_s:g} s {place}"
        case Verdict.MLE:
            return f"took more than {limits.memory_mb} MB {place}"
        case Verdict.OLE:
            return f"gave more than {limits.output_mb:g} MB of output {place}"
        case Verdict.RTE:
            return f"failed with {_clipped(_last_line(scored.stderr) or scored.message)} {place}"
    return _wrong_output(problem, test, scored.message, place)


def _wrong_output(problem: Problem, test: TestCase, message: str, place: str) -> str:
    gave = "printed" if problem.contract.interface == "stdio" else "returned"
    if whole := _WHOLE_VALUE.fullmatch(message):
        return f"{gave} {whole[2]} where {whole[1]} is right {place}"
    right = test.output.strip()
    right = _clipped(repr(right) if "\n" in right else right)
    difference = f" ({message})" if message else ""
    return f"{gave} something else than {right} {place}{difference}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _ADDRESS.sub("0x…", lines[-1]) if lines else ""


def _clipped(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text):,} characters)"
