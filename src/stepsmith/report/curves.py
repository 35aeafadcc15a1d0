"""The curves of a training run, as Plotly figures. A curve without logged values is left out."""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import NamedTuple

import plotly.graph_objects as go

from stepsmith.report.series import OVERALL, Point, look_of, smoothing_window, tally_point, traces
from stepsmith.report.training import TrainingRun, group_order
from stepsmith.store.training_log import Step, Tally

UNDIVIDED = frozenset({"all", "nearest"})  # the only cell of curricula that choose single problems
RATES_HEIGHT, PANEL_HEIGHT, GAP = 250, 92, 40  # pixels
PASS_RATE_AXIS = {"title": "pass rate", "range": [-0.02, 1.02]}


@dataclass(frozen=True, slots=True)
class Curve:
    """One figure of a run. ``ends`` gives its first and last values in words; ``figure`` is Plotly's JSON."""

    key: str
    title: str
    about: str
    ends: str
    figure: str
    wide: bool = False


class Shares(NamedTuple):
    """The shares of cells or bands in the steps from ``start`` (exclusive) to ``end``."""

    start: int
    end: int
    parts: dict[str, float]


def curves_of(run: TrainingRun) -> list[Curve]:
    """Return the curves of a run that have logged values."""
    drawn = [_held_out(run), *(_rl_curves(run) if run.stage == "rl" else _sft_curves(run))]
    return [curve for curve in drawn if curve is not None]


def window_of(run: TrainingRun) -> int:
    """Return how many points the lines average over. SFT losses are not averaged: they fall fast, with little noise."""
    return smoothing_window(len(run.steps)) if run.stage == "rl" else 1


def _sft_curves(run: TrainingRun) -> list[Curve | None]:
    return [
        _figures(run, "loss", "Loss", "Cross-entropy of the target answers, without the prompts.",
                 "loss (nats per token)", {"loss": lambda step: step.loss}),
        _entropy(run),
    ]  # fmt: skip


def _rl_curves(run: TrainingRun) -> list[Curve | None]:
    limit = run.settings.rl.max_completion_length
    return [
        _bands(run),
        _lengths(run),
        _figures(run, "reward", "Reward", "The quantity that training maximises.",
                 "reward (mean per completion)", {"reward": lambda step: step.reward}, from_zero=False),
        _figures(run, "variance", "Groups with equal rewards",
                 "Share of groups in which all completions got the same reward: the policy learns nothing from them.",
                 "share of groups (%)", {"equal rewards": lambda step: step.zero_variance}, share=True),
        _entropy(run),
        _figures(run, "tokens", "Completion length",
                 f"During training; completions are cut off at {limit} tokens." if limit else "During training.",
                 "completion length (tokens)", {"length": lambda step: step.completion_length}),
        _figures(run, "lost", "Completions without an answer",
                 "Shares of all completions. Those cut off at the length limit are counted separately.",
                 "share of completions (%)",
                 {"cut off": lambda step: step.truncated,
                  "no answer in the requested format": lambda step: step.no_answer,
                  "left out of training": lambda step: step.masked}, share=True),
        _figures(run, "time", "Time per step", "The whole step, and its parts for sampling and for judging.",
                 "time (seconds per step)",
                 {"whole step": lambda step: step.step_s, "sampling completions": lambda step: step.generate_s,
                  "waiting for the judge": lambda step: step.judge_s}),
        _figures(run, "gap", "Held-back tests",
                 "Of the completions so far that pass every rewarded test, the share that fails a held-back test.",
                 "share of passing completions (%)", {"fail held-back tests": lambda step: step.held_back_gap},
                 share=True, smooth=False),
    ]  # fmt: skip


def _entropy(run: TrainingRun) -> Curve | None:
    return _figures(run, "entropy", "Token entropy", "How uncertain the policy is about the next token.",
                    "entropy (nats per token)", {"entropy": lambda step: step.entropy})  # fmt: skip


