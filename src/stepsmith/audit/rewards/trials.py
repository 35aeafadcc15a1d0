"""Trials: what is sent to a reward, what came back, and what that shows. A finding is replayed by its trials."""

from typing import Any, Literal, NamedTuple

from stepsmith.audit.rewards.target import RewardTarget
from stepsmith.core.records import Record

Form = Literal["text", "chat"]  # a completion as text, or as a list with one message
Ending = Literal["", "raised", "died", "timed-out"]
Fault = Literal[
    "", "unreachable", "lost-connection", "http-500", "http-429", "own-failure", "no-processes", "disk-full"
]  # what the process of the target is made to meet
MARKER = "{STEPSMITH_MARKER}"  # in a completion: the path of a file that only it may write, new for each trial
SAME = 1e-9  # rewards that differ by less are the same


class RewardCall(Record, frozen=True, kw_only=True):
    """One call: completions, each with the row of its problem (columns of a data set; the tests for a judge)."""

    completions: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    form: Form = "text"


class Odd(Record, frozen=True, kw_only=True):
    """A reward that is no finite number and not None, as text."""

    text: str


Paid = float | None | Odd


class Reply(NamedTuple):
    """What came back from a call: its rewards, or how it ended instead. ``words`` are those of a judge."""

    rewards: tuple[Paid, ...] = ()
    ending: Ending = ""
    detail: str = ""
    words: tuple[str, ...] = ()

    @property
    def last(self) -> Paid:
        """The reward of the last completion; None without one."""
        return self.rewards[-1] if self.rewards else None

    @property
    def shown(self) -> str:
        """In words, for evidence."""
        if self.ending:
            return f"{self.ending}: {self.detail}".rstrip(": ")
        return ", ".join(shown(paid) for paid in self.rewards) or "no reward at all"


class Tried(NamedTuple):
    """The replies to the calls of a trial, and what a completion wrote into the marker's file (None: nothing)."""

    replies: tuple[Reply, ...]
    marker: str | None
    hits: int = 0  # how often the target met the fault

    @property
    def last(self) -> Reply:
        """The reply to the last call."""
        return self.replies[-1]


class Trial(Record, frozen=True, kw_only=True):
    """Calls in order, or all at once. ``fresh`` starts the target's process anew before them.

    With a fault, or with a number of ``cores`` that the process and its children may use, it is one of its own. With
    ``seeds`` every call is made in a process of its own, each with another seed of Python's hashes.
    """

    calls: tuple[RewardCall, ...]
    together: bool = False
    fresh: bool = False
    fault: Fault = ""
    cores: int | None = None
    seeds: bool = False
    timeout_s: float | None = None  # of each call; None: the target's own


class Expected(Record, frozen=True, kw_only=True):
    """What a trial shows. ``of`` the last call's last completion unless said otherwise.

    earns: it gets ``low`` or more. refused: it gets ``high`` or less. outside: a reward below ``low`` or above
    ``high``. masked: it gets None. odd: a reward is no finite number. ends: the call ends in ``word``. marks: the
    marker says ``word``. varies: equal calls get different rewards. unequal: the rewards of the calls, in a row, are
    not ``wanted``.
    """

    kind: Literal["earns", "refused", "outside", "masked", "odd", "ends", "marks", "varies", "unequal"]
    low: float = 0.0
    high: float = 0.0
    word: str = ""
    wanted: tuple[float | None, ...] = ()

    def holds(self, tried: Tried) -> bool:
        """Return whether the trial shows this."""
        reply = tried.last
        number = reply.last if isinstance(reply.last, float) else None
        every = [paid for one in tried.replies for paid in one.rewards]
        match self.kind:
            case "earns":
                return number is not None and number >= self.low - SAME
            case "refused":
                return not reply.ending and number is not None and number <= self.high + SAME
            case "outside":
                return any(isinstance(p, float) and not self.low - SAME <= p <= self.high + SAME for p in every)
            case "masked":
                return not reply.ending and len(reply.rewards) > 0 and reply.last is None
            case "odd":
                return any(isinstance(paid, Odd) for paid in every)
            case "ends":
                return reply.ending != "" and reply.ending == self.word
            case "marks":
                return tried.marker is not None and tried.marker.split()[0] == self.word
            case "varies":
                return not all(same(one.rewards, tried.replies[0].rewards) for one in tried.replies)
            case "unequal":
                return not any(one.ending for one in tried.replies) and not same(tuple(every), self.wanted)


class RewardStep(Record, frozen=True, kw_only=True):
    """A trial and what it shows."""

    says: str
    trial: Trial
    expected: Expected


class RewardReplay(Record, frozen=True, kw_only=True, tag="reward"):
    """Steps that call a reward; all must hold. The target itself is not part of it."""

    target: RewardTarget
    steps: tuple[RewardStep, ...]


def same(first: tuple[Paid, ...], second: tuple[Paid, ...]) -> bool:
    """Return whether rewards are the same, one by one."""
    return len(first) == len(second) and all(map(_equal, first, second))


def _equal(one: Paid, other: Paid) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= SAME
    return one == other


def shown(paid: Paid) -> str:
    """Return a reward in words."""
    if isinstance(paid, Odd):
        return paid.text
    return "None" if paid is None else f"{paid:g}"
