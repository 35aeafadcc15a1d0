"""Runs: which there are, how far they are, what they spend and measure, live; and how to continue a dead one."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from stepsmith.core.errors import StepsmithError
from stepsmith.core.records import BANDS, UNDECIDED
from stepsmith.evaluate.asking import ASKED
from stepsmith.evaluate.evaluation import EVALUATION
from stepsmith.report.curves import Curve, curves_of
from stepsmith.report.training import holds_training, read_run
from stepsmith.store.manifest import Counts, Spending, read_manifest
from stepsmith.store.progress import PROGRESS, Progress
from stepsmith.store.runfolder import MANIFEST, WORK
from stepsmith.store.status import STALE_S, RunStatus, read_status, resume_command
from stepsmith.store.study_results import SUMMARY
from stepsmith.store.training_log import TRAINING
from stepsmith.view.evaluations import evaluation_figures, evaluation_pictures, evaluation_status
from stepsmith.view.viewing import Viewing

MARKS = (PROGRESS, MANIFEST, TRAINING, SUMMARY, WORK, EVALUATION, ASKED)  # files that only the folder of a run has
MOST_RUNS = 500  # that are listed
LIVE_S, LIST_S = 1.0, 3.0  # between two looks at one run, at all of them
ORDER = {"running": 0, "stopped": 1, "finished": 2}
_LABELS = (*BANDS, UNDECIDED, "unrated", "AC")  # in this order before the others


@dataclass(frozen=True, slots=True)
class ListedRun:
    """A run in a list. ``status`` is None if its files cannot be read; ``fault`` then says why."""

    name: str
    link: str
    status: RunStatus | None
    kind: str = ""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class CountedFigure:
    """A figure that counts things by name; ``parts`` are (name, count, share of the largest count)."""

    name: str
    total: float
    parts: tuple[tuple[str, float, float], ...]


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What a run has counted: ``values`` by name, ``counted`` things by kind; accepted and proposed problems."""

    values: tuple[tuple[str, float], ...]
    counted: tuple[CountedFigure, ...]
    accepted: int | None = None
    proposed: int | None = None

    @property
    def yielded(self) -> float | None:
        """Problems that were kept, per proposed one."""
        return self.accepted / self.proposed if self.accepted is not None and self.proposed else None


def show_runs(viewing: Viewing, request: Request) -> Response:
    """List the runs in the served folders."""
    return viewing.page(request, "runs.html.j2", runs=list(found_runs(viewing)), most=MOST_RUNS)


def show_run(viewing: Viewing, request: Request) -> Response:
    """Show one run."""
    folder = _folder(viewing, request)
    return viewing.page(
        request, "run.html.j2", curves=_curves(folder), pictures=evaluation_pictures(folder),
        live=f"/runs/live{viewing.places.address(folder)}", **_state(viewing, folder),
    )  # fmt: skip


def follow_runs(viewing: Viewing, _: Request) -> Response:
    """Stream the list of runs."""

    def snapshot() -> dict[str, str]:
        runs = list(found_runs(viewing))
        return {"state": viewing.render("runs_state.html.j2", runs=runs, most=MOST_RUNS)}

    return viewing.streams.follow(snapshot, LIST_S)


def follow_run(viewing: Viewing, request: Request) -> Response:
    """Stream the state and the curves of one run."""
    folder = _folder(viewing, request)
    status_of(folder)  # what is no run is an error, not a stream

    def snapshot() -> dict[str, str]:
        curves = {curve.key: json.loads(curve.figure) for curve in _curves(folder)}
        return {
            "state": viewing.render("run_state.html.j2", **_state(viewing, folder)),
            "figures": json.dumps(curves, separators=(",", ":")),
        }

    return viewing.streams.follow(snapshot, LIVE_S)


def found_runs(viewing: Viewing) -> Iterator[ListedRun]:
    """Return the runs: running ones first, then stopped ones; among these the latest first."""
    found: list[ListedRun] = []
    for folder in viewing.places.folders():
        if len(found) >= MOST_RUNS or not any((folder / name).is_file() for name in MARKS):
            continue
        if not viewing.places.holds(folder):
            continue
        name, link = viewing.places.shown(folder), f"/runs{viewing.places.address(folder)}"
        try:
            status = status_of(folder)
            kind = status.progress.kind if status.progress else _kind(folder)
            found.append(ListedRun(name, link, status, kind))
        except StepsmithError as error:
            found.append(ListedRun(name, link, None, fault=str(error)))
    yield from sorted(found, key=_place)


def status_of(folder: Path) -> RunStatus:
    """Return the state of any run. Raises ``RunFolderError`` if the folder holds none."""
    evaluation = None if (folder / PROGRESS).is_file() else evaluation_status(folder)
    return evaluation or read_status(folder)


def _kind(folder: Path) -> str:
    if evaluation_status(folder):
        return "evaluation"
    return "training" if holds_training(folder) else "synthesis"