def _figures(
    run: TrainingRun, key: str, title: str, about: str, axis: str,
    readers: Mapping[str, Callable[[Step], float | None]],
    *, share: bool = False, from_zero: bool = True, smooth: bool = True,
) -> Curve | None:  # fmt: skip
    """Draw values that a step may lack. Set ``smooth`` to False for running totals."""
    found = {}
    for name, read in readers.items():
        values = [(step.step, read(step)) for step in run.steps]
        points = [
            Point(at, value, f"{value:.1%}" if share else f"{value:.4g}") for at, value in values if value is not None
        ]
        if points:
            found[name] = points
    figure = _drawn(found, list(readers), window_of(run) if smooth else 1)
    figure.update_layout(
        showlegend=len(found) > 1,
        xaxis=_steps_axis(run),
        yaxis={
            "title": axis,
            "rangemode": "tozero" if from_zero else "normal",
            **({"tickformat": ".2~%"} if share else {}),
        },
    )
    return _curve(key, title, about, found, figure)


def _lengths(run: TrainingRun) -> Curve | None:
    found = _tallied(run.steps, lambda step: step.by_length)
    figure = _drawn(found, list(found), window_of(run))
    figure.update_layout(showlegend=True, xaxis=_steps_axis(run), yaxis=PASS_RATE_AXIS)
    about = "Share of completions that pass, by the number of algorithmic features in the problem."
    return _curve("lengths", "Pass rate by number of features", about, found, figure)


def _bands(run: TrainingRun) -> Curve | None:
    """Draw the pass rate by band and, below it over the same steps, the weights of the curriculum."""
    found = _tallied(run.steps, lambda step: step.by_band)
    figure = _drawn(found, list(found), window_of(run))
    rates = [(step.step, step.pass_rate) for step in run.steps]
    overall = [Point(at, rate, f"{rate:.2f}") for at, rate in rates if rate is not None]
    if overall and len(found) != 1:
        found["all completions"] = overall
        figure.add_traces(traces("all completions", overall, OVERALL, window_of(run)))
    panels, axis = _weights(run), "weight (%)"
    below = "the weights of the curriculum."
    if not panels:
        panels, axis = _draws(run), "completions (%)"
        below = "the share of completions in each band (this curriculum has no weights per band)."
    listed = set(found)
    height = RATES_HEIGHT + len(panels) * (PANEL_HEIGHT + GAP)
    for index, (scope, shares) in enumerate(panels.items()):
        top = 1 - (RATES_HEIGHT + GAP + index * (PANEL_HEIGHT + GAP)) / height
        name = f"yaxis{index + 2}"
        figure.add_traces(_stacked(shares, f"y{index + 2}", listed))
        listed |= {name for span in shares for name in span.parts}
        figure.update_layout(
            {name: {"title": f"{axis}{f'<br>{escape(scope)}' if scope else ''}", "range": [0, 1], "dtick": 0.5,
                    "tickformat": ".0%", "domain": [max(0.0, top - PANEL_HEIGHT / height), top]}}
        )  # fmt: skip
    figure.update_layout(
        height=height,
        barmode="stack",
        bargap=0,
        showlegend=True,
        xaxis={**_steps_axis(run), "anchor": f"y{len(panels) + 1}" if panels else "y"},
        yaxis={**PASS_RATE_AXIS, "domain": [1 - RATES_HEIGHT / height, 1]},
    )
    about = "Share of completions that pass every rewarded test, by the band of the problem before training."
    about += f" Below, over the same steps: {below}" if panels else ""
    return _curve("bands", "Pass rate by band", about, found, figure, wide=True)


def _weights(run: TrainingRun) -> dict[str, list[Shares]]:
    """Return the weights of the curriculum's cells, by environment ("" for all); empty if there is only one cell."""
    panels: defaultdict[str, list[Shares]] = defaultdict(list)
    for start, step in _spans(run.steps):
        for scope, names in groupby(sorted(step.weights), key=lambda name: name.rpartition("/")[0]):
            panels[scope].append(
                Shares(start, step.step, {name.rpartition("/")[2]: step.weights[name] for name in names})
            )
    cells = {cell for shares in panels.values() for span in shares for cell in span.parts}
    return dict(sorted(panels.items())) if cells - UNDIVIDED else {}


def _draws(run: TrainingRun) -> dict[str, list[Shares]]:
    """Return the share of completions in each band; empty if there is only one band."""
    shares = []
    for start, step in _spans(run.steps):
        counts = {band: tally.attempts for band, tally in step.by_band.items() if tally.attempts}
        if counts:
            total = sum(counts.values())
            shares.append(Shares(start, step.step, {band: count / total for band, count in counts.items()}))
    return {"": shares} if len({band for span in shares for band in span.parts}) > 1 else {}


