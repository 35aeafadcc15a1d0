"""The plots of a synthesis run, as Plotly figures in JSON. The page sets the colours of text and grid by its theme."""

from collections import Counter
from html import escape
from itertools import pairwise

import plotly.graph_objects as go

from stepsmith.core.stats import BAND_EDGES
from stepsmith.report.survey import CONFIDENCE_EDGES, Survey

GRAIN = 32  # bins per unit of pass rate: the number of attempts in Deep Dive
# Paul Tol's "bright" scheme, which colour-blind readers can tell apart, on light and dark backgrounds.
ENVIRONMENT_COLOUR = {"induction": "#4477aa", "abduction": "#66b3d9", "deduction": "#3d9970", "fuzzing": "#ccaa33"}
REJECTED_COLOUR = "#9a9a9a"
BAND_COLOUR = {"easy": "#4aa564", "easy-medium": "#b8a125", "medium": "#dd7f2a", "hard": "#b8355b"}


def figures_json(survey: Survey, student: str) -> dict[str, str]:
    """Draw every figure that has data; ``student`` is the name of the student that was rated."""
    figures: dict[str, go.Figure] = {}
    student = escape(student)
    if survey.rated:
        figures["rates"] = _rates(survey, student)
    if survey.turns:
        figures["turns"] = _turns(survey, student)
    if survey.features:
        figures["features"] = _features(survey)
    if survey.confidence:
        figures["confidence"] = _confidence(survey)
    for figure in figures.values():
        figure.update_layout(template="none")  # Plotly's own theme would be stored in each figure and fix its colours
    return {name: figure.to_json() for name, figure in figures.items()}


def grain_of(survey: Survey) -> int:
    """Return the bins per unit of pass rate: the number of attempts if all problems have the same, else 32."""
    attempts = {attempts for _, _, attempts in survey.rated}
    return attempts.pop() if len(attempts) == 1 and max(attempts) <= 2 * GRAIN else GRAIN


def _rates(survey: Survey, student: str) -> go.Figure:
    grain = grain_of(survey)
    figure = go.Figure()
    for environment in survey.environments:
        bins: Counter[int] = Counter()
        for (where, passes, attempts), count in survey.rated.items():
            if where == environment:
                bins[_nearest(passes, attempts, grain)] += count
        colour = ENVIRONMENT_COLOUR.get(environment, REJECTED_COLOUR)
        figure.add_trace(_rate_bars(environment, bins, grain, colour))
    bins = Counter()
    for (passes, attempts), count in survey.rated_rejects.items():
        bins[_nearest(passes, attempts, grain)] += count
    if bins:
        trace = _rate_bars("rejected (rated)", bins, grain, REJECTED_COLOUR)
        trace.visible = "legendonly"  # hidden at first: they are many, mostly at 0 and 1
        figure.add_trace(trace)
    figure.update_layout(
        barmode="stack",
        bargap=0,
        xaxis={
            "title": {"text": f"pass rate of the {student}", "standoff": 6},
            "range": [-0.02, 1.02],
            "dtick": 0.1,
            "showgrid": False,
        },
        yaxis={"title": "problems", **({"dtick": 1} if _tallest(figure) <= 6 else {})},
    )
    _draw_bands(figure)
    return figure


def _tallest(figure: go.Figure) -> int:
    """Return the height of the highest stack of bars."""
    heights: Counter[float] = Counter()
    for bar in figure.data:
        heights.update(dict(zip(bar.x, bar.y, strict=True)))
    return max(heights.values(), default=0)


def _nearest(passes: int, attempts: int, grain: int) -> int:
    return (2 * passes * grain + attempts) // (2 * attempts)


def _rate_bars(name: str, bins: Counter[int], grain: int, colour: str) -> go.Bar:
    places = sorted(bins)
    return go.Bar(
        name=name,
        x=[place / grain for place in places],
        y=[bins[place] for place in places],
        width=0.86 / grain,
        marker={"color": colour, "line": {"width": 0}},
        customdata=[f"{place}/{grain}" for place in places],
        hovertemplate="%{customdata} passed: %{y} problems<extra>%{fullData.name}</extra>",
    )


