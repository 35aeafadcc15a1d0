"""Rate a problem: a student's attempts are scored on all tests and give a pass rate with its interval.

Attempts are made a few at a time, until they settle the problem's band or the allowed number is reached.
"""

import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import NO_ANSWER, TRUNCATED, PassRate, Problem, Record, Verdict
from stepsmith.core.stats import BAND_CONFIDENCE, pass_rate, settled_band
from stepsmith.envs import ENVIRONMENTS
from stepsmith.scoring.explanation import explain, shown_input
from stepsmith.scoring.scorer import ScoredCompletion, Scorer, passing
from stepsmith.synth.draft import Draft, FailedAttempt, Feedback, Student

SHOWN = 2  # the teacher is shown this many solved and this many failed completions
_WORD = re.compile(r"\w+")
Positive = Annotated[int, Meta(ge=1)]


class RatingSettings(Record, frozen=True, kw_only=True):
    """When a problem has been attempted often enough. The numbers are ours; docs/difficulty.md has what they cost."""

    adaptive: bool = True  # False: always synth.attempts attempts, as in Deep Dive
    confidence: Annotated[float, Meta(gt=0.5, lt=1.0)] = BAND_CONFIDENCE  # that the pass rate is in a claimed band
    first: Positive = 8  # attempts that are made at once at the beginning
    step: Positive = 2  # attempts that are made at once afterwards
    extreme: Positive = 10  # counted attempts before a problem that all or none of them solve is settled

    count_unreadable: bool = False  # as failed: no readable answer, cut off. RL does so, as they get no reward there

    def next(self, passes: int, counted: int, made: int, most: int) -> int:
        """Return the number of attempts to make next, 0 if it is enough; ``counted`` of the ``made`` ones count."""
        if not made:
            return min(self.first, most) if self.adaptive else most
        if made >= most or not self.adaptive:
            return 0
        same = passes in (0, counted)  # a few more attempts may well differ
        if settled_band(passes, counted, self.confidence) and (counted >= self.extreme or not same):
            return 0
        return min(self.step, most - made)


FIXED = RatingSettings(adaptive=False)
OF_POLICY = RatingSettings(adaptive=False, count_unreadable=True)  # of one in training, which learns the form, too


@dataclass(frozen=True, slots=True)
class Rating:
    """The result of a student's attempts at a problem.

    The rate is over the completions that were judged. Completions without a readable answer, those that were cut off,
    and those that our own machinery failed on (IE) do not count; ``verdicts`` has their numbers.
    """

    rate: PassRate
    feedback: Feedback
    attempts: tuple[tuple[str, str, str], ...]  # (verdict, why it failed, text) of each
    verdicts: Counter[str]  # by attempt

    @property
    def unreadable(self) -> int:
        """Number of attempts without a readable answer, or cut off."""
        return self.verdicts[NO_ANSWER] + self.verdicts[TRUNCATED]


