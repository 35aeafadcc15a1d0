"""The state and the figures of an evaluation, from its folder."""

import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from stepsmith.core.errors import RunFolderError
from stepsmith.evaluate.asking import ASKED, SAMPLES
from stepsmith.evaluate.evaluation import EVALUATION, Evaluation, holds_evaluation, read_evaluation
from stepsmith.evaluate.metrics import ScoreTable
from stepsmith.report.evaluation_page import EvaluationPictures, pictures_of
from stepsmith.store.status import STALE_S, RunStatus
from stepsmith.view.places import state_of

RESUME = "Give the same `stepsmith eval` command again. Answers that are there are not asked for again."


def evaluation_status(folder: Path) -> RunStatus | None:
    """Return the state of an evaluation; None for another folder.

    An unfinished one counts as running while answers come: it writes down no process.
    """
    if holds_evaluation(folder):
        return RunStatus(folder=str(folder), state="finished")
    if not (folder / ASKED).is_file():
        return None
    newest = max(path.stat().st_mtime for path in (folder / ASKED, folder / SAMPLES) if path.is_file())
    ago = max(0.0, time.time() - newest)
    if ago < STALE_S:
        return RunStatus(folder=str(folder), state="running", updated_s_ago=ago)
    return RunStatus(folder=str(folder), state="stopped", resume=RESUME, updated_s_ago=ago)


def evaluation_figures(folder: Path) -> Mapping[str, Mapping[str, float]]:
    """Return the figures by name and label: the score, pass@k, outcomes and groups, or the answers so far.

    Raises ``RunFolderError`` for an ``evaluation.json`` that cannot be read.
    """
    if not holds_evaluation(folder):
        samples = folder / SAMPLES
        return {"answers": {"": float(samples.read_bytes().count(b"\n") if samples.is_file() else 0)}}
    try:
        metrics = msgspec.json.decode((folder / EVALUATION).read_bytes(), type=Evaluation).metrics
    except (OSError, msgspec.DecodeError) as error:
        raise RunFolderError(f"{folder / EVALUATION} cannot be read: {error}") from None
    return score_figures(metrics)


def evaluation_pictures(folder: Path) -> EvaluationPictures | None:
    """Return the grid, the curves and the shortest failing tests; None where there is no score yet.

    Raises ``RunFolderError`` for files that cannot be read.
    """
    state = state_of(folder / EVALUATION)
    return _pictures(folder, state) if state else None


@lru_cache(maxsize=4)  # a page that is looked at asks every second
def _pictures(folder: Path, _state: tuple[int, int]) -> EvaluationPictures:
    return pictures_of(*read_evaluation(folder))


def score_figures(metrics: ScoreTable) -> Mapping[str, Mapping[str, float]]:
    """Return the figures of a score by name and label."""
    score = metrics.all
    single = {"average": score.average, "standard_error": score.standard_error, "low": score.low, "high": score.high}
    groups = {
        f"average by {what}": {name: one.average for name, one in found.items()}
        for what, found in metrics.groups.items()
    }
    return {
        **{name: {"": value} for name, value in single.items()},
        "tasks": {"": float(score.problems)},
        "samples": {"": float(score.samples)},
        "pass@k": {f"k = {k}": value for k, value in score.pass_at_k.items()},
        "outcomes": {name: float(failures.count) for name, failures in metrics.outcomes.items()},
        "average by part": {name: part.average for name, part in metrics.parts.items()},
        **groups,
    }