def _stacked(shares: Sequence[Shares], axis: str, listed: Container[str]) -> list[go.Bar]:
    """Draw bars over the steps that they stand for. Names in ``listed`` are in the legend already."""
    names = sorted({name for span in shares for name in span.parts}, key=group_order)
    bars = []
    for name in names:
        look = look_of(name, names)
        bars.append(
            go.Bar(
                name=escape(name),
                legendgroup=escape(name),
                showlegend=name not in listed,
                x=[span.start for span in shares],
                width=[span.end - span.start for span in shares],
                offset=0,
                y=[span.parts.get(name, 0.0) for span in shares],
                yaxis=axis,
                marker={
                    "color": look.colour,
                    "line": {"width": 0},
                    "pattern": {
                        "shape": look.hatch,
                        "fillmode": "overlay",
                        "fgcolor": "#ffffff",
                        "size": 6,
                        "solidity": 0.2,
                    },
                },
                customdata=[f"steps {span.start + 1} to {span.end}" for span in shares],
                hovertemplate=f"%{{customdata}}: %{{y:.0%}}<extra>{escape(name)}</extra>",
            )
        )
    return bars


def _held_out(run: TrainingRun) -> Curve | None:
    """Draw the first kind of evaluation over training; None with fewer than three evaluations."""
    taken = run.evaluated[0] if run.evaluated else []
    if len({evaluation.step for evaluation in taken}) < 3:
        return None
    groups = sorted({name for m in taken for name, score in m.groups.items() if score.problems}, key=group_order)
    figure = go.Figure()
    found = {}
    for group in groups:
        scores = [(m.step, m.groups[group]) for m in taken if group in m.groups and m.groups[group].problems]
        found[group] = [Point(at, s.pass_at_1, f"{s.pass_at_1:.2f} over {s.problems:,} problems") for at, s in scores]
        (line,) = traces(group, found[group], OVERALL if group == "all" else look_of(group, groups), 1)
        line.error_y = {
            "type": "data",
            "symmetric": False,
            "thickness": 1,
            "width": 3,
            "array": [score.high - score.pass_at_1 for _, score in scores],
            "arrayminus": [score.pass_at_1 - score.low for _, score in scores],
        }
        figure.add_trace(line)
    figure.update_layout(
        height=270, showlegend=True, xaxis=_steps_axis(run), yaxis={**PASS_RATE_AXIS, "title": "pass@1, held out"}
    )
    about = "Evaluated during training, always on the same problems. Error bars are 95% intervals over problems."
    return _curve("held-out", "Held-out problems", about, found, figure, wide=True)


def _drawn(found: Mapping[str, Sequence[Point]], names: Sequence[str], window: int) -> go.Figure:
    figure = go.Figure()
    for name, points in found.items():
        figure.add_traces(traces(name, points, look_of(name, names), window))
    return figure


def _tallied(steps: Iterable[Step], read: Callable[[Step], Mapping[str, Tally]]) -> dict[str, list[Point]]:
    """Return pass rates by group, in the order of groups. Steps without a scored completion of a group are left out."""
    found: defaultdict[str, list[Point]] = defaultdict(list)
    for step in steps:
        for name, tally in read(step).items():
            if tally.attempts:
                found[name].append(tally_point(step.step, tally))
    return {name: found[name] for name in sorted(found, key=group_order)}


def _spans(steps: Iterable[Step]) -> Iterable[tuple[int, Step]]:
    """Yield each record with the step of the record before it."""
    before = 0
    for step in steps:
        yield before, step
        before = step.step


def _steps_axis(run: TrainingRun) -> dict[str, object]:
    end = max(1, run.done)
    ticks = {"dtick": 1} if end <= 6 else {"tickformat": ",d"}
    return {
        "title": {"text": "step", "standoff": 6},
        "range": [-0.015 * end, 1.015 * end],
        "showgrid": False,
        **ticks,
    }


def _curve(
    key: str, title: str, about: str, found: Mapping[str, Sequence[Point]], figure: go.Figure, *, wide: bool = False
) -> Curve | None:
    if not found:
        return None
    figure.update_layout(template="none")
    ends = "; ".join(f"{name}: first {points[0].tip}, last {points[-1].tip}" for name, points in found.items())
    return Curve(key, title, about, ends, figure.to_json(), wide)