def rate(
    student: Student,
    draft: Draft | None,
    problem: Problem,
    attempts: int,
    scorer: Scorer,
    rng: random.Random,
    settings: RatingSettings = FIXED,
) -> Rating:
    """Let ``student`` attempt ``problem``, at most ``attempts`` times, and score its completions.

    Judging stops at the first test that fails. The golden answer is not judged again, because admission has just done
    so. Raises ``SandboxError`` if the judge keeps failing, or if more than half of the attempts could not be judged.
    """
    attempt = student.attempts(draft, problem, rng)
    known = passing(problem, ENVIRONMENTS[problem.environment].golden(problem))
    verdicts: Counter[str] = Counter()
    solved: list[tuple[str, str]] = []
    wrong: list[tuple[str, str]] = []  # failed by their content
    unread: list[tuple[str, str]] = []  # do not count because of their form: no answer, or cut off
    reasons: dict[tuple[str, str], str] = {}
    attempted: list[tuple[str, str, str]] = []
    counted = 0
    while more := settings.next(len(solved), counted, verdicts.total(), attempts):
        completions = attempt(more)
        for completion, one in zip(completions, scorer.score(problem, completions, known=known), strict=True):
            verdicts[_name(one)] += 1
            counted += not one.unjudged and (one.verdict is not None or settings.count_unreadable)
            ending = (_ending(one), completion.text)
            if one.solved:
                solved.append(("", completion.text))
            elif not one.unjudged:
                (wrong if one.verdict else unread).append(ending)
                reasons.setdefault(ending, explain(problem, completion, one))
            attempted.append((_name(one), reasons.get(ending, ""), completion.text))
    if verdicts[Verdict.IE] * 2 > verdicts.total():
        raise SandboxError(f"{verdicts[Verdict.IE]} of {verdicts.total()} attempts could not be judged")
    chosen = representative(wrong)
    chosen += representative(unread, SHOWN - len(chosen))
    feedback = Feedback(
        pass_rate=pass_rate(len(solved), counted, settings.confidence),
        solved=tuple(text for _, text in representative(solved)),
        failed=tuple(FailedAttempt(reasons[one], one[1]) for one in chosen),
        shown=shown_to_students(problem),
    )
    return Rating(rate=feedback.pass_rate, feedback=feedback, attempts=tuple(attempted), verdicts=verdicts)


def tally(verdicts: Mapping[str, int]) -> str:
    """Return verdicts of attempts as text, the most frequent first: ``"AC 12, WA 15, none 3, truncated 2"``."""
    return ", ".join(
        f"{name} {count}" for name, count in sorted(verdicts.items(), key=lambda item: (-item[1], item[0]))
    )


def shown_to_students(problem: Problem) -> str:
    """Return the inputs that a problem shows, as its students see them; "" where it shows none (fuzzing)."""
    if problem.environment == "fuzzing":
        return ""
    if problem.environment == "induction":
        return "; ".join(shown_input(problem, example.input) for example in problem.examples)
    return shown_input(problem, problem.tests[0].input)


def representative(completions: Sequence[tuple[str, str]], shown: int = SHOWN) -> tuple[tuple[str, str], ...]:
    """Choose ``shown`` completions, given as (how it ended, text), that are frequent and different from each other.

    The first is the most frequent text of the most frequent ending. Each further one has an ending that is not yet
    chosen, if there is any; among these, it shares the fewest words with those already chosen.
    """
    texts = Counter(completions)
    endings = Counter(ending for ending, _ in completions)
    left = sorted(texts, key=lambda one: (-endings[one[0]], -texts[one]))  # stable: earlier first on ties
    words = {one: frozenset(_WORD.findall(one[1])) for one in left}
    chosen: list[tuple[str, str]] = []
    while left and len(chosen) < shown:
        seen = {ending for ending, _ in chosen}
        best = min(
            left,
            key=lambda one: (
                one[0] in seen and any(ending not in seen for ending, _ in left),
                max((_overlap(words[one], words[other]) for other in chosen), default=0.0) if chosen else 0.0,
            ),
        )
        chosen.append(best)
        left.remove(best)
    return tuple(chosen)


def _name(scored: ScoredCompletion) -> str:
    """Return the verdict, or the reason why there is none."""
    if scored.verdict is not None:
        return scored.verdict.value
    return TRUNCATED if scored.status == "truncated" else NO_ANSWER


def _ending(scored: ScoredCompletion) -> str:
    """Return how an attempt ended: the verdict, and the test that decided it or, where one value was asked for, what
    was wrong with it.
    """
    if scored.verdict is None:
        return _name(scored)
    if scored.environment == "induction":
        return f"{scored.verdict} on test {scored.failed_test or 0}"
    return f"{scored.verdict}: {scored.message}"


def _overlap(first: frozenset[str], second: frozenset[str]) -> float:
    """Jaccard similarity of two sets of words."""
    return len(first & second) / max(1, len(first | second))
