"""Runs trials on a reward: it keeps the reward's process, starts others for faults, and replays findings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import msgspec

from stepsmith.audit.rewards.hosted import HostedReward
from stepsmith.audit.rewards.http_judges import JudgeReward
from stepsmith.audit.rewards.target import RewardTarget
from stepsmith.audit.rewards.trials import MARKER, RewardCall, RewardReplay, Trial, Tried
from stepsmith.core.leftovers import temporary_folder


class RewardCaller:
    """Calls one reward. Usable as a context manager, from one thread; trials with a fault from any."""

    def __init__(self, target: RewardTarget) -> None:
        self.target = target
        self.calls = 0
        self._live: HostedReward | JudgeReward | None = None

    @property
    def live(self) -> HostedReward | JudgeReward:
        """The reward, running. Raises ``ConfigError`` if it cannot be loaded or reached."""
        if self._live is None:
            self._live = JudgeReward(self.target) if self.target.interface == "judge" else HostedReward(self.target)
        self._live.start()
        return self._live

    def run(self, trial: Trial) -> Tried:
        """Make the calls of a trial."""
        self.calls += len(trial.calls)
        with temporary_folder("stepsmith-audit") as folder:
            folder.chmod(0o777)
            marker = folder / "marker"
            calls = [_marked(call, str(marker)) for call in trial.calls]
            if trial.seeds:
                replies = []
                for seed, call in enumerate(calls):
                    apart = HostedReward(self.target, seed=seed)
                    try:
                        replies += apart.call([call], together=False, timeout_s=trial.timeout_s)
                    finally:
                        apart.kill()
                return Tried(tuple(replies), _text(marker))
            if trial.fault or trial.cores:
                apart = HostedReward(self.target, trial.fault, trial.cores)
                try:
                    replies = apart.call(calls, together=trial.together, timeout_s=trial.timeout_s)
                finally:
                    apart.kill()
                return Tried(tuple(replies), _text(marker), apart.hits)
            if trial.fresh:
                self.close()
            replies = self.live.call(calls, together=trial.together, timeout_s=trial.timeout_s)
            return Tried(tuple(replies), _text(marker))

    def close(self) -> None:
        """End the reward's process; the next trial starts another."""
        if self._live is not None:
            self._live.close()
            self._live = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def replay_steps(replay: RewardReplay) -> Iterator[tuple[str, bool, str]]:
    """Yield (what a step says, whether it holds, what was seen)."""
    with RewardCaller(replay.target) as caller:
        for step in replay.steps:
            tried = caller.run(step.trial)
            seen = "; ".join(dict.fromkeys(reply.shown for reply in tried.replies))
            if step.expected.kind == "marks":
                seen = f"the marker says {tried.marker!r}"
            yield step.says, step.expected.holds(tried), seen


def _marked(call: RewardCall, marker: str) -> RewardCall:
    if not any(MARKER in text for text in call.completions):
        return call
    return msgspec.structs.replace(call, completions=tuple(text.replace(MARKER, marker) for text in call.completions))


def _text(marker: Path) -> str | None:
    try:
        return marker.read_text("utf-8", "replace") or None
    except OSError:
        return None
