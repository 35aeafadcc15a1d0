"""An evaluation on disk: a folder with the figures, everything they depend on, and the verdict on each sample."""

import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

import stepsmith
from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.benchmarks.harness import RULES, HarnessSettings
from stepsmith.core.errors import RunFolderError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Record
from stepsmith.evaluate.metrics import ScoreTable
from stepsmith.evaluate.scoring import ScoredSample
from stepsmith.evaluate.voting import VoteScore
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.json_lines import as_lines, read_lines

EVALUATION, SCORED = "evaluation.json", "scored.jsonl"
NOT_CHECKED = "contamination not checked"
UNKNOWN = "unknown"


class Conditions(Record, frozen=True, kw_only=True):
    """Everything that a score depends on. "unknown" where somebody else made the samples and did not say."""

    benchmark: str
    title: str
    release: str
    window: str = ""  # dates of the problems, "2024-10 to 2025-01"; "" for all
    problems: int
    data_sha256: str
    problems_id: str
    scored_id: str  # over the ids of the problems that have samples
    samples_per_problem: str
    model: str = UNKNOWN
    sampling: dict[str, str] = msgspec.field(default_factory=dict)  # {} where it is not known
    prompt_hash: str = UNKNOWN
    extraction: str
    rules: str  # version of our rules
    limits: str  # official limits, before the time factor
    isolation: str
    time_factor: float
    recursion_limit: int
    contamination: str = NOT_CHECKED
    samples_sha256: str = ""
    machine: str
    versions: dict[str, str]
    date: str  # ISO, UTC


class Evaluation(Record, frozen=True, kw_only=True):
    """The figures of an evaluation, and the conditions that they were measured under."""

    conditions: Conditions
    metrics: ScoreTable
    votes: VoteScore | None = None  # only where it was asked for


def conditions_of(
    data: BenchmarkData,
    task_ids: list[str],
    harness: HarnessSettings,
    isolation: str,
    *,
    extraction: str,
    samples_per_problem: str,
    samples_sha256: str = "",
    model: str = UNKNOWN,
    sampling: dict[str, str] | None = None,
    prompt_hash: str = UNKNOWN,
    contamination: str = NOT_CHECKED,
    window: str = "",
) -> Conditions:
    """Return the conditions of a score that is being measured now, on this machine."""
    return Conditions(
        benchmark=data.benchmark.name,
        title=data.benchmark.title,
        release=data.release,
        window=window,
        problems=len(data.problems),
        data_sha256=data.sha256,
        problems_id=data.problems_id,
        scored_id=content_id("tasks", sorted(task_ids)),
        samples_per_problem=samples_per_problem,
        model=model,
        sampling=sampling or {},
        prompt_hash=prompt_hash,
        extraction=extraction,
        rules=RULES,
        limits=data.benchmark.limits,
        isolation=isolation,
        time_factor=harness.time_factor,
        recursion_limit=harness.recursion_limit,
        contamination=contamination,
        samples_sha256=samples_sha256,
        machine=f"{platform.system()} {platform.release()}, {platform.machine()}",
        versions={"stepsmith": stepsmith.__version__, "python": platform.python_version(), **_numpy()},
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def write_evaluation(folder: Path, evaluation: Evaluation, scored: list[ScoredSample]) -> None:
    """Write an evaluation into a folder, over an earlier one."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / SCORED, as_lines(scored))
    text = msgspec.json.format(msgspec.json.encode(evaluation, order="deterministic"), indent=2)
    write_whole(folder / EVALUATION, text)


def read_evaluation(folder: Path) -> tuple[Evaluation, list[ScoredSample]]:
    """Read an evaluation and its scored samples. Raises ``RunFolderError`` if there is none in the folder."""
    try:
        evaluation = msgspec.json.decode((folder / EVALUATION).read_bytes(), type=Evaluation)
        return evaluation, list(read_lines(folder / SCORED, ScoredSample))
    except (FileNotFoundError, NotADirectoryError):
        raise RunFolderError(
            f"{folder} holds no evaluation ({EVALUATION} is missing); give the --out folder of `stepsmith eval`"
        ) from None
    except msgspec.DecodeError as error:
        raise RunFolderError(f"{folder / EVALUATION} cannot be read: {error}") from None


def holds_evaluation(folder: Path) -> bool:
    """Return whether a folder holds an evaluation."""
    return (folder / EVALUATION).is_file()


def _numpy() -> dict[str, str]:
    """Return the version of numpy that judged programs may import; {} without it. Nothing is imported."""
    try:
        return {"numpy": version("numpy")}
    except PackageNotFoundError:
        return {}
