"""What a training run writes down as it goes: one JSON record per line, appended, readable while it runs.

``metrics.jsonl`` holds a ``Step`` per logged step, ``eval_results.jsonl`` a ``EvalResult`` per evaluation, and
``training.json`` the ``Training`` that a finished run ends with.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.core.records import Record
from stepsmith.store.folder_lock import write_whole

METRICS, EVAL_RESULTS, TRAINING, MODEL = "metrics.jsonl", "eval_results.jsonl", "training.json", "model"


class Tally(Record, frozen=True, kw_only=True):
    """Replies that were graded, and how many of them passed every test."""

    passes: int
    attempts: int


class Step(Record, frozen=True, kw_only=True):
    """One logged step; figures are means over the steps since the last record. None: does not apply or not known."""

    stage: Literal["sft", "rl"]
    step: int
    of: int
    seconds: float  # of training up to here, measurements on the way included
    loss: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    entropy: float | None = None  # nats per token
    tokens: float | None = None  # seen so far, prompts and replies
    # RL alone:
    reward: float | None = None
    pass_rate: float | None = None  # replies that pass every rewarded test, of those graded
    by_band: dict[str, Tally] = msgspec.field(default_factory=dict)  # band before training, or "unrated"
    by_length: dict[str, Tally] = msgspec.field(default_factory=dict)  # "4 features", ...
    weights: dict[str, float] = msgspec.field(default_factory=dict)  # of the curriculum's cells
    reply_tokens: float | None = None
    truncated: float | None = None  # share of replies cut off at the length limit
    no_answer: float | None = None  # share without an answer in the asked form, those cut off not counted
    masked: float | None = None  # share left out: not judged, or masked by a setting
    zero_variance: float | None = None  # share of groups with equal rewards
    resampled: int = 0  # groups drawn again for that
    judge_s: float | None = None  # seconds per step spent waiting for the judge
    generate_s: float | None = None
    step_s: float | None = None
    held_back_gap: float | None = None  # of replies that pass, the share that fails held-back tests, so far
    warnings: tuple[str, ...] = ()
    new_problems: int = 0  # that a teacher in the loop has added so far


class Score(Record, frozen=True, kw_only=True):
    """Pass rate over the problems of one group, with a 95% Wilson interval over problems (on the safe side)."""

    problems: int
    samples: int  # replies per problem
    pass_at_1: float
    low: float
    high: float
    pass_at_k: dict[str, float] = msgspec.field(default_factory=dict)  # by k, the unbiased estimator
    truncated: float = 0.0
    no_answer: float = 0.0


class EvalResult(Record, frozen=True, kw_only=True):
    """A policy measured on held-out problems."""

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
    data_id: str  # content id of everything that was trained on
    problems: int
    held_out: int
    left_out: dict[str, int]  # problems that could not be used, by reason
    start_model: str  # the folder, name, or "from scratch"
    parameters: int
    device: str
    steps: int
    seconds: float  # all of it; of an interrupted process what it trained up to its last checkpoint
    tokens: float
    spent: dict[str, float] = msgspec.field(default_factory=dict)  # wall seconds by part: make, rate, train, measure
    isolation: str = ""
    peak_memory_mb: float = 0.0


_R = TypeVar("_R", Step, EvalResult)


class TrainingLog:
    """Appends records to a training run's files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def step(self, record: Step) -> None:
        """Append to the metrics."""
        self._append(METRICS, record)

    def measured(self, record: EvalResult) -> None:
        """Append to the measurements."""
        self._append(EVAL_RESULTS, record)

    def seconds(self) -> float:
        """Return how long has been trained, by the last record."""
        path = self._folder / METRICS
        return max((record.seconds for record in read_log(path, Step)), default=0.0) if path.exists() else 0.0

    def cut_after(self, step: int) -> None:
        """Forget what was logged after ``step``: a resumed run goes on from its last checkpoint."""
        self._cut(METRICS, Step, step)
        self._cut(EVAL_RESULTS, EvalResult, step)

    def _cut(self, name: str, kind: type[_R], step: int) -> None:
        path = self._folder / name
        if path.exists():
            kept = [record for record in read_log(path, kind) if record.step <= step]
            write_whole(path, b"".join(msgspec.json.encode(record) + b"\n" for record in kept))

    def _append(self, name: str, record: Record) -> None:
        try:
            with (self._folder / name).open("ab") as file:
                file.write(msgspec.json.encode(record) + b"\n")
        except OSError as error:
            raise StoreError(f"{self._folder / name} cannot be written: {error.strerror}") from None


def read_log(path: Path, kind: type[_R]) -> Iterator[_R]:
    """Yield the records of a log; a last line that was cut off by a kill is left out. Raises ``StoreError``."""
    decoder = msgspec.json.Decoder(kind)
    lines = path.read_bytes().splitlines(keepends=True)
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            return
        try:
            yield decoder.decode(line)
        except msgspec.DecodeError as error:
            raise StoreError(f"{path}, line {number}: {error}") from None


def read_training(folder: Path) -> Training:
    """Return a finished run's manifest. Raises ``RunFolderError``."""
    try:
        return msgspec.json.decode((folder / TRAINING).read_bytes(), type=Training)
    except FileNotFoundError:
        raise RunFolderError(f"{folder} has no {TRAINING}: it is not a finished training run") from None
    except msgspec.DecodeError as error:
        raise RunFolderError(f"{folder / TRAINING}: {error}") from None