def figures_in(figures: Mapping[str, Mapping[str, float]]) -> RunFigures:
    """Return the figures of ``progress.json`` as the page shows them."""
    values = [(name, parts[""]) for name, parts in figures.items() if set(parts) == {""}]
    counted = [_counted(name, parts) for name, parts in figures.items() if parts and set(parts) != {""}]
    numbers = dict(values)
    kept = int(sum(figures["problems"].values())) if "problems" in figures else None
    proposed = int(numbers["proposed"]) if "proposed" in numbers else None
    return RunFigures(tuple(values), tuple(counted), kept if kept is not None or proposed is None else 0, proposed)


def _counts_in(counts: Counts) -> RunFigures:
    """Return the figures of a finished synthesis, from its manifest."""
    values = [
        ("proposed", counts.proposed),
        ("judged_programs", counts.judged_programs),
        ("executions", counts.executions),
    ]
    kinds = {
        "problems": counts.by_band, "environments": counts.by_environment, "rejections": counts.rejected,
        "attempts": counts.attempts,
    }  # fmt: skip
    counted = tuple(_counted(name, parts) for name, parts in kinds.items() if any(parts.values()))
    return RunFigures(tuple((name, float(value)) for name, value in values), counted, counts.accepted, counts.proposed)


def _counted(name: str, parts: Mapping[str, float]) -> CountedFigure:
    largest = max(map(abs, parts.values())) or 1.0

    numbered = all(re.search(r"\d", label) for label in parts)  # "k = 8", "2025-01": in the order of their numbers

    def place(label: str) -> tuple[int, Sequence[float], str]:
        if label in _LABELS:
            return _LABELS.index(label), (), label
        return len(_LABELS), list(map(int, re.findall(r"\d+", label))) if numbered else (-parts[label],), label

    ordered = tuple((label or "all", parts[label], parts[label] / largest) for label in sorted(parts, key=place))
    return CountedFigure(name.replace("_", " "), sum(parts.values()), ordered)


def _state(viewing: Viewing, folder: Path) -> dict[str, Any]:
    """Return what the page of a run shows beside its curves. Raises ``RunFolderError``, ``StoreError``."""
    status = status_of(folder)
    progress = status.progress
    counts, spend = _manifest(folder)
    if counts:
        figures = _counts_in(counts)
    elif evaluation_status(folder):
        figures = figures_in(evaluation_figures(folder))
    else:
        figures = figures_in(progress.figures if progress else {})
    training = read_run(folder) if holds_training(folder) else None
    return {
        "name": viewing.places.shown(folder),
        "run": status,
        "resume": _resume(progress) if progress else status.resume,
        "progress": progress,
        "figures": figures,
        "spending": _spending(progress, spend),
        "stale": status.state == "running" and (status.updated_s_ago or 0.0) > STALE_S,
        "elapsed": progress.updated - progress.started + _since(status) if progress else None,
        "headline": training.headline if training else None,
        "holds": list(_links(viewing, folder)),
    }


def _resume(progress: Progress) -> str:
    """Return the lines that continue a run; a reader's terminal may be anywhere."""
    return f"cd {shlex.quote(progress.folder)}\n{resume_command(progress.command)}"


def _since(status: RunStatus) -> float:
    return (status.updated_s_ago or 0.0) if status.state == "running" else 0.0


def _spending(progress: Progress | None, spend: Spending | None) -> dict[str, float | None] | None:
    """Return what was spent and the budget; None for a run that asked no model."""
    if progress and (progress.tokens or progress.usd or progress.limit_usd is not None or progress.limit_tokens):
        return {
            "usd": progress.usd, "tokens": progress.tokens, "limit_usd": progress.limit_usd,
            "limit_tokens": progress.limit_tokens,
        }  # fmt: skip
    if spend:
        return {"usd": spend.paid_usd, "tokens": spend.paid_tokens, "limit_usd": None, "limit_tokens": None}
    return None


def _manifest(folder: Path) -> tuple[Counts | None, Spending | None]:
    """Return what the manifest of a finished synthesis counts; other runs have manifests of other forms, or none."""
    try:
        manifest = read_manifest(folder)
    except StepsmithError:
        return None, None
    return manifest.counts, manifest.spend


def _links(viewing: Viewing, folder: Path) -> Iterator[tuple[str, str]]:
    """Return the data sets that this run has made, with the addresses of their lists."""
    searcher = viewing.library.current(0)
    for file in searcher.index.files if searcher else ():
        if file.path.parent == folder and not file.rejects:
            yield file.name, f"/problems?{urlencode({'dataset': file.name})}"


def _curves(folder: Path) -> Sequence[Curve]:
    if pictures := evaluation_pictures(folder):
        return pictures.curves
    return curves_of(read_run(folder)) if holds_training(folder) else []


def _folder(viewing: Viewing, request: Request) -> Path:
    params = request.path_params
    return viewing.places.inside(int(params["place"]), str(params["path"]))


def _place(run: ListedRun) -> tuple[int, float, str]:
    if run.status is None:
        return 3, 0.0, run.name
    ago = run.status.updated_s_ago
    return ORDER[run.status.state], float("inf") if ago is None else round(ago, -1), run.name
