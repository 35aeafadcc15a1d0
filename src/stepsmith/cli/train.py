"""``stepsmith train``: SFT and RL on verified problems."""

import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from stepsmith.cli.executor import Servers
from stepsmith.cli.report import try_report
from stepsmith.cli.resuming import resumable
from stepsmith.cli.training_progress import training_display
from stepsmith.cluster.fleet.shared import split_urls
from stepsmith.core.errors import ConfigError, SettingError
from stepsmith.pipeline.training import train
from stepsmith.store.folder_lock import CONFIG
from stepsmith.store.json_lines import read_lines
from stepsmith.store.training_log import EVAL_RESULTS, MODEL, EvalResult, Score, Training
from stepsmith.train.corpus import problems_of
from stepsmith.train.settings import Stage, TrainConfig, load_training, presets, with_overrides

train_app = typer.Typer(help="Train a model on verified problems: SFT, then RL.", no_args_is_help=True)

ConfigName = Annotated[
    str, typer.Argument(metavar="CONFIG", help="Name of a preset (see `train presets`), or FILE.toml.")
]
Model = Annotated[
    str | None, typer.Option(help="Model to start from: a folder of `train sft`, or the folder or hub name of a model.")
]
Problems = Annotated[
    list[str] | None,
    typer.Option(
        help="Problems to train on: a folder of `synth` or a Parquet file, in addition to the exercises of the "
        "configuration. Can be given several times."
    ),
]
Steps = Annotated[int | None, typer.Option(min=1, help="Number of optimiser steps.")]
Seed = Annotated[
    int | None, typer.Option(help="Number that decides all random choices: weights, order of problems, samples.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change any other setting: --set rl.groups=8. Can be given several times."
    ),
]
Threads = Annotated[int | None, typer.Option(min=1, help="Number of CPU threads that torch uses.")]
NoExercises = Annotated[bool, typer.Option("--no-exercises", help="Train without the exercises of the configuration.")]
Resume = Annotated[bool, typer.Option("--resume", help="Continue from the last checkpoint in --out.")]


@train_app.command(name="presets")
def presets_() -> None:
    """List the configurations that ship with Stepsmith."""
    table = Table("name", "what it is", box=None, pad_edge=False)
    for name, config in presets().items():
        table.add_row(name, config.about)
    Console(highlight=False).print(table)


@train_app.command()
def sft(
    config: ConfigName,
    model: Model = None,
    problems: Problems = None,
    no_exercises: NoExercises = False,
    steps: Steps = None,
    seed: Seed = None,
    settings: Settings = None,
    threads: Threads = None,
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("runs/sft"),
    resume: Resume = False,
) -> None:
    """Fine-tune a model on golden solutions (SFT)."""
    _run(_config("sft", config, model, problems, no_exercises, steps, seed, settings, threads, {}), out, resume=resume)


@train_app.command()
def rl(
    config: ConfigName,
    model: Model = None,
    problems: Problems = None,
    no_exercises: NoExercises = False,
    curriculum: Annotated[
        str | None, typer.Option(help="Name of a curriculum from `stepsmith curriculum list`.")
    ] = None,
    steps: Steps = None,
    seed: Seed = None,
    settings: Settings = None,
    threads: Threads = None,
    backend: Annotated[
        Literal["trl", "verl"],
        typer.Option(help="Trainer: trl trains on this machine; verl on a cluster (--render-only)."),
    ] = "trl",
    render_only: Annotated[
        bool, typer.Option("--render-only", help="With verl: only write the files that a training needs.")
    ] = False,
    judge: Servers = None,
    judge_url: Annotated[
        str, typer.Option(help="With verl: address of the judge server (`stepsmith judge serve`).")
    ] = "http://127.0.0.1:8089",
    out: Annotated[Path, typer.Option(help="Output folder.")] = Path("runs/rl"),
    resume: Resume = False,
) -> None:
    """Train a model with verifiable rewards (GRPO); a curriculum chooses the problems."""
    changes: dict[str, object] = {"rl": {"curriculum": curriculum}} if curriculum else {}
    if judge:
        changes = {**changes, "runtime": {"judges": list(split_urls(judge))}}
    configured = _config("rl", config, model, problems, no_exercises, steps, seed, settings, threads, changes)
    if backend == "verl":
        _render(configured, out, judge_url, render_only=render_only)
    elif render_only:
        raise ConfigError("--render-only needs --backend verl")
    else:
        _run(configured, out, resume=resume)


