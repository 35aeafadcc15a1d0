"""Verification where the problem's own checker decides: trusted programs against the published answers."""

from collections.abc import Sequence

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import TestKind, Verdict
from stepsmith.verify.judged_runs import JudgedRuns
from stepsmith.verify.labels.behaviour import Behaviour, effective_size
from stepsmith.verify.labels.trusted_solutions import most_probable, trust_refusal, trusted_belief
from stepsmith.verify.labels.verification import Label, Verification
from stepsmith.verify.report import Audit, DisputedLabel, shortened

ACCEPTED, REFUSED = 0, 1  # what a behaviour "answers" on a test


def verify_judged(
    runs: JudgedRuns, kinds: Sequence[TestKind], *, examples: Sequence[int] = (), target_error: float = 0.02
) -> tuple[Verification, Audit]:
    """Verify candidates that are all claimed to be right by judging them on every test.

    On each test there are two kinds of answers: those that the checker accepts and those that it refuses. With these,
    claims are weighed as in ``verify_trusted``. ``examples`` are the tests that the statement shows. The labels are the
    published answers, and their confidence is that of the programs which the checker accepts there. Reasons to reject:
    "no-candidates", "no-inputs", "all-candidates-fail", "answers-refused" where the checker refuses programs that are
    more probably right than its answers, and those of ``verify_trusted``. Raises ``SandboxError`` if our own machinery
    fails.
    """
    published = [test.output for test in runs.tests]
    if not runs.solutions or not runs.tests:
        reason = "no-inputs" if runs.solutions else "no-candidates"
        detail = "there is no test" if runs.solutions else "there is no candidate that is known to be right"
        return _rejected(runs, reason, detail), Audit(labels=len(published), confirmed=0)
    found = _behaviours(runs, examples)
    if not any(answer is not None for b in found for answer in b.answers):
        verdicts = sorted(
            {str(v) for i in range(len(runs.solutions)) for v in runs.verdicts(i, range(len(runs.tests)))}
        )
        detail = f"no trusted program produced an output on any test ({', '.join(verdicts)})"
        return _rejected(runs, "all-candidates-fail", detail), Audit(labels=len(published), confirmed=0)
    belief = trusted_belief(found, len(examples))
    best = most_probable(found, belief)
    golden = found[best].members[0]
    reason, detail = trust_refusal(found, belief, len(examples), target_error)
    if REFUSED in found[best].answers:
        refused = found[best].answers.index(REFUSED)
        word = runs.at(golden, refused).message
        reason = "answers-refused"
        detail = f"the problem's checker refuses {len(found[best].members)} trusted programs on test {refused}: {word}"
    elif not reason and (changed := runs.rejudged(golden)) is not None:
        reason, detail = "non-deterministic", f"candidate {golden} fares otherwise on test {changed} when run again"
    sure = [_mass(found, belief, j, ACCEPTED) for j in range(len(runs.tests))]
    verification = Verification(
        method="judged",
        labels=tuple(
            Label(
                output=published[j],
                support=_count(found, j, ACCEPTED),
                voters=_count(found, j, ACCEPTED) + _count(found, j, REFUSED),
                confidence=sure[j],
                kind=kinds[j] if kinds else "nominal",
            )
            for j in range(len(runs.tests))
        ),
        golden=golden,
        confidence=belief[best] if reason != "answers-refused" else 0.0,
        status="rejected" if reason else "accepted",
        reason=reason,
        detail=detail,
        executions=runs.executions,
    )
    return verification, _audit(runs, found, belief, 1 - 2 * target_error)


def _behaviours(runs: JudgedRuns, examples: Sequence[int]) -> list[Behaviour]:
    """Group the candidates by their results on all tests."""
    tests = range(len(runs.tests))
    groups: dict[tuple[int | None, ...], list[int]] = {}
    for i in range(len(runs.solutions)):
        verdicts = runs.verdicts(i, tests)
        if Verdict.IE in verdicts:
            j = verdicts.index(Verdict.IE)
            raise SandboxError(f"test {j}: {runs.at(i, j).message}")
        answers = tuple({Verdict.AC: ACCEPTED, Verdict.WA: REFUSED}.get(verdict) for verdict in verdicts)
        groups.setdefault(answers, []).append(i)
    return [
        Behaviour(
            members=tuple(members),
            answers=answers,
            passed=sum(answers[j] == ACCEPTED for j in examples),
            effective=effective_size([runs.solutions[i] for i in members]),
            constant=False,
        )
        for answers, members in groups.items()
    ]


def _audit(runs: JudgedRuns, found: Sequence[Behaviour], belief: Sequence[float], needed: float) -> Audit:
    """Return which published answers the trusted programs contradict."""
    doubts = [
        DisputedLabel(
            index=j,
            input=shortened(test.input),
            published=test.output,
            believed=None,
            confidence=_mass(found, belief, j, REFUSED),
            agreeing=_who(found, j, ACCEPTED),
            disagreeing=_who(found, j, REFUSED),
        )
        for j, test in enumerate(runs.tests)
        if _mass(found, belief, j, REFUSED) >= 0.5
    ]
    wrong = sorted(
        (d for d in doubts if d.confidence >= needed), key=lambda d: (len(runs.tests[d.index].input), d.index)
    )
    return Audit(
        labels=len(runs.tests),
        confirmed=sum(_mass(found, belief, j, ACCEPTED) >= 0.5 for j in range(len(runs.tests))),
        wrong=tuple(wrong),
        doubtful=tuple(d for d in doubts if d.confidence < needed),
        smallest=wrong[0].index if wrong else None,
    )


def _mass(found: Sequence[Behaviour], belief: Sequence[float], test: int, answer: int) -> float:
    return sum(p for b, p in zip(found, belief, strict=True) if b.answers[test] == answer)


def _who(found: Sequence[Behaviour], test: int, answer: int) -> tuple[int, ...]:
    return tuple(sorted(i for b in found if b.answers[test] == answer for i in b.members))


def _count(found: Sequence[Behaviour], test: int, answer: int) -> int:
    return len(_who(found, test, answer))


def _rejected(runs: JudgedRuns, reason: str, detail: str) -> Verification:
    return Verification(
        method="judged", labels=(), golden=None, confidence=0.0, status="rejected", reason=reason, detail=detail,
        executions=runs.executions,
    )  # fmt: skip
