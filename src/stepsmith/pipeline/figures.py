"""What runs count while they run: the figures of ``progress.json``, of ``stepsmith status`` and of the metrics."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from stepsmith.core.records import Chain
from stepsmith.pipeline.models import Books
from stepsmith.pipeline.training import TrainObserver
from stepsmith.store.progress import ProgressFile, Spent
from stepsmith.store.ratings import StudentRating
from stepsmith.store.training_log import EvalResult, Step
from stepsmith.train.settings import TrainConfig


def spent(ledger: Books) -> Spent:
    """Return what a ledger has booked, and its limit."""
    usd, tokens = ledger.total()
    return Spent(usd=usd, tokens=tokens, limit_usd=ledger.limit.usd, limit_tokens=ledger.limit.tokens)


class GrownFigures:
    """The sums over the chains that have grown since this process began."""

    def __init__(self) -> None:
        self._sums: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._seconds = 0.0

    def add(self, chain: Chain) -> dict[str, dict[str, float]]:
        """Count a chain and return all figures: each by name and by label."""
        sums = self._sums
        sums["problems"].update(
            problem.pass_rate.claimed_band if problem.pass_rate else "unrated" for problem in chain.problems
        )
        sums["rejections"].update(rejection.reason for rejection in chain.rejections)
        sums["proposed"][""] += chain.proposed
        sums["judged_programs"][""] += chain.judged_programs
        sums["executions"][""] += chain.executions
        for turn in chain.turns:
            sums["attempts"].update(turn.verdicts)
        for stage in chain.spent:
            sums["stage_tokens"][stage.purpose.partition(",")[0] or "other"] += stage.tokens
        self._seconds += chain.seconds
        return {**as_figures(sums), "chain_seconds": {"": round(self._seconds, 3)}}


STEP_FIGURES = (
    "loss", "reward", "pass_rate", "entropy", "tokens", "truncated", "no_answer", "masked", "zero_variance", "judge_s",
    "generate_s", "step_s", "held_back_gap",
)  # fmt: skip


def step_figures(step: Step) -> dict[str, dict[str, float]]:
    """Return the figures of a log record of training; those that were not logged are left out."""
    values = {name: getattr(step, name) for name in STEP_FIGURES}
    return {name: {"": float(value)} for name, value in values.items() if value is not None}


def evaluated_figures(result: EvalResult) -> dict[str, dict[str, float]]:
    """Return the pass rates of an evaluation by group of problems."""
    return {"pass_at_1": {name: score.pass_at_1 for name, score in result.groups.items()}}


class NotedTraining:
    """A ``TrainObserver`` that writes the progress of a training, and passes every event on."""

    def __init__(self, observer: TrainObserver, progress: ProgressFile) -> None:
        self._observer, self._progress = observer, progress
        self._figures: dict[str, dict[str, float]] = {}

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        """See ``TrainObserver``."""
        self._progress.update(of=steps, done=done, done_before=done, note="training")
        self._observer.started(config, problems, held_out, steps, done)

    def stepped(self, step: Step) -> None:
        """See ``TrainObserver``."""
        self._figures |= step_figures(step)
        self._progress.update(done=step.step, figures=self._figures, note="training")
        self._observer.stepped(step)

    def evaluated(self, result: EvalResult) -> None:
        """See ``TrainObserver``."""
        self._figures |= evaluated_figures(result)
        self._progress.update(figures=self._figures)
        self._observer.evaluated(result)

    def note(self, text: str) -> None:
        """See ``TrainObserver``."""
        self._progress.update(note=text)
        self._observer.note(text)


class NotedRatings:
    """Writes the progress of a rating, and passes every rating on. Call it with each new rating."""

    def __init__(self, progress: ProgressFile, rated: Callable[[StudentRating], None]) -> None:
        self.progress, self._rated = progress, rated
        self._sums: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def __call__(self, rating: StudentRating) -> None:
        """Count a rating by its band, and its attempts by verdict."""
        self._sums["ratings"][rating.rate.claimed_band] += 1
        self._sums["attempts"].update(rating.verdicts)
        self.progress.advance(figures=as_figures(self._sums), note=rating.student)
        self._rated(rating)


def as_figures(sums: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return counts by name and label as figures."""
    return {name: {label: float(value) for label, value in found.items()} for name, found in sums.items()}
