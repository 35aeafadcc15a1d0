"""The report page of an evaluation: scores, the grid of problems and samples, failures, and their shortest tests."""

from html import escape
from pathlib import Path
from typing import NamedTuple

import jinja2
import plotly.graph_objects as go

from stepsmith.benchmarks.verdict import OUTCOMES
from stepsmith.evaluate.evaluation import Evaluation, read_evaluation
from stepsmith.evaluate.scoring import ScoredSample
from stepsmith.report.curves import Curve

# Paul Tol's "bright" scheme, which colour-blind readers can tell apart; the outcomes in the order of OUTCOMES.
COLOURS = ("#4aa564", "#b8355b", "#ccaa33", "#8a5aa0", "#dd7f2a", "#6b6f7a", "#9a9a9a", "#66b3d9", "#000000")
MOST_ROWS = 600  # problems in the grid; the file with the verdicts has all
MOST_COLUMNS = 100  # samples of a problem in the grid
MOST_TESTS = 30
TOKEN_BINS = 8
LINE = "#4477aa"


class FailedTest(NamedTuple):
    """The shortest test that a problem's samples fail, with how many fail that one."""

    task_id: str
    test: str
    got: str
    samples: int


class EvaluationPictures(NamedTuple):
    """What the page of an evaluation and the viewer show beside the figures."""

    curves: tuple[Curve, ...]  # the grid, pass@k and the score over length
    colours: tuple[tuple[str, str], ...]  # the outcomes that occur, with their colours in the grid
    failed: tuple[FailedTest, ...]
    left_out: int  # problems that the grid has no room for
    what: str  # in which lengths are measured


def evaluation_page(folder: Path, templates: jinja2.Environment) -> str:
    """Return the page as HTML. Raises ``RunFolderError`` if the folder has no evaluation."""
    evaluation, scored = read_evaluation(folder)
    pictures = pictures_of(evaluation, scored)
    return templates.get_template("evaluation.html.j2").render(
        conditions=evaluation.conditions,
        metrics=evaluation.metrics,
        figures={curve.key: curve.figure for curve in pictures.curves},
        failed=pictures.failed,
        colours=pictures.colours,
        left_out=pictures.left_out,
        what=pictures.what,
    )


def pictures_of(evaluation: Evaluation, scored: list[ScoredSample]) -> EvaluationPictures:
    """Return the pictures of an evaluation, from its figures and the verdicts on its samples."""
    by_task: dict[str, list[ScoredSample]] = {}
    for sample in scored:
        by_task.setdefault(sample.task_id, []).append(sample)
    ks = evaluation.metrics.all.pass_at_k
    curves = [
        Curve(
            "curve", "pass@k", "The unbiased estimate, over k.",
            ", ".join(f"pass@{k} {ks[k]:.3f}" for k in list(ks)[:: max(1, len(ks) - 1)]), _json(_curve(evaluation)),
        )
    ]  # fmt: skip
    lengths, what = _lengths(scored)
    if lengths:
        about = f"The share of passed samples over their length in {what}, in groups of equal size."
        curves.append(
            Curve(
                "lengths", "Score by length", about, f"{len(lengths)} samples", _json(_score_by_length(lengths, what))
            )
        )
    curves.append(
        Curve(
            "grid", "Problems and samples", "A cell is a sample. Problems that most samples solve stand first.",
            f"{len(by_task)} problems", _json(_grid(by_task)), wide=True,
        )
    )  # fmt: skip
    met = {sample.outcome for sample in scored}
    return EvaluationPictures(
        curves=tuple(curves),
        colours=tuple(one for one in zip(OUTCOMES, COLOURS, strict=True) if one[0] in met),
        failed=tuple(failed_tests(by_task)),
        left_out=max(0, len(by_task) - MOST_ROWS),
        what=what,
    )


def failed_tests(by_task: dict[str, list[ScoredSample]]) -> list[FailedTest]:
    """Return the shortest failing test of each problem, the problems that most samples fail first."""
    found = []
    for task_id, samples in by_task.items():
        failing = [sample for sample in samples if not sample.passed and sample.failed_test]
        if failing:
            shortest = min(failing, key=lambda sample: (len(sample.failed_test), sample.failed_test))
            same = sum(sample.failed_test == shortest.failed_test for sample in failing)
            found.append(FailedTest(task_id, shortest.failed_test, shortest.got or shortest.message, same))
    return sorted(found, key=lambda one: (-one.samples, one.task_id))[:MOST_TESTS]


