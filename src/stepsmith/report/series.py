"""Series over training steps: the logged points and, where there are many, a smoothed line through them.

Series in one figure differ by colour, dash and mark, so that they can be told apart without colours.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import plotly.graph_objects as go

from stepsmith.core.records import BANDS
from stepsmith.report.figures import BAND_COLOUR, REJECTED_COLOUR
from stepsmith.store.training_log import Tally

SMOOTHED_FROM = 20  # with fewer points the line is not smoothed
_DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
_MARKS = ("circle", "square", "diamond", "triangle-up", "x", "star")
_HATCHES = ("", "/", "x", ".", "-", "|")
_GRADES = (*BANDS, "unrated")
_SPARE = ("#4477aa", "#3d9970", "#b8355b", "#b8a125", "#7b5ea7", "#dd7f2a")  # for groups without a fixed colour


class Point(NamedTuple):
    """A logged value; ``weight`` is its weight in averages, ``tip`` its text for readers."""

    step: int
    value: float
    tip: str
    weight: float = 1.0


class Look(NamedTuple):
    """Colour, dash, mark and hatch of a series."""

    colour: str
    dash: str
    mark: str
    hatch: str


OVERALL = Look(REJECTED_COLOUR, "longdashdot", "circle-open", "")


def look_of(name: str, others: Sequence[str]) -> Look:
    """Return the look of a group among ``others``; bands and numbers of features look the same in all figures."""
    number = name.partition(" ")[0]
    order: Sequence[str] = _GRADES if name in _GRADES else others
    index = int(number) - 1 if number.isdecimal() else order.index(name)
    colour = BAND_COLOUR.get(name, REJECTED_COLOUR if name == "unrated" else _SPARE[index % len(_SPARE)])
    return Look(*(colour, *(kinds[index % len(kinds)] for kinds in (_DASHES, _MARKS, _HATCHES))))


def tally_point(step: int, tally: Tally) -> Point:
    """Return a pass rate as a point, weighted by its number of completions."""
    rate = tally.passes / tally.attempts
    return Point(step, rate, f"{rate:.2f}, {tally.passes:,} of {tally.attempts:,}", tally.attempts)


def smoothing_window(points: int) -> int:
    """Return how many points a line averages over, an odd number; 1 (no smoothing) below ``SMOOTHED_FROM`` points."""
    return max(5, points // 30) | 1 if points >= SMOOTHED_FROM else 1


def smoothed(points: Sequence[Point], window: int) -> list[float]:
    """Return the weighted mean of the ``window`` points around each point, of fewer at the ends."""
    half = window // 2
    means = []
    for index in range(len(points)):
        near = points[max(0, index - half) : index + half + 1]
        means.append(sum(point.value * point.weight for point in near) / sum(point.weight for point in near))
    return means


def traces(name: str, points: Sequence[Point], look: Look, window: int) -> list[go.Scatter]:
    """Draw the points, and a line through them or (``window`` > 1) through their means. One legend entry."""
    name = escape(name)
    steps = [point.step for point in points]
    line = {"color": look.colour, "dash": look.dash, "width": 2.2}
    mark = {"color": look.colour, "symbol": look.mark, "size": 6}
    raw = go.Scatter(
        name=name,
        legendgroup=name,
        x=steps,
        y=[point.value for point in points],
        mode="lines+markers",
        line=line,
        marker=mark,
        customdata=[escape(point.tip) for point in points],
        hovertemplate=f"step %{{x}}: %{{customdata}}<extra>{name}</extra>",
    )
    if window == 1:
        return [raw]
    raw.update(mode="markers", showlegend=False, marker={**mark, "size": 5, "opacity": 0.5})
    means = go.Scatter(
        name=name,
        legendgroup=name,
        x=steps,
        y=smoothed(points, window),
        mode="lines",
        line=line,
        hoverinfo="skip",
    )
    return [raw, means]