def _draw_bands(figure: go.Figure) -> None:
    """Colour the bands behind the bars, with their names above."""
    left = 0.0
    for right, band in (*BAND_EDGES, (1.0, "easy")):
        figure.add_shape(
            type="rect", xref="x", yref="paper", x0=left or -0.02, x1=1.02 if right == 1 else right, y0=0, y1=1,
            fillcolor=BAND_COLOUR[band], opacity=0.09, line={"width": 0}, layer="below",
        )  # fmt: skip
        figure.add_annotation(
            x=(left + right) / 2, xref="x", y=1, yref="paper", yanchor="bottom", showarrow=False, text=band,
            font={"size": 11},
        )  # fmt: skip
        left = right


def _turns(survey: Survey, student: str) -> go.Figure:
    turns = sorted(survey.turns)
    facts = [survey.turns[turn] for turn in turns]
    names = [str(turn) for turn in turns]
    figure = go.Figure(
        [
            go.Bar(
                name="share kept",
                x=names,
                y=[turn.share_kept for turn in facts],
                marker={"color": ENVIRONMENT_COLOUR["induction"], "opacity": 0.75, "line": {"width": 0}},
                width=0.6,
                customdata=[[turn.kept, turn.kept + turn.rejected] for turn in facts],
                hovertemplate="turn %{x}: %{customdata[0]} of %{customdata[1]} kept (%{y:.0%})<extra></extra>",
            ),
            go.Scatter(
                name=f"median pass rate of kept problems ({student})",
                x=names,
                y=[turn.median_rate for turn in facts],
                mode="lines+markers",
                line={"color": BAND_COLOUR["medium"], "width": 2.5},
                marker={"size": 8},
                customdata=[turn.rates.total() for turn in facts],
                hovertemplate="turn %{x}: median %{y:.2f} over %{customdata} problems<extra></extra>",
            ),
        ]
    )
    figure.update_layout(
        xaxis={"title": {"text": "turn", "standoff": 6}, "type": "category", "showgrid": False},
        yaxis={"range": [0, 1.02], "tickformat": ".0%"},
    )
    return figure


def _features(survey: Survey) -> go.Figure:
    """Draw a treemap over the categories; the size of a tile is the number of (problem, feature) pairs."""
    sizes: Counter[str] = Counter()
    parents: dict[str, str] = {}
    for (category, name, _), count in survey.features.items():
        steps = [*filter(None, category.split("/")), name]
        for depth in range(1, len(steps) + 1):
            path = "/".join(steps[:depth])
            sizes[path] += count
            parents[path] = "/".join(steps[: depth - 1])
    paths = sorted(sizes)
    figure = go.Figure(
        go.Treemap(
            ids=paths,
            customdata=[escape(path) for path in paths],
            labels=[escape(path.rsplit("/", 1)[-1]) for path in paths],  # Plotly reads some HTML in labels
            parents=[parents[path] for path in paths],
            values=[sizes[path] for path in paths],
            branchvalues="total",
            maxdepth=3,
            hovertemplate="%{customdata}<br>%{value} uses<extra></extra>",
            marker={"line": {"width": 1}, "cornerradius": 4},
            tiling={"pad": 2},
        )
    )
    figure.update_layout(
        treemapcolorway=["#4477aa", "#3d9970", "#a8622f", "#8a5aa0", "#b8355b", "#7a7d2c", "#2f7f86", "#6b6f7a"],
        margin={"t": 8, "l": 0, "r": 0, "b": 0},
    )
    return figure


def _confidence(survey: Survey) -> go.Figure:
    edges = (0.0, *CONFIDENCE_EDGES)
    names = [f"< {CONFIDENCE_EDGES[0]:g}", *(f"{edge:g}" for edge in CONFIDENCE_EDGES)]
    ranges = [f"{low:g} to {high:g}" for low, high in pairwise(edges)] + ["1"]
    figure = go.Figure(
        go.Bar(
            x=names,
            y=[survey.confidence[edge] for edge in edges],
            marker={"color": ENVIRONMENT_COLOUR["deduction"], "line": {"width": 0}},
            customdata=ranges,
            hovertemplate="confidence %{customdata}: %{y} tests<extra></extra>",
        )
    )
    figure.update_layout(
        xaxis={"title": "confidence (lower end of the bin)", "type": "category", "tickangle": 0, "showgrid": False},
        yaxis={"title": "tests"},
    )
    return figure