def _grid(by_task: dict[str, list[ScoredSample]]) -> go.Figure:
    """Draw a cell per sample, coloured by how it ended; the easiest problems stand first."""
    order = sorted(by_task, key=lambda task: (-sum(one.passed for one in by_task[task]) / len(by_task[task]), task))
    rows = [(task, by_task[task][:MOST_COLUMNS]) for task in order[:MOST_ROWS]]
    width = max(len(samples) for _, samples in rows)
    numbers = {outcome: number for number, outcome in enumerate(OUTCOMES)}
    z = [[numbers[one.outcome] for one in samples] + [None] * (width - len(samples)) for _, samples in rows]
    words = [[one.outcome for one in samples] + [""] * (width - len(samples)) for _, samples in rows]
    last = len(OUTCOMES) - 1
    scale = [[edge, colour] for k, colour in enumerate(COLOURS) for edge in (k / (last + 1), (k + 1) / (last + 1))]
    figure = go.Figure(
        go.Heatmap(
            z=z,
            x=list(range(width)),
            y=[escape(task) for task, _ in rows],
            text=words,
            zmin=-0.5,
            zmax=last + 0.5,
            colorscale=scale,
            showscale=False,
            xgap=1,
            ygap=1,
            hovertemplate="%{y}, sample %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_layout(
        height=min(1400, 80 + max(4, 900 // max(1, len(rows))) * len(rows)),
        xaxis={"title": {"text": "sample", "standoff": 6}, "showgrid": False},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False, "showticklabels": len(rows) <= 60},
    )
    return figure


def _curve(evaluation: Evaluation) -> go.Figure:
    """Draw pass@k over k for the score and the parts beside it."""
    figure = go.Figure()
    dashes = ("solid", "dash", "dot")
    tables = {"score": evaluation.metrics.all, **evaluation.metrics.parts}
    for (name, one), dash in zip(tables.items(), dashes * len(tables), strict=False):
        figure.add_trace(
            go.Scatter(
                name=escape(name),
                x=[int(k) for k in one.pass_at_k],
                y=list(one.pass_at_k.values()),
                mode="lines+markers",
                line={"color": LINE, "dash": dash},
                hovertemplate="pass@%{x}: %{y:.4f}<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_layout(
        height=300,
        showlegend=len(tables) > 1,
        xaxis={"title": {"text": "k", "standoff": 6}, "type": "log", "tickvals": [1, 2, 5, 10, 20, 50, 100, 200]},
        yaxis={"title": "pass@k", "range": [0, 1.02]},
    )
    return figure


def _lengths(scored: list[ScoredSample]) -> tuple[list[tuple[float, bool]], str]:
    """Return (length, passed) of each sample: in tokens where they are known of all, else in characters."""
    if all(one.tokens is not None for one in scored):
        return [(float(one.tokens or 0), one.passed) for one in scored], "tokens"
    return [(float(one.characters), one.passed) for one in scored], "characters"


def _score_by_length(lengths: list[tuple[float, bool]], what: str) -> go.Figure:
    """Draw the share of passed samples over their length, in groups of equal size."""
    ordered = sorted(lengths)
    size = max(1, -(-len(ordered) // TOKEN_BINS))
    groups = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    figure = go.Figure(
        go.Scatter(
            x=[sum(length for length, _ in group) / len(group) for group in groups],
            y=[sum(passed for _, passed in group) / len(group) for group in groups],
            customdata=[len(group) for group in groups],
            mode="lines+markers",
            line={"color": LINE},
            hovertemplate=f"%{{x:.0f}} {what}: %{{y:.3f}} of %{{customdata}} samples<extra></extra>",
        )
    )
    figure.update_layout(
        height=300,
        showlegend=False,
        xaxis={"title": {"text": f"{what} of a sample", "standoff": 6}},
        yaxis={"title": "share passed", "range": [0, 1.02]},
    )
    return figure


def _json(figure: go.Figure) -> str:
    figure.update_layout(template="none")  # Plotly's own theme would fix the colours; the page sets them
    return str(figure.to_json())
