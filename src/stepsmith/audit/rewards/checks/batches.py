"""Batches: order, neighbours, calls at once, load, and time limits."""

import os
from collections.abc import Iterator

from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.rewards import programs
from stepsmith.audit.rewards.http_judges import TIMED_OUT
from stepsmith.audit.rewards.subject import RewardSubject, Scaled
from stepsmith.audit.rewards.trials import Paid, RewardCall, RewardStep, Trial, same, shown

PATTERNS = ("RWWRWRRWWR", "WWRRWRWWRR", "RRRRRR", "WWWWWW")  # right and wrong answers
# Rewards may take another way for large batches. N: an answer without a program, which costs little.
LARGE = "RNNRNNNNWNNNNNNNNRNNNNNNNWNNNNRNNNNNNNNN"
BUSY_S = 0.2  # of the answer that is slow, so that others overtake it
SHARES = (1, 2, 4)  # of the longest time, until a right answer is paid alone
LOADED = 6  # right answers at once on one core
UNSTATED_S = 0.5  # CPU seconds that every reward should allow


def check_batches(subject: RewardSubject) -> Iterator[Finding]:
    """Whether each completion gets its own reward in a batch, alone and beside calls that run at once."""
    patterns = [(subject.scaled, pattern) for pattern in PATTERNS]
    trials: list[tuple[str, Trial, tuple[float, ...]]] = []
    for number, (scaled, pattern) in enumerate(patterns):
        call, wanted = _batch(subject, scaled, pattern, f"batch {number}")
        trials.append((f"a batch of {len(pattern)}", Trial(calls=(call,)), wanted))
    if not subject.is_judge:
        nothing = subject.pay(subject.first.specimen, "I do not know.").last
        if isinstance(nothing, float):
            call, wanted = _batch(subject, subject.scaled, LARGE, "large", nothing)
            trials.append((f"a batch of {len(LARGE)}", Trial(calls=(call,)), wanted))
    many = [_batch(subject, scaled, pattern, f"at once {n}") for n, (scaled, pattern) in enumerate(patterns)]
    if subject.caller.live.interface != "trl":  # TRL makes one call at a time in a process
        wanted = tuple(reward for _, rewards in many for reward in rewards)
        trials.append((f"{len(many)} calls at once", Trial(calls=tuple(c for c, _ in many), together=True), wanted))
    for what, trial, wanted in trials:
        tried = subject.caller.run(trial)
        if any(reply.ending for reply in tried.replies):
            if what.startswith("a batch") or any(reply.ending != "raised" for reply in tried.replies):
                raise NotCheckedError(f"{what} fails: {next(r.shown for r in tried.replies if r.ending)}")
            continue
        seen = tuple(paid for reply in tried.replies for paid in reply.rewards)
        if same(seen, wanted):
            continue
        if len(seen) == len(wanted) and all(map(_lost_or_same, seen, wanted)):
            again = subject.caller.run(trial)  # a busy machine may have ended right answers
            if same(tuple(paid for reply in again.replies for paid in reply.rewards), wanted):
                continue
        step = subject.step(f"{what} gets other rewards than its completions alone", trial, "unequal", wanted=wanted)
        if len(seen) != len(wanted):
            kind, how = "wrong-number-of-rewards", f"{len(wanted)} completions get {len(seen)} rewards"
        elif sorted(map(shown, seen)) == sorted(map(shown, wanted)) and len(set(wanted)) > 1:
            kind, how = "order-mixed-up", "the rewards are those of the completions, in another order"
        else:
            kind, how = "batch-changes-reward", "completions earn something else than alone"
        yield subject.finding(
            kind,
            what,
            f"{what}: {how}",
            [step],
            confidence=None,
            wanted=", ".join(map(shown, wanted)),
            answered=", ".join(map(shown, seen)),
        )
        return


def _lost_or_same(seen: Paid, wanted: float) -> bool:
    """Return whether an answer got its reward or less."""
    return isinstance(seen, float) and seen <= wanted


def _batch(
    subject: RewardSubject, scaled: tuple[Scaled, ...], pattern: str, mark: str, empty: float = 0.0
) -> tuple[RewardCall, tuple[float, ...]]:
    """Return a call whose right and wrong answers are all different, the slowest first, and its rewards."""
    texts, used, wanted = [], [], []
    for k, letter in enumerate(pattern):
        one = scaled[k % len(scaled)]
        if letter == "N":
            texts.append(f"I do not know ({mark}, {k}).")
            used.append(one.specimen.row)
            wanted.append(empty)
            continue
        if letter == "W":
            code = programs.wrong(one.specimen, f"{mark}, {k}")
        elif k == 0:
            code = programs.busy_on_one(one.specimen, BUSY_S, f"{mark}, {k}")
        else:
            code = programs.right(one.specimen, f"{mark}, {k}")
        texts.append(subject.text(code))
        used.append(one.specimen.row)
        wanted.append(one.right if letter == "R" else one.wrong)
    return RewardCall(completions=tuple(texts), rows=tuple(used), form=subject.form), tuple(wanted)


