"""Rating a problem: fresh attempts by a student, each distinct answer judged once, a pass rate with its interval."""

import random
from collections import Counter
from dataclasses import dataclass

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import PassRate, Problem, Verdict
from stepsmith.core.stats import pass_rate
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.judge.protocol import Judge
from stepsmith.synth.draft import Draft, Feedback, Student

SHOWN = 2  # solved and failed replies that the teacher is shown


@dataclass(frozen=True, slots=True)
class Rating:
    """What a student made of a problem. Attempts that our own machinery failed on (IE) are left out of the rate."""

    rate: PassRate
    feedback: Feedback
    judged: int  # distinct answers that were judged
    runs: int  # tests that were run for them
    verdicts: Counter[str]  # by attempt; "none" where the reply held no answer


def rate(student: Student, draft: Draft, problem: Problem, attempts: int, judge: Judge, rng: random.Random) -> Rating:
    """Let ``student`` attempt ``problem`` and judge what it answers; a failed attempt ends at its first failing test.

    Raises ``SandboxError`` when more than half of the attempts could not be judged, even on a second try.
    """
    environment = ENVIRONMENTS[problem.environment]
    known: dict[Answer, Verdict] = {environment.golden(problem): Verdict.AC}  # admission has judged it
    verdicts: Counter[str] = Counter()
    solved: dict[str, int] = {}
    failed: dict[str, int] = {}
    judged = runs = 0
    for reply in student.attempt(draft, problem, attempts, rng):
        answer = environment.parse(problem, reply)
        if answer is None:
            verdicts["none"] += 1
            failed[reply] = failed.get(reply, 0) + 1
            continue
        if answer not in known:
            for _ in range(2):
                judgement = environment.judge(judge, problem, answer, stop_at_first_failure=True)
                judged, runs = judged + 1, runs + len(judgement.tests)
                if judgement.verdict is not Verdict.IE:
                    break
            known[answer] = judgement.verdict
        verdict = known[answer]
        verdicts[verdict.value] += 1
        if verdict is not Verdict.IE:
            shown = solved if verdict is Verdict.AC else failed
            shown[reply] = shown.get(reply, 0) + 1
    counted = verdicts.total() - verdicts["IE"]
    if counted * 2 < verdicts.total():
        raise SandboxError(f"{verdicts['IE']} of {verdicts.total()} attempts could not be judged")
    measured = pass_rate(verdicts["AC"], counted)
    feedback = Feedback(pass_rate=measured, solved=_most_frequent(solved), failed=_most_frequent(failed))
    return Rating(rate=measured, feedback=feedback, judged=judged, runs=runs, verdicts=verdicts)


def _most_frequent(replies: dict[str, int]) -> tuple[str, ...]:
    """The ``SHOWN`` most frequent distinct replies, the earlier one first on ties."""
    return tuple(sorted(replies, key=lambda reply: -replies[reply])[:SHOWN])
