"""The log of a training run: JSON lines, which can be read while it runs.

``metrics.jsonl`` has a ``Step`` per log record and ``eval_results.jsonl`` an ``EvalResult`` per evaluation. A finished
run has a ``training.json``, the ``Training``.
"""

from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import Record
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.json_lines import append_line, as_lines, read_lines

METRICS, EVAL_RESULTS, TRAINING, MODEL = "metrics.jsonl", "eval_results.jsonl", "training.json", "model"


class Tally(Record, frozen=True, kw_only=True):
    """The number of scored completions, and how many of them passed every test."""

    passes: int
    attempts: int


class Step(Record, frozen=True, kw_only=True):
    """One log record. Values are means over the steps since the record before. None: not applicable or not known."""

    stage: Literal["sft", "rl"]
    step: int
    of: int
    seconds: float  # of training so far, with the evaluations
    loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    entropy: float | None = None  # nats per token
    tokens: float | None = None  # tokens of prompts and completions so far
    # RL only:
    reward: float | None = None
    pass_rate: float | None = None  # share of the scored completions that pass every rewarded test
    by_band: dict[str, Tally] = msgspec.field(default_factory=dict)  # by band before training, or "unrated"
    by_length: dict[str, Tally] = msgspec.field(default_factory=dict)  # by number of features: "4 features", ...
    weights: dict[str, float] = msgspec.field(default_factory=dict)  # of the curriculum's cells
    completion_length: float | None = None  # mean, in tokens
    truncated: float | None = None  # share of completions cut off at the length limit
    no_answer: float | None = None  # share without an answer in the requested format, not counting those cut off
    masked: float | None = None  # share without a reward: not judged, or masked by a setting
    zero_variance: float | None = None  # share of groups with equal rewards
    resampled: int = 0  # groups that were replaced for that reason
    judge_s: float | None = None  # seconds per step spent waiting for the judge
    generate_s: float | None = None
    step_s: float | None = None
    held_back_gap: float | None = None  # share of the completions that pass so far but fail held-back tests
    warnings: tuple[str, ...] = ()
    new_problems: int = 0  # made by a teacher during training, so far


class Score(Record, frozen=True, kw_only=True):
    """Pass rate over the problems of one group, with a 95% interval over problems, both as in an evaluation."""

    problems: int
    samples: int  # completions per problem
    pass_at_1: float
    low: float
    high: float
    pass_at_k: dict[str, float] = msgspec.field(default_factory=dict)  # by k, the unbiased estimator
    truncated: float = 0.0
    no_answer: float = 0.0
    loss: float | None = None  # nats per character of the golden completions


class EvalResult(Record, frozen=True, kw_only=True):
    """One evaluation of a policy on held-out problems."""

    stage: Literal["sft", "rl"]
    step: int
    name: str  # "held-out"
    temperature: float
    groups: dict[str, Score]  # "all", "1 feature", ..., "easy", ..., environments


class Training(Record, frozen=True, kw_only=True):
    """The manifest of a finished training run."""

    stage: Literal["sft", "rl"]
    versions: dict[str, str]
    config: msgspec.Raw
    seed: int
    data_id: str  # content id of the training data
    problems: int
    held_out: int
    left_out: dict[str, int]  # problems that could not be used, by reason
    start_model: str  # folder or name, or "from scratch"
    parameters: int
    device: str
    steps: int
    seconds: float  # wall time in total; an interrupted process counts up to its last checkpoint
    tokens: float
    spent: dict[str, float] = msgspec.field(default_factory=dict)  # wall seconds by part: make, rate, train, measure
    isolation: str = ""
    peak_memory_mb: float = 0.0


_R = TypeVar("_R", Step, EvalResult)


class TrainingLog:
    """Appends records to the log of a training run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def step(self, record: Step) -> None:
        """Append a record to ``metrics.jsonl``."""
        append_line(self._folder / METRICS, record)

    def evaluated(self, record: EvalResult) -> None:
        """Append a record to ``eval_results.jsonl``."""
        append_line(self._folder / EVAL_RESULTS, record)

    def steps(self) -> list[Step]:
        """Return the records of training so far."""
        path = self._folder / METRICS
        return list(read_lines(path, Step)) if path.exists() else []

    def seconds(self) -> float:
        """Return the seconds of training so far, by the last record."""
        return max((record.seconds for record in self.steps()), default=0.0)

    def cut_after(self, step: int) -> None:
        """Remove the records after ``step``: a resumed run continues from its last checkpoint."""
        self._cut(METRICS, Step, step)
        self._cut(EVAL_RESULTS, EvalResult, step)

    def _cut(self, name: str, kind: type[_R], step: int) -> None:
        path = self._folder / name
        if path.exists():
            kept = [record for record in read_lines(path, kind) if record.step <= step]
            write_whole(path, as_lines(kept))


def read_training(folder: Path) -> Training:
    """Return a finished run's manifest. Raises ``RunFolderError``."""
    try:
        return msgspec.json.decode((folder / TRAINING).read_bytes(), type=Training)
    except FileNotFoundError:
        raise RunFolderError(
            f"{folder} is not a finished training run ({TRAINING} is missing); finish it with --resume"
        ) from None
    except msgspec.DecodeError as error:
        raise RunFolderError(f"{folder / TRAINING} cannot be read: {error}") from None
