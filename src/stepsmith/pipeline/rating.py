"""Rating a problem: fresh attempts by a student, each distinct answer judged once, a pass rate with its interval."""

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Judgement, PassRate, Problem, Verdict
from stepsmith.core.stats import pass_rate
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.judge.protocol import Judge
from stepsmith.synth.draft import Attempt, Draft, Feedback, Student

SHOWN = 2  # solved and failed replies that the teacher is shown
NO_ANSWER, TRUNCATED = "none", "truncated"  # beside the verdicts: no answer in the reply, and cut off before one
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Rating:
    """What a student made of a problem. Attempts that our own machinery failed on (IE) are left out of the rate."""

    rate: PassRate
    feedback: Feedback
    judged: int  # distinct answers that were judged
    runs: int  # tests that were run for them
    verdicts: Counter[str]  # by attempt; NO_ANSWER and TRUNCATED count as failed


def rate(student: Student, draft: Draft, problem: Problem, attempts: int, judge: Judge, rng: random.Random) -> Rating:
    """Let ``student`` attempt ``problem`` and judge what it answers; a failed attempt ends at its first failing test.

    Raises ``SandboxError`` when more than half of the attempts could not be judged, even on a second try.
    """
    environment = ENVIRONMENTS[problem.environment]
    known: dict[Answer, str] = {environment.golden(problem): Verdict.AC.value}  # admission has judged it
    fates: dict[Answer, str] = {}  # how each answer that failed did so
    verdicts: Counter[str] = Counter()
    solved: list[tuple[str, str]] = []
    failed: list[tuple[str, str]] = []
    judged = runs = 0
    for attempt in student.attempt(draft, problem, attempts, rng):
        answer = environment.parse(problem, attempt.text)
        if answer is None:
            verdict = fate = _no_answer(attempt)
        else:
            if answer not in known:
                for _ in range(2):
                    judgement = environment.judge(judge, problem, answer, stop_at_first_failure=True)
                    judged, runs = judged + 1, runs + len(judgement.tests)
                    if judgement.verdict is not Verdict.IE:
                        break
                known[answer], fates[answer] = judgement.verdict.value, _fate(judgement)
            verdict, fate = known[answer], fates.get(answer, "")
        verdicts[verdict] += 1
        if verdict == Verdict.AC:
            solved.append(("", attempt.text))
        elif verdict != Verdict.IE:
            failed.append((fate, attempt.text))
    counted = verdicts.total() - verdicts[Verdict.IE]
    if counted * 2 < verdicts.total():
        raise SandboxError(f"{verdicts[Verdict.IE]} of {verdicts.total()} attempts could not be judged")
    measured = pass_rate(verdicts[Verdict.AC], counted)
    feedback = Feedback(pass_rate=measured, solved=representative(solved), failed=representative(failed))
    return Rating(rate=measured, feedback=feedback, judged=judged, runs=runs, verdicts=verdicts)


def tally(verdicts: Mapping[str, int]) -> str:
    """Verdicts of attempts as text, the most frequent first: ``"AC 12, WA 15, none 3, truncated 2"``."""
    return ", ".join(
        f"{name} {count}" for name, count in sorted(verdicts.items(), key=lambda item: (-item[1], item[0]))
    )


def representative(replies: Sequence[tuple[str, str]], shown: int = SHOWN) -> tuple[str, ...]:
    """Choose ``shown`` replies, given as (how it ended, text), that are frequent and different from each other.

    The first is the most frequent text of the most frequent ending. Each further one is of an ending that was not
    shown yet, as far as there are such, and of these shares the fewest words with those already chosen.
    """
    texts = Counter(replies)
    endings = Counter(ending for ending, _ in replies)
    left = sorted(texts, key=lambda reply: (-endings[reply[0]], -texts[reply]))  # stable: earlier first on ties
    words = {reply: frozenset(_WORD.findall(reply[1])) for reply in left}
    chosen: list[tuple[str, str]] = []
    while left and len(chosen) < shown:
        seen = {ending for ending, _ in chosen}
        best = min(
            left,
            key=lambda reply: (
                reply[0] in seen and any(ending not in seen for ending, _ in left),
                max((_overlap(words[reply], words[other]) for other in chosen), default=0.0) if chosen else 0.0,
            ),
        )
        chosen.append(best)
        left.remove(best)
    return tuple(text for _, text in chosen)


def _no_answer(attempt: Attempt) -> str:
    return TRUNCATED if attempt.truncated else NO_ANSWER


def _fate(judgement: Judgement) -> str:
    """How a judgement ended: the verdict, and the test that decided it."""
    return f"{judgement.verdict} on test {len(judgement.tests)}"


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """Jaccard similarity of two sets of words."""
    return len(first & second) / max(1, len(first | second))