def check_load(subject: RewardSubject) -> Iterator[Finding]:
    """Whether right answers that each need a part of the time limit are still right when they share one core."""
    one = subject.first
    limit = min(one.specimen.stated_time_s or one.specimen.contract.limits.time_s, 4.0)
    longest = (0.15 if subject.is_judge else 0.3) * limit
    count = LOADED if not subject.is_judge else min(16, 4 * (os.cpu_count() or 1))
    for seconds in (round(longest / part, 2) for part in SHARES):
        texts = [subject.text(programs.busy_on_one(one.specimen, seconds, f"load {k}")) for k in range(count)]
        alone = Trial(calls=(subject.call(one.specimen, texts[0]),), timeout_s=60.0)
        if one.whole(subject.caller.run(alone).last.last):
            break
    else:
        raise NotCheckedError(f"a right answer that works for {seconds:g} s on one test is not paid even alone")
    cores = None if subject.is_judge else 1
    together = subject.caller.live.interface in ("judge", "verl")
    calls = (
        tuple(subject.call(one.specimen, text) for text in texts) if together
        else (subject.call(one.specimen, *texts),)
    )  # fmt: skip
    wanted = (one.right,) * count
    trial = Trial(calls=calls, together=together, cores=cores, timeout_s=90.0)
    tried = subject.caller.run(trial)
    seen = tuple(paid for reply in tried.replies for paid in reply.rewards)
    if any(reply.ending for reply in tried.replies):
        raise NotCheckedError(f"{count} right answers at once: {next(r.shown for r in tried.replies if r.ending)}")
    lost = sum(not one.whole(paid) and paid is not None for paid in seen)
    if lost:
        yield subject.finding(
            "load-changes-reward",
            one.specimen.name,
            f"{lost} of {count} right answers earn less when they share {'one core' if cores else 'the judge'}; each "
            f"works for {seconds:g} s on one test, alone it earns {one.right:g}",
            [
                subject.step("alone it is paid", alone, "earns", low=one.limit()),
                subject.step("together they are not", trial, "unequal", wanted=wanted),
            ],
            confidence=None,
            answered=", ".join(map(shown, seen)),
        )


def check_time_limit(subject: RewardSubject) -> Iterator[Finding]:
    """Whether a right program may use half of the stated time limit, and whether a judge tells time-outs."""
    for one in subject.scaled[:1]:
        stated = one.specimen.stated_time_s if one.specimen.own else None
        seconds = min(0.5 * stated, 10.0) if stated else UNSTATED_S
        text = subject.text(programs.busy_on_one(one.specimen, seconds, "half of the limit"))
        trial = Trial(calls=(subject.call(one.specimen, text),), timeout_s=60.0)
        reply = subject.caller.run(trial).last
        if not reply.ending and one.nothing(reply.last):
            limit = f"of the {stated:g} s stated" if stated else "(no limit is stated)"
            yield subject.finding(
                "slow-program-refused",
                one.specimen.name,
                f"a right program that works for {seconds:g} s on one test {limit} earns {reply.shown}",
                [
                    subject.right_step(one),
                    subject.step("the slow one earns nothing", trial, "refused", high=one.limit()),
                ],
                ambiguous="" if stated else "the problem states no limit",
            )
        if not subject.is_judge:
            continue
        endless = subject.call(one.specimen, programs.endless(one.specimen, "endless"))
        steps: list[RewardStep] = [subject.right_step(one)]
        slow = Trial(calls=(endless,), timeout_s=60.0)
        reply = subject.caller.run(slow).last
        if reply.ending == "timed-out":
            yield subject.finding(
                "completion-hangs-grader",
                one.specimen.name,
                f"a program that never ends on one test gets {reply.detail}",
                [*steps, subject.step("the judge does not answer", slow, "ends", word="timed-out")],
            )
        if not reply.ending and reply.last == one.wrong and TIMED_OUT not in reply.words:
            steps.append(
                subject.step("an endless program is answered like a wrong one", slow, "refused", high=one.limit())
            )
            yield subject.finding(
                "time-out-not-told",
                one.specimen.name,
                "a program that never ends is answered like one with a wrong output",
                steps,
            )
