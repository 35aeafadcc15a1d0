"""What rewards are: numbers, in a range, the same each time, more for a right answer than for a wrong one."""

from collections.abc import Iterator

from stepsmith.audit.findings import Finding
from stepsmith.audit.rewards import programs
from stepsmith.audit.rewards.subject import RewardSubject
from stepsmith.audit.rewards.trials import RewardCall, Trial, same

TIMES = 5  # equal calls
SEEDS = 4  # of Python's hashes, each in a process of its own


def check_scale(subject: RewardSubject) -> Iterator[Finding]:
    """Whether the right answer earns more than a wrong one."""
    for one in subject.unpaid:
        specimen = one.specimen
        right = Trial(calls=(subject.call(specimen, subject.text(programs.right(specimen, "1"))),))
        wrong = Trial(calls=(subject.call(specimen, subject.text(programs.wrong(specimen, "1"))),))
        steps = [
            subject.step(f"a wrong answer earns {one.wrong:g}", wrong, "earns", low=one.wrong),
            subject.step(f"the right answer earns {one.right:g}", right, "refused", high=one.right),
        ]
        everywhere = not subject.scaled
        yield subject.finding(
            "reward-says-nothing" if everywhere else "right-answer-unpaid",
            specimen.name,
            f"the right answer to {specimen.name} earns {one.right:g}, and a wrong one {one.wrong:g}",
            steps,
            earned=f"{one.right:g}",
        )


def check_numbers(subject: RewardSubject) -> Iterator[Finding]:
    """Whether equal calls get equal rewards, finite and in the range."""
    low, high = subject.options.low, subject.options.high
    yield from _of_seeds(subject)
    for one in subject.scaled:
        specimen = one.specimen
        texts = [subject.text(programs.right(specimen, "1")), subject.text(programs.wrong(specimen, "1"))]
        partly = programs.knows_only(specimen, tuple(range(len(specimen.tests) // 2)))
        texts.append(subject.text(partly))
        for text in texts:
            trial = Trial(calls=(subject.call(specimen, text),) * TIMES)
            tried = subject.caller.run(trial)
            if any(reply.ending for reply in tried.replies):
                continue
            if any(not same(reply.rewards, tried.replies[0].rewards) for reply in tried.replies):
                seen = ", ".join(reply.shown for reply in tried.replies)
                yield subject.finding(
                    "reward-varies",
                    specimen.name,
                    f"{TIMES} calls with the same completion get different rewards: {seen}",
                    [subject.step("equal calls get different rewards", trial, "varies")],
                    confidence=None,
                    answered=seen,
                )
                break
        edges = [*texts, "", subject.text("x = 1\n"), subject.text(programs.echo(specimen))]
        for text in edges:
            trial = Trial(calls=(subject.call(specimen, text),))
            reply = subject.caller.run(trial).last
            steps = [subject.step("it is no finite number", trial, "odd")]
            if steps[0].expected.holds(subject.caller.run(trial)):
                yield subject.finding(
                    "reward-not-a-number",
                    specimen.name,
                    f"a completion gets {reply.shown} as its reward, which is no finite number",
                    steps,
                )
                break
            bounds = {"low": 0.0 if low is None else low, "high": 1.0 if high is None else high}
            outside = subject.step(f"it is outside {bounds['low']:g} to {bounds['high']:g}", trial, "outside", **bounds)
            if reply.rewards and not reply.ending and outside.expected.holds(subject.caller.run(trial)):
                meant = low is None and high is None
                yield subject.finding(
                    "reward-out-of-range",
                    specimen.name,
                    f"a completion gets {reply.shown}, outside {bounds['low']:g} to {bounds['high']:g} "
                    f"(right {one.right:g}, wrong {one.wrong:g})",
                    [outside],
                    ambiguous="the scale may be meant; say so with --range" if meant else "",
                    severity="low" if meant else "medium",
                )
                break


def _of_seeds(subject: RewardSubject) -> Iterator[Finding]:
    """Yield a finding where equal calls get different rewards in processes whose hashes have different seeds.

    Such a reward depends on the order of a set or on ``hash``; the workers of a training disagree about it.
    """
    if subject.is_judge:
        return
    texts, used = [], []
    for one in subject.scaled:
        half = len(one.specimen.tests) // 2
        for code in (
            programs.right(one.specimen, "seeds"),
            programs.wrong(one.specimen, "seeds"),
            programs.knows_only(one.specimen, tuple(range(half))),
            programs.knows_only(one.specimen, tuple(range(half, len(one.specimen.tests)))),
        ):
            texts.append(subject.text(code))
            used.append(one.specimen.row)
    call = RewardCall(completions=tuple(texts), rows=tuple(used), form=subject.form)
    trial = Trial(calls=(call,) * SEEDS, seeds=True)
    tried = subject.caller.run(trial)
    step = subject.step("equal calls get different rewards", trial, "varies")
    if any(reply.ending for reply in tried.replies) or not step.expected.holds(tried):
        return
    seen = " | ".join(reply.shown for reply in tried.replies)
    yield subject.finding(
        "reward-varies",
        "seeds of hashes",
        f"{SEEDS} processes with different seeds of Python's hashes give equal completions different rewards: {seen}",
        [step],
        confidence=None,
        answered=seen,
    )
