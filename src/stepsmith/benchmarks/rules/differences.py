"""Why two rule sets give one reply different verdicts: the first rule that, exchanged alone, changes the verdict."""

from typing import NamedTuple

import msgspec

from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.reply_rules import extraction_rule
from stepsmith.benchmarks.rules.rule_sets import RuleSet
from stepsmith.benchmarks.rules.running import Ruling, rule
from stepsmith.judge.protocol import Judge

# Fields of a rule set that belong together, in the order in which they act.
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("extraction", ("extraction",)),
    ("reasoning shown", ("refuses_thinking",)),
    ("imports", ("prelude", "recursion_limit")),
    ("how the program is run", ("wrapping",)),
    ("standard input", ("stream",)),
    ("names taken away", ("guarded", "exit_kept", "hidden_modules", "integer_digits")),
    ("comparison", ("text", "value")),
    ("time limit", ("time_s", "whole_s", "time_is_up")),
    ("tests that count", ("again",)),
)
SEVERAL = "several rules together"
_RUNS = {
    "function": "the program becomes a function, called for all tests in one process",
    "indented": "the program's lines become a function, called for all tests in one process",
    "module": "the program runs for all tests in one process",
    "script": "a process for each test; an exit code other than 0 fails",
}
_STREAMS = {
    "mock": "an object with `buffer` that no loop can go over",
    "iterable-mock": "an object with `buffer` and lines",
    "plain": "a text stream without `buffer`",
    "real": "a real stream",
}

Rulings = dict[tuple[str, str, RuleSet], Ruling]  # by task, code, and what of the rules concerns its run


class Difference(NamedTuple):
    """Two verdicts on one reply, the group of rules that makes the difference, and how it makes it."""

    reference: Ruling
    other: Ruling
    reason: str
    words: str


def score_reply(
    judge: Judge,
    problem: BenchmarkProblem,
    reply: str,
    rules: RuleSet,
    *,
    time_factor: float = 1.0,
    known: Rulings | None = None,
) -> Ruling:
    """Return the verdict of a rule set on a reply. Raises as ``rule`` does. ``known`` keeps what was run."""
    if rules.refuses_thinking and ("<think>" in reply or "</think>" in reply):
        return Ruling("no code", why="the reply shows its reasoning in <think> tags")
    code = extraction_rule(rules.extraction).take(reply, problem.entry_point)
    running = msgspec.structs.replace(
        rules, name="", title="", source="", extraction="", refuses_thinking=False, functions=True
    )
    known = {} if known is None else known
    key = problem.task_id, code, running
    if key not in known:
        known[key] = rule(judge, problem, code, running, time_factor=time_factor)
    return known[key]


def difference(
    judge: Judge,
    problem: BenchmarkProblem,
    reply: str,
    reference: RuleSet,
    other: RuleSet,
    *,
    time_factor: float = 1.0,
    known: Rulings | None = None,
) -> Difference | None:
    """Explain why two rule sets do not agree on a reply; None if they do.

    Each group of rules of ``other`` is put into ``reference`` by itself. The first that gives the verdict of ``other``
    is the reason; if none does, "several rules together".
    """
    known = {} if known is None else known

    def scored(rules: RuleSet) -> Ruling:
        return score_reply(judge, problem, reply, rules, time_factor=time_factor, known=known)

    ours, theirs = scored(reference), scored(other)
    if ours.passed == theirs.passed:
        return None
    for name, fields in GROUPS:
        exchanged = {field: getattr(other, field) for field in fields}
        if all(getattr(reference, field) == value for field, value in exchanged.items()):
            continue
        if scored(msgspec.structs.replace(reference, **exchanged)).passed == theirs.passed:
            return Difference(ours, theirs, name, _words(name, problem, reference, other, ours, theirs))
    return Difference(ours, theirs, SEVERAL, _failing(reference, other, ours, theirs))


def _words(
    name: str, problem: BenchmarkProblem, reference: RuleSet, other: RuleSet, ours: Ruling, theirs: Ruling
) -> str:
    said = " / ".join(f"{rules.title}: {_rule(name, problem, rules)}" for rules in (reference, other))
    return f"{said}. {_failing(reference, other, ours, theirs)}"


def _failing(reference: RuleSet, other: RuleSet, ours: Ruling, theirs: Ruling) -> str:
    """Say which side rejects the reply, at which test, and why."""
    rules, ruling = (other, theirs) if ours.passed else (reference, ours)
    test = "" if ruling.test is None else f" at test {ruling.test + 1}"
    return f"{rules.title} rejects it{test}: {ruling.outcome}, {ruling.why}"


def _rule(name: str, problem: BenchmarkProblem, rules: RuleSet) -> str:
    """Return one rule in words."""
    if name == "extraction":
        return f"takes {extraction_rule(rules.extraction).says}"
    if name == "reasoning shown":
        return "refuses <think> tags" if rules.refuses_thinking else "does not look for <think> tags"
    if name == "imports":
        limit = f"; recursion limit {rules.recursion_limit}" if rules.recursion_limit else ""
        return f"{len(rules.prelude.splitlines())} imports before the program{limit}"
    if name == "how the program is run":
        return _RUNS[rules.wrapping]
    if name == "standard input":
        return f"sys.stdin is {_STREAMS[rules.stream]}"
    if name == "names taken away":
        names = ["quit", *(() if rules.exit_kept else ("exit",)), *rules.hidden_modules] if rules.guarded else []
        return f"takes away {', '.join(names) or 'nothing'}"
    if name == "comparison":
        return rules.value if problem.interface == "function" else rules.text
    if name == "time limit":
        whole = f", {rules.whole_s:g} s for all tests" if rules.whole_s else ""
        return (f"{rules.time_s:g} s a test" if rules.time_s else "the problem's own limit") + whole
    return f"after a failure the first {rules.again} tests alone" if rules.again else "all tests"