def _config(
    stage: Stage,
    name: str,
    model: str | None,
    problems: list[str] | None,
    no_exercises: bool,
    steps: int | None,
    seed: int | None,
    settings: list[str] | None,
    threads: int | None,
    changes: dict[str, object],
) -> TrainConfig:
    """Return the configuration with the options of the command line applied; ``--set`` comes last."""
    config = with_overrides(load_training(name), {"stage": stage} | changes)
    flat = {"model": {"path": _model_folder(model)} if model else None, "seed": seed}
    config = with_overrides(config, {key: value for key, value in flat.items() if value is not None})
    if threads is not None:
        config = with_overrides(config, {"runtime": {"threads": threads}})
    if steps:
        config = with_overrides(config, {stage: {"steps": steps}})
    if problems:
        config = with_overrides(config, {"data": {"problems": problems}})
    if no_exercises:
        config = with_overrides(config, {stage: {"exercises": None}})
    for setting in settings or ():
        try:
            config = with_overrides(config, _parsed(setting))
        except SettingError as error:
            raise ConfigError(f"--set {setting}: {error.what}") from None
    return config


def _parsed(setting: str) -> dict[str, object]:
    """Parse KEY=VALUE as a line of TOML; a bare word is taken as text."""
    key, equals, value = setting.partition("=")
    if not equals:
        raise ConfigError(f"--set {setting}: give KEY=VALUE, for example --set rl.groups=8")
    for text in (value, msgspec.json.encode(value).decode()):
        try:
            return msgspec.toml.decode(f"{key.strip()} = {text}", type=dict[str, object])
        except msgspec.DecodeError:
            continue
    raise ConfigError(f"--set {setting}: the value is not valid TOML")


def _model_folder(given: str) -> str:
    """Return the folder of the model; for the folder of a training run, the model inside it."""
    if given.startswith(("/", "./", "../", "~")) and not Path(given).expanduser().exists():
        raise ConfigError(f"--model {given}: there is no such folder; give one, or the name of a Hugging Face model")
    inside = Path(given) / MODEL
    return str(inside) if inside.is_dir() else given


def _run(config: TrainConfig, out: Path, *, resume: bool) -> None:
    # Waiting threads must not use the processor that the judge needs. This must be set before torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    console = Console(quiet=os.environ.get("RANK", "0") != "0")  # of several processes only the first prints
    kept = f"Everything up to the last checkpoint is safe in {out}"
    with resumable(console, out / CONFIG, kept), training_display(console) as observer:
        done = train(config, out, observer, resume=resume)
    if not console.quiet:
        _summary(console, done, out)
        try_report(console, out)


def _summary(console: Console, done: Training, out: Path) -> None:
    console.print(
        f"{done.stage.upper()}: {done.steps} steps over {done.problems} problems in {done.seconds:.0f} s on "
        f"{done.device}; {done.parameters / 1e6:.2f}M parameters.",
        soft_wrap=True,
        highlight=False,
    )
    for reason, count in done.left_out.items():
        console.print(f"Left out: {count} ({reason}).", highlight=False)
    path = out / EVAL_RESULTS
    measured = list(read_lines(path, EvalResult)) if path.exists() else []
    if measured:
        console.print(_before_and_after(measured[0], measured[-1]))
    console.print(f"Model: {out / MODEL}", soft_wrap=True, highlight=False)


def _before_and_after(first: EvalResult, last: EvalResult) -> Table:
    kind = "greedy" if not last.temperature else f"temperature {last.temperature:g}"
    table = Table("held-out problems", "number", "before", "after (95% interval)", title=f"pass@1, {kind}", box=None)
    for column in table.columns[1:]:
        column.justify = "right"
    for name, score in last.groups.items():
        before = first.groups.get(name) if first.step != last.step else None
        shown = f"{score.pass_at_1:.3f} ({score.low:.3f} to {score.high:.3f})"
        table.add_row(name, str(score.problems), _rate(before), shown)
    return table


def _rate(score: Score | None) -> str:
    return f"{score.pass_at_1:.3f}" if score else "-"


def _render(config: TrainConfig, out: Path, judge_url: str, *, render_only: bool) -> None:
    from stepsmith.train.verl import render

    if not render_only:
        raise ConfigError(
            "verl is started on its own cluster; add --render-only to write its data, reward and launch script"
        )
    people = list(problems_of(config.data.real))
    problems = [*problems_of(config.data.problems), *people]
    files = render(config, problems, out, judge_url, real=[problem.id for problem in people])
    console = Console()
    for file in files:
        console.print(str(file), soft_wrap=True, highlight=False)
