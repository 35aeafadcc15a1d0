"""Faults of what the reward depends on: its sandbox, servers, processes, the disk. They must never become a number."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from stepsmith.audit.findings import Finding, NotCheckedError
from stepsmith.audit.rewards import programs
from stepsmith.audit.rewards.subject import RewardSubject
from stepsmith.audit.rewards.trials import Fault, Trial, Tried
from stepsmith.core.errors import ConfigError

PATIENCE_S = 10.0  # a reward that asks again for longer is not waited for
_WORDS: dict[Fault, str] = {
    "unreachable": "no server can be reached",
    "lost-connection": "servers close the connection",
    "http-500": "servers answer with HTTP 500",
    "http-429": "servers answer that they are busy (HTTP 429)",
    "own-failure": "the sandbox answers that it failed itself",
    "no-processes": "no process can be started",
    "disk-full": "the disk is full",
}
_NETWORK: tuple[Fault, ...] = ("lost-connection", "http-500", "http-429", "own-failure")


def check_faults(subject: RewardSubject) -> Iterator[Finding]:
    """What the right answer and a wrong one earn while something fails that is not theirs."""
    if subject.is_judge:
        raise NotCheckedError("faults inside a judge cannot be caused from outside")
    one = subject.first
    right = subject.call(one.specimen, subject.text(programs.right(one.specimen, "fault")))
    wrong = subject.call(one.specimen, subject.text(programs.wrong(one.specimen, "fault")))

    def tried(fault: Fault) -> tuple[Fault, Trial, Tried]:
        trial = Trial(calls=(wrong, right), fault=fault, timeout_s=PATIENCE_S)
        try:
            return fault, trial, subject.caller.run(trial)
        except ConfigError:
            return fault, trial, Tried((), None)

    met = []
    with ThreadPoolExecutor(2) as threads:
        first = list(threads.map(tried, ("unreachable", "no-processes", "disk-full")))
        network = first[0][2]
        asks = network.hits or any(reply.ending == "timed-out" for reply in network.replies)
        more = list(threads.map(tried, _NETWORK)) if asks else []
    for fault, trial, seen in (*first, *more):
        if not seen.replies:
            continue
        if seen.hits or any(reply.ending for reply in seen.replies):
            met.append(fault)
        if not seen.hits:
            continue
        wrong_paid, right_paid = seen.replies
        if not wrong_paid.ending and isinstance(wrong_paid.last, float) and wrong_paid.last > one.limit():
            yield subject.finding(
                "fault-scored",
                fault,
                f"while {_WORDS[fault]}, a wrong answer earns {wrong_paid.shown}",
                [
                    subject.wrong_step(one),
                    subject.step(
                        "with the fault it is paid",
                        Trial(calls=(wrong,), fault=fault, timeout_s=PATIENCE_S),
                        "earns",
                        low=one.limit(),
                    ),
                ],
                severity="high",
            )
        elif not right_paid.ending and one.nothing(right_paid.last):
            yield subject.finding(
                "fault-scored",
                fault,
                f"while {_WORDS[fault]}, the right answer earns {right_paid.shown}, like a wrong one",
                [
                    subject.right_step(one),
                    subject.step("with the fault it earns nothing", trial, "refused", high=one.limit()),
                ],
            )
    if not met:
        raise NotCheckedError("the reward uses no network, no processes and no files that could fail")
