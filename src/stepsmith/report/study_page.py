"""The report page of a study: for each metric the arms and their differences, with every seed shown."""

from html import escape
from pathlib import Path

import jinja2
import plotly.graph_objects as go

from stepsmith.report.study_table import costs, interval_text, p_text, title_of
from stepsmith.store.study_results import SUMMARY, MetricTable, Summary

COLOUR, FAINT = "#4477aa", "#9a9a9a"
LINE, ENDS = 30, 60  # height in pixels of one arm, and of the axis
LINES = ("#4477aa", "#dd7f2a", "#3d9970", "#b8355b", "#8a5aa0", "#b8a125", "#2f7f86", "#a8622f", "#6b6f7a")
DASHES = ("solid", "dash", "dot", "dashdot")


def holds_study(folder: Path) -> bool:
    """Return whether ``folder`` is the folder of a study."""
    return (folder / SUMMARY).exists()


def study_page(summary: Summary, templates: jinja2.Environment) -> str:
    """Return the page as HTML."""
    figures: dict[str, str] = {}
    for index, (name, metric) in enumerate(summary.metrics.items()):
        figures[f"means-{index}"] = _json(_means(name, metric))
        if metric.comparisons:
            figures[f"differences-{index}"] = _json(_differences(name, metric))
    if curves := _curves(summary):
        figures["curves"] = _json(curves)
    return templates.get_template("study.html.j2").render(
        summary=summary,
        figures=figures,
        costs=costs(summary),
        interval_text=interval_text,
        p_text=p_text,
        titles={name: title_of(summary, name) for name in summary.metrics},
    )


def _means(name: str, metric: MetricTable) -> go.Figure:
    """Draw a small mark per seed, and a large one for the mean with its interval."""
    rows = [row for row in metric.rows if row.mean is not None]
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            name="one seed",
            x=[value for row in rows for value in row.values.values()],
            y=[escape(row.arm) for row in rows for _ in row.values],
            customdata=[seed for row in rows for seed in row.values],
            mode="markers",
            marker={"color": FAINT, "symbol": "circle-open", "size": 7},
            hovertemplate="%{y}, seed %{customdata}: %{x:.4g}<extra></extra>",
        )
    )
    means = [(row.arm, row.mean.mean, row.mean.interval) for row in rows if row.mean is not None]
    figure.add_trace(_intervals("mean and 95% interval", means))
    return _laid_out(figure, escape(name), len(rows))


def _differences(name: str, metric: MetricTable) -> go.Figure:
    shown = [(f"{c.arm} − {c.against}", c.paired.mean, c.paired.interval) for c in metric.comparisons]
    figure = go.Figure(_intervals("difference and 95% interval", shown))
    figure.add_shape(
        type="line", x0=0, x1=0, xref="x", y0=0, y1=1, yref="paper", line={"color": FAINT, "width": 1}, layer="below"
    )
    figure.update_layout(showlegend=False)
    return _laid_out(figure, f"difference in {escape(name)}, paired by seed", len(shown))


def _intervals(label: str, shown: list[tuple[str, float, tuple[float, float] | None]]) -> go.Scatter:
    return go.Scatter(
        name=label,
        x=[mean for _, mean, _ in shown],
        y=[escape(arm) for arm, _, _ in shown],
        mode="markers",
        marker={"color": COLOUR, "size": 10},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [interval[1] - mean if interval else 0 for _, mean, interval in shown],
            "arrayminus": [mean - interval[0] if interval else 0 for _, mean, interval in shown],
            "color": COLOUR,
            "thickness": 1.5,
        },
        hovertemplate="%{y}: %{x:.4g}<extra></extra>",
    )


def _curves(summary: Summary) -> go.Figure | None:
    """Draw the first metric by step of the last stage, as a mean over seeds; None without evaluations on the way."""
    figure = go.Figure()
    for index, arm in enumerate(summary.arms):
        by_step: dict[int, list[float]] = {}
        for result in summary.results:
            for step, value in result.curve if result.arm == arm else ():
                by_step.setdefault(step, []).append(value)
        if len(by_step) > 2:
            figure.add_trace(
                go.Scatter(
                    name=escape(arm),
                    x=sorted(by_step),
                    y=[sum(by_step[step]) / len(by_step[step]) for step in sorted(by_step)],
                    mode="lines+markers",
                    line={"color": LINES[index % len(LINES)], "dash": DASHES[index // len(LINES) % len(DASHES)]},
                )
            )
    if not figure.data:
        return None
    figure.update_layout(
        height=320,
        showlegend=True,
        xaxis={"title": "step of the last stage"},
        yaxis={"title": escape(next(iter(summary.metrics), ""))},
    )
    return figure


def _laid_out(figure: go.Figure, title: str, lines: int) -> go.Figure:
    figure.update_layout(
        height=ENDS + LINE * lines,
        xaxis={"title": {"text": title, "standoff": 6}},
        yaxis={"type": "category", "autorange": "reversed", "showgrid": False},
    )
    return figure


def _json(figure: go.Figure) -> str:
    figure.update_layout(
        template="none"
    )  # Plotly's own theme would fix the colours; the page sets them for light and dark mode
    return str(figure.to_json())
