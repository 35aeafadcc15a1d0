"""The display of a running training: a live Rich display on a terminal, plain lines elsewhere."""

import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from stepsmith.cli.curriculum import LOOK
from stepsmith.cli.progress import LINE_EVERY_S, bar_columns, short_count
from stepsmith.pipeline.training import TrainObserver
from stepsmith.store.training_log import EvalResult, Score, Step, Tally
from stepsmith.train.settings import TrainConfig

SPARKS = "▁▂▃▄▅▆▇█"  # pass rates from 0 to 1
REMEMBERED = 24  # how many of the last records have their pass rates drawn
SHOWN_WARNINGS = 3
SPEED_OVER_S = 600.0  # seconds over which the speed is estimated, because records may be far apart
COLOUR: dict[str, str] = {band: colour for band, (colour, _) in LOOK.items()}


def figures_of(step: Step) -> list[str]:
    """Return the figures of a record as short texts; figures that were not logged are left out."""
    shares = {
        "equal rewards": step.zero_variance,
        "cut off": step.truncated,
        "no answer": step.no_answer,
        "held-back gap": step.held_back_gap,
    }
    plain = {
        "reward": (step.reward, "{:.3f}"),
        "loss": (step.loss if step.stage == "sft" else None, "{:.4f}"),
        "pass rate": (step.pass_rate, "{:.2f}"),
        "entropy": (step.entropy, "{:.3f} nats"),
        "completion": (step.completion_length, "{:.0f} tokens"),
    }
    found = [f"{name} {form.format(value)}" for name, (value, form) in plain.items() if value is not None]
    found += [f"{name} {share:.0%}" for name, share in shares.items() if share is not None]
    if step.judge_s is not None:
        whole = f" of {step.step_s:.1f}" if step.step_s is not None else ""
        found.append(f"judge {step.judge_s:.1f}{whole} s per step")
    if step.tokens is not None:
        found.append(f"{short_count(step.tokens)} tokens seen")
    return found


def groups_of(step: Step) -> Mapping[str, Tally]:
    """Return the pass rates by band, or by number of features if no problem has a band."""
    if set(step.by_band) - {"unrated"}:
        return {band: step.by_band[band] for band in (*LOOK, "unrated") if band in step.by_band}
    return dict(sorted(step.by_length.items(), key=lambda item: (len(item[0]), item[0])))  # "2 features", "10 features"


def eval_text(result: EvalResult) -> str:
    """Return an evaluation in one line: all problems with the interval, then each group."""

    def shown(name: str, score: Score) -> str:
        interval = f" ({score.low:.2f} to {score.high:.2f}, {score.problems} problems)" if name == "all" else ""
        return f"{name} {score.pass_at_1:.3f}{interval}"

    groups = [shown(name, score) for name, score in result.groups.items() if score.problems]
    return f"{result.name}, step {result.step}, pass@1: {' · '.join(groups) or 'nothing measured'}"


class _Plain:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._before = 0
        self._began = 0.0
        self._last_line = float("-inf")
        self._warnings: dict[str, int] = {}  # warnings that are not printed yet -> their step

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        self._before, self._began, self._last_line = done, time.monotonic(), float("-inf")
        before = f", {done} of them done before" if done else ""
        self._line(f"{config.stage}: {steps} steps{before}; {problems} problems, {held_out} held out")

    def stepped(self, step: Step) -> None:
        self._warnings |= dict.fromkeys(step.warnings, step.step)
        now = time.monotonic()
        if now - self._last_line < LINE_EVERY_S and step.step < step.of:
            return
        self._last_line = now
        rates = ", ".join(
            f"{name} {tally.passes / tally.attempts:.2f}" for name, tally in groups_of(step).items() if tally.attempts
        )
        left = (now - self._began) / max(1, step.step - self._before) * (step.of - step.step)
        parts = [f"step {step.step}/{step.of}", *figures_of(step), *([rates] if rates else []), f"{left:.0f} s left"]
        parts += [f"WARNING at step {at}: {text}" for text, at in self._warnings.items()]
        self._warnings.clear()
        self._line(" · ".join(parts))

    def evaluated(self, result: EvalResult) -> None:
        self._line(eval_text(result))

    def note(self, text: str) -> None:
        self._line(text)

    def _line(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)


class _Live:
    """Draws a bar, the figures of the last record, pass rates by group, and the last warnings."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(*bar_columns(), console=console, speed_estimate_period=SPEED_OVER_S)
        self._task = self._progress.add_task("starting", total=None, text="")
        self._last: Step | None = None
        self._rates: dict[str, deque[float]] = {}
        self._warnings: dict[str, int] = {}

    def __rich__(self) -> RenderableType:
        shown: list[RenderableType] = [self._progress]
        if self._last is not None:
            shown.append(Text(" · ".join(figures_of(self._last))))
            if self._rates:
                shown.append(self._table(self._last))
            cells = [f"{name} {weight:.0%}" for name, weight in self._last.weights.items() if name not in self._rates]
            if len(cells) > 1:  # weights of cells that are not bands
                shown.append(Text(f"weights {' · '.join(cells)}"))
        for text, at in list(self._warnings.items())[-SHOWN_WARNINGS:]:
            shown.append(Text(f"⚠ step {at}: {text}", style="yellow"))
        return Group(*shown)

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        self._last, self._rates, self._warnings = None, {}, {}
        text = f"{problems} problems, {held_out} held out"
        self._progress.reset(self._task, total=steps, completed=done, description=config.stage, text=text)

    def stepped(self, step: Step) -> None:
        self._last = step
        for name, tally in groups_of(step).items():
            if tally.attempts:
                history = self._rates.setdefault(name, deque(maxlen=REMEMBERED))
                history.append(tally.passes / tally.attempts)
        for text in step.warnings:
            self._warnings.pop(text, None)  # the latest come last
            self._warnings[text] = step.step
        self._progress.update(self._task, completed=step.step, text="")

    def evaluated(self, result: EvalResult) -> None:
        self._progress.update(self._task, text="")
        self._console.print(eval_text(result), highlight=False, markup=False)

    def note(self, text: str) -> None:
        self._progress.update(self._task, text=text)

    def _table(self, step: Step) -> Table:
        """Return a table of pass rates by group: a drawing of the last records, and the last one; dim if not drawn."""
        now = groups_of(step)
        table = Table.grid(padding=(0, 2))
        bands = [band for band in COLOUR if band in self._rates]
        for name in [*bands, *sorted(self._rates.keys() - COLOUR.keys())]:
            history = self._rates[name]
            line = "".join(SPARKS[min(len(SPARKS) - 1, int(rate * len(SPARKS)))] for rate in history)
            weight = f"weight {step.weights[name]:.0%}" if name in step.weights else ""
            table.add_row(
                name,
                Text(line.rjust(REMEMBERED), style=COLOUR.get(name, "")),
                f"{history[-1]:.2f}",
                weight,
                style="" if name in now else "dim",
            )
        return table


@contextmanager
def training_display(console: Console) -> Iterator[TrainObserver]:
    """Yield an observer of training runs that draws on ``console``."""
    if not console.is_terminal:
        yield _Plain(console)
        return
    display = _Live(console)
    with Live(display, console=console, refresh_per_second=8):
        yield display
