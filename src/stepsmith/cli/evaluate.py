"""``stepsmith eval``: score samples on benchmarks, sample models on them, and compare two scores."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from stepsmith.benchmarks.data import BenchmarkData, drawn, load_benchmark, within
from stepsmith.benchmarks.extraction import EXTRACTIONS
from stepsmith.benchmarks.rows import content_hash
from stepsmith.cli.executor import Executor, Servers
from stepsmith.cli.progress import bar_columns
from stepsmith.cli.report import try_report
from stepsmith.cli.resuming import resumable
from stepsmith.cli.terminal import EXIT_INTERRUPTED
from stepsmith.cluster.connection import LOCAL
from stepsmith.cluster.fleet.shared import split_urls
from stepsmith.cluster.opening import open_judge
from stepsmith.core.errors import ConfigError
from stepsmith.core.stats import wilson_interval
from stepsmith.evaluate.comparing import compare, obstacles
from stepsmith.evaluate.evaluation import (
    NOT_CHECKED,
    SCORED,
    UNKNOWN,
    Evaluation,
    conditions_of,
    read_evaluation,
    write_evaluation,
)
from stepsmith.evaluate.library import LIBRARY, find_benchmark
from stepsmith.evaluate.metrics import Figures, metrics_of
from stepsmith.evaluate.samples import ModelSample, counts_text, read_samples
from stepsmith.evaluate.scoring import AS_IT_IS, ScoringProgress
from stepsmith.evaluate.session import scoring_session
from stepsmith.llm.records import Sampling
from stepsmith.pipeline.config import load_config, with_changes
from stepsmith.pipeline.evaluating import sample_benchmark
from stepsmith.store.folder_lock import explained
from stepsmith.store.progress import ProgressFile

eval_app = typer.Typer(help="Score models on benchmarks by the official rules, and compare them.", no_args_is_help=True)
SHOWN_FLIPS = 10

BenchmarkName = Annotated[str, typer.Option(help="Name of the benchmark; `stepsmith eval list` shows them.")]
Data = Annotated[
    Path | None,
    typer.Option(help="The benchmark's file, or the folder that holds it. Default: the folder in STEPSMITH_DATA."),
]
Extraction = Annotated[
    str,
    typer.Option(
        help="How an answer is taken out of a sample: official (as the official harness does), "
        + ", ".join(EXTRACTIONS)
        + ". A reply of a chat model is read by the benchmark's own rule unless another one is given."
    ),
]
TrainedOn = Annotated[
    Path | None,
    typer.Option(help="Problems that the model was trained on: the benchmark is looked for among them."),
]
Since = Annotated[str, typer.Option(help="Only problems published on this date or later: 2024-10 or 2024-10-15.")]
Until = Annotated[str, typer.Option(help="Only problems published on this date or before.")]
Subset = Annotated[
    int | None,
    typer.Option(min=1, help="Only so many problems, drawn at random: always the same ones."),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Number of judges. Default: one per core.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Judge again what was judged before.")]
Vote = Annotated[
    bool,
    typer.Option("--vote", help="Also score one sample per problem, chosen by majority and by `verify`'s consensus."),
]
AllowUnsafe = Annotated[
    bool, typer.Option("--allow-unsafe", help="Run untrusted programs even if they cannot be confined here (L0).")
]


@eval_app.command(name="list")
def list_() -> None:
    """List the benchmarks, with the files that they need."""
    table = Table(box=None, pad_edge=False)
    for column in ("name", "file", "problems", "release"):
        table.add_column(column, no_wrap=column in ("name", "file"))  # who copies them needs them whole
    for benchmark in LIBRARY.values():
        if not benchmark.files:
            table.add_row(benchmark.name, "any", "any", "")
        for file in benchmark.files:
            table.add_row(benchmark.name, file.name, str(file.problems or "any"), file.release)
    Console(highlight=False).print(table)


@eval_app.command()
def score(
    benchmark: BenchmarkName,
    samples: Annotated[
        Path,
        typer.Option(help="Samples, one JSON object a line: task_id, and completion, solution or reply."),
    ],
    out: Annotated[Path | None, typer.Option(help="Output folder. Default: the name of the samples file.")] = None,
    data: Data = None,
    extraction: Extraction = AS_IT_IS,
    partial: Annotated[
        bool, typer.Option("--partial", help="Allow problems without samples, and different numbers of samples.")
    ] = False,
    model: Annotated[str, typer.Option(help="Name of the model that made the samples, for the manifest.")] = UNKNOWN,
    trained_on: TrainedOn = None,
    since: Since = "",
    until: Until = "",
    vote: Vote = False,
    workers: Workers = None,
    executor: Executor = None,
    judge: Servers = None,
    no_cache: NoCache = False,
    allow_unsafe: AllowUnsafe = False,
) -> None:
    """Score samples that somebody made. Writes OUT/evaluation.json, OUT/scored.jsonl and OUT/report.html."""
    found = within(load_benchmark(find_benchmark(benchmark), data), since, until)
    given = read_samples(samples, found, partial=partial)
    place = out or samples.with_name(samples.name.partition(".")[0] + f"-{benchmark}")
    _check_folder(place)
    try:
        _score(
            found, given, place, extraction, trained_on, workers, executor, judge, vote=vote, no_cache=no_cache,
            allow_unsafe=allow_unsafe,
            window=_window(since, until), model=model, samples_sha256=content_hash(samples),
        )  # fmt: skip
    except KeyboardInterrupt:
        kept = "Nothing is kept (--no-cache)" if no_cache else "Verdicts so far are kept; go on with the same command"
        _say(Console(stderr=True), f"\nStopped. {kept}")
        raise typer.Exit(EXIT_INTERRUPTED) from None


@eval_app.command()
def run(
    benchmark: BenchmarkName,
    model: Annotated[
        str,
        typer.Option(help=r"The model: an address (URL or URL#MODEL), a \[models.NAME] of --config, or a folder."),
    ],
    out: Annotated[Path, typer.Option(help="Output folder.")],
    n: Annotated[int, typer.Option("--n", min=1, help="Samples for each problem.")] = 1,
    temperature: Annotated[float | None, typer.Option(min=0.0, help="Default: the server's.")] = None,
    top_p: Annotated[float | None, typer.Option(min=0.0, max=1.0, help="Default: the server's.")] = None,
    max_tokens: Annotated[int, typer.Option(min=1, help="Most tokens of a completion.")] = 16_384,
    seed: Annotated[int | None, typer.Option(help="Seed that is sent with each request.")] = None,
    config: Annotated[Path | None, typer.Option(help=r"TOML configuration with \[models.NAME] and prices.")] = None,
    dtype: Annotated[
        Literal["float32", "bfloat16"], typer.Option(help="Precision in which a model on disk computes.")
    ] = "float32",
    budget: Annotated[
        str | None, typer.Option(help='The most that the model may cost, over all resumptions: "5 USD" or "2M tokens".')
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue the unfinished evaluation in --out.")] = False,
    data: Data = None,
    extraction: Extraction = AS_IT_IS,
    trained_on: TrainedOn = None,
    subset: Subset = None,
    since: Since = "",
    until: Until = "",
    vote: Vote = False,
    workers: Workers = None,
    executor: Executor = None,
    judge: Servers = None,
    no_cache: NoCache = False,
    allow_unsafe: AllowUnsafe = False,
) -> None:
    """Sample a model on a benchmark and score the samples. OUT/samples.jsonl has the samples."""
    found = drawn(within(load_benchmark(find_benchmark(benchmark), data), since, until), subset)
    _check_folder(out)
    settings = with_changes(load_config(config), workers=None, allow_unsafe=None, budget=budget, synth={})
    sampling = Sampling(temperature=temperature, top_p=top_p, max_tokens=max_tokens, seed=seed)
    console = Console(stderr=True)
    with resumable(console, out / "asked.json", f"Samples are safe in {out}"):
        with Progress(*bar_columns(), console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("sampling", total=len(found.problems), text="")
            answers = sample_benchmark(
                found, model, n, sampling, settings, out, resume=resume, dtype=dtype,
                watch=lambda done: progress.update(task, completed=done),
            )  # fmt: skip
        if answers.tokens:
            _say(console, f"{answers.tokens:,} tokens, ${answers.usd:.4f}")
        _score(
            found, answers.samples, out, extraction, trained_on, workers, executor, judge, vote=vote,
            no_cache=no_cache, allow_unsafe=allow_unsafe,
            window=_window(since, until), model=answers.asked.model, sampling=answers.asked.sampling,
            prompt_hash=answers.asked.prompt_hash, samples_sha256=content_hash(out / "samples.jsonl"),
        )  # fmt: skip


@eval_app.command(name="compare")
def compare_(
    first: Annotated[Path, typer.Argument(metavar="A", help="Folder of an evaluation.")],
    second: Annotated[Path, typer.Argument(metavar="B", help="Folder of another one.")],
) -> None:
    """Compare two scores, problem by problem. Scores that must not be compared are refused, with the reasons."""
    (a, of_a), (b, of_b) = read_evaluation(first), read_evaluation(second)
    if reasons := obstacles(a.conditions, b.conditions):
        raise ConfigError(f"{first} and {second} must not be compared; they differ in " + "; ".join(reasons))
    found = compare((a.conditions, of_a), (b.conditions, of_b))
    console = Console(highlight=False)
    test = found.test
    interval = f" (95%: {test.interval[0]:+.4f} to {test.interval[1]:+.4f})" if test.interval else ""
    p = f", p = {test.p:.3g}" if test.p is not None else ""
    _say(console, f"{a.conditions.title}, {test.n} problems, {a.conditions.samples_per_problem} samples each")
    _say(console, f"A {found.first:.4f}  {a.conditions.model}")
    _say(console, f"B {found.second:.4f}  {b.conditions.model}")
    _say(console, f"B - A: {test.mean:+.4f}{interval}{p} (paired t test over problems)")
    _say(console, f"B is better on {test.positive} problems, A on {test.negative}, equal on the others")
    for task_id, share_a, share_b in found.flipped[:SHOWN_FLIPS]:
        _say(console, f"  {task_id}: {share_a:.3f} against {share_b:.3f}")
    if found.doubts:
        _say(console, f"not known: {'; '.join(found.doubts)}")


def _check_folder(place: Path) -> None:
    if place.exists() and not place.is_dir():
        raise ConfigError(f"--out {place} is a file; give a folder")


def _window(since: str, until: str) -> str:
    return f"{since or 'the first'} to {until or 'the last'}" if since or until else ""


def _score(
    data: BenchmarkData,
    samples: dict[str, list[ModelSample]],
    out: Path,
    extraction: str,
    trained_on: Path | None,
    workers: int | None,
    executor: str | None,
    servers: str | None,
    *,
    vote: bool,
    no_cache: bool,
    allow_unsafe: bool,
    window: str,
    model: str,
    samples_sha256: str,
    sampling: dict[str, str] | None = None,
    prompt_hash: str = UNKNOWN,
) -> None:
    """Score samples, write the evaluation, and print its figures."""
    contamination = NOT_CHECKED
    if trained_on is not None:
        from stepsmith.evaluate.contamination import find_trained_on  # needs the extra ``curate``

        contamination = find_trained_on(data, trained_on).text(len(data.problems))
    console = Console(stderr=True)
    count = workers or len(os.sched_getaffinity(0))
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    with (
        ProgressFile(out, "evaluation", "samples", sum(map(len, samples.values()))) as watched,
        open_judge(executor or LOCAL, count, allow_unsafe=allow_unsafe, servers=split_urls(servers)) as (opened, most),
        scoring_session(opened, most, use_cache=not no_cache) as session,
    ):
        with _display(console, watched) as watch:
            scored = session.score(data, samples, extraction, watch)
        votes = session.votes(data, samples, scored, extraction) if vote else None
        conditions = conditions_of(
            data, list(samples), session.harness, session.judge.isolation,
            extraction=data.benchmark.extraction if extraction == AS_IT_IS and _replies(samples) else extraction,
            samples_per_problem=counts_text([len(some) for some in samples.values()]),
            samples_sha256=samples_sha256, model=model, sampling=sampling, prompt_hash=prompt_hash,
            contamination=contamination, window=window,
        )  # fmt: skip
    evaluation = Evaluation(conditions=conditions, metrics=metrics_of(data.problems, scored), votes=votes)
    write_evaluation(out, evaluation, scored)
    _print(Console(highlight=False), evaluation)
    try_report(console, out)
    _say(console, f"Figures: {out / 'evaluation.json'}; verdicts: {out / SCORED}")


def _replies(samples: dict[str, list[ModelSample]]) -> bool:
    return any(sample.form == "reply" for some in samples.values() for sample in some)


@contextmanager
def _display(console: Console, watched: ProgressFile) -> Iterator["ScoringDisplay"]:
    """Show a bar with the running estimate of pass@1 and its interval over the problems that are done."""
    with Progress(*bar_columns(), console=console, disable=not console.is_terminal) as progress:
        yield ScoringDisplay(progress, watched)


class ScoringDisplay:
    """Called with the progress of scoring."""

    def __init__(self, progress: Progress, watched: ProgressFile) -> None:
        self._progress, self._watched = progress, watched
        self._task = progress.add_task("scoring", total=None, text="")

    def __call__(self, seen: ScoringProgress) -> None:
        """Update the bar and the run's file."""
        self._watched.update(done=seen.done, of=seen.total)
        shares = [passed / judged for passed, judged in seen.tallies.values()]
        text = ""
        if shares:
            low, high = wilson_interval(sum(shares), len(shares))
            text = f"pass@1 {sum(shares) / len(shares):.3f} ({low:.3f} to {high:.3f}) after {len(shares)} problems"
        self._progress.update(self._task, completed=seen.done, total=seen.total, text=text)


def _print(console: Console, evaluation: Evaluation) -> None:
    conditions, metrics = evaluation.conditions, evaluation.metrics
    whole = metrics.all
    release = "" if conditions.release == "unknown" else f" {conditions.release}"
    _say(
        console,
        f"{conditions.title}{release}: {whole.problems} of {conditions.problems} problems, {whole.samples} samples "
        f"({conditions.samples_per_problem} per problem), {conditions.isolation}, time x{conditions.time_factor:g}",
    )
    table = Table("", *(f"pass@{k}" for k in whole.pass_at_k), "avg", "error", "95%", box=None, pad_edge=False)
    for name, figures in {"score": whole, **metrics.parts}.items():
        table.add_row(name, *_cells(figures))
    for values in metrics.groups.values():
        for value, figures in list(values.items())[:20]:
            cells = _cells(figures)
            table.add_row(value, *(cells if len(cells) == len(table.columns) - 1 else [""] * (len(table.columns) - 1)))
    console.print(table)
    outcomes = ", ".join(f"{name} {one.count} ({one.share:.1%})" for name, one in metrics.outcomes.items())
    _say(console, outcomes)
    if votes := evaluation.votes:
        _say(
            console,
            f"one sample per problem: majority {votes.majority:.4f}, consensus {votes.best:.4f} "
            f"({votes.problems} problems with inputs and several samples)",
        )
    _say(console, conditions.contamination)


def _cells(figures: Figures) -> list[str]:
    return [
        *(f"{value:.4f}" for value in figures.pass_at_k.values()),
        f"{figures.average:.4f}",
        f"{figures.standard_error:.4f}",
        f"{figures.low:.4f} to {figures.high:.4f}",
    ]


def _say(console: Console, line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
