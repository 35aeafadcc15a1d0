"""``stepsmith eval`` beside other tools: their rules, their files of samples and results, and a task of inspect_ai."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from stepsmith.benchmarks.data import load_benchmark, within
from stepsmith.benchmarks.rules.answers import chosen_rules
from stepsmith.benchmarks.rules.rule_sets import RULE_SETS, rule_set
from stepsmith.cli.evaluate import AllowUnsafe, BenchmarkName, Data, Extraction, Since, Until, Workers, eval_app
from stepsmith.cli.progress import bar_columns
from stepsmith.cluster.opening import open_judge
from stepsmith.core.errors import CaseError
from stepsmith.evaluate.evaluation import read_evaluation
from stepsmith.evaluate.inspect_task import write_inspect_task
from stepsmith.evaluate.library import find_benchmark
from stepsmith.evaluate.lm_eval import write_lm_eval_results
from stepsmith.evaluate.reconciling import (
    RuleScore,
    RuleVerdict,
    has_tests,
    reconcile,
    reconcile_answers,
    scores,
    write_verdicts,
)
from stepsmith.evaluate.samples import ModelSample, read_samples, write_answer_lists
from stepsmith.evaluate.scoring import AS_IT_IS, answers_of
from stepsmith.evaluate.session import scoring_session
from stepsmith.store.folder_lock import explained
from stepsmith.store.progress import ProgressFile

SHOWN = 10  # differences that are printed; the file has all
MOST_LINE = 64_000_000  # characters of a line that ``answer`` reads
SamplesFile = Annotated[
    Path, typer.Argument(help="Samples: task_id and reply or solution, or question_id and code_list.")
]


@eval_app.command(name="reconcile")
def reconcile_(
    samples: SamplesFile,
    benchmark: BenchmarkName,
    out: Annotated[Path | None, typer.Option(help="Folder for all verdicts. Default: SAMPLES-reconciled.")] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option(help=f"Rule sets, the reference first: {', '.join(RULE_SETS)}. Default: all of them."),
    ] = None,
    data: Data = None,
    partial: Annotated[bool, typer.Option("--partial", help="Allow problems without samples.")] = False,
    since: Since = "",
    until: Until = "",
    workers: Workers = None,
    allow_unsafe: AllowUnsafe = False,
) -> None:
    """Score the same samples by the rules of several harnesses, and say why verdicts differ."""
    sets = [rule_set(name) for name in dict.fromkeys(rules or RULE_SETS)]
    found = within(load_benchmark(find_benchmark(benchmark), data), since, until)
    lists = has_tests(found)
    answer_sets, missing = (
        ([], {})
        if lists
        else chosen_rules(found.benchmark, found.problems, [one.name for one in sets] if rules else ())
    )
    given = read_samples(samples, found, partial=partial)
    console = Console(stderr=True)
    count = workers or len(os.sched_getaffinity(0))
    place = out or samples.with_name(samples.name.partition(".")[0] + "-reconciled")
    with explained(place):
        place.mkdir(parents=True, exist_ok=True)
    with (
        ProgressFile(place, "reconciliation", "problems", len(given)) as watched,
        open_judge(workers=count, allow_unsafe=allow_unsafe) as (opened, _),
        scoring_session(opened, count, use_cache=False) as session,
        Progress(*bar_columns(), console=console, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task("reconciling", total=len(given), text="")

        def watch(done: int, _: int) -> None:
            watched.update(done=done)
            progress.update(bar, completed=done)

        verdicts = (
            reconcile(
                found, given, sets, session.judge,
                workers=count, time_factor=session.harness.time_factor, watch=watch,
            )
            if lists
            else reconcile_answers(
                found, given, answer_sets, session.judge, session.harness, workers=count, watch=watch
            )
        )  # fmt: skip
    path = write_verdicts(place, verdicts)
    _print(Console(highlight=False), scores(verdicts, sets if lists else answer_sets), verdicts)
    for name, why in missing.items():
        console.print(f"{name}: no rules for {found.benchmark.title}: {why}", soft_wrap=True, markup=False)
    console.print(f"All verdicts: {path}", soft_wrap=True, highlight=False, markup=False)


@eval_app.command()
def answer(
    benchmark: BenchmarkName,
    data: Data = None,
    extraction: Extraction = AS_IT_IS,
    allow_unsafe: AllowUnsafe = False,
) -> None:
    """Judge replies from standard input, {task_id, reply} on each line; print a verdict for each, as JSON."""
    found = load_benchmark(find_benchmark(benchmark), data)
    problems = {problem.task_id: problem for problem in found.problems}
    with (
        open_judge(allow_unsafe=allow_unsafe) as (opened, _),
        scoring_session(opened, 1, use_cache=False) as session,
    ):
        for number, sample in _replies():
            problem = problems.get(sample.task_id)
            if problem is None:
                raise CaseError(f"line {number}: {found.benchmark.title} has no task {sample.task_id!r}")
            (taken,) = answers_of(found.benchmark, problem, [sample], extraction)
            if taken is None:
                verdict: dict[str, object] = {"outcome": "no code", "message": "", "passed": False}
            else:
                (judged,) = found.benchmark.judge(session.judge, problem, [taken], session.harness)
                verdict = {**msgspec.to_builtins(judged), "passed": judged.passed}
            print(json.dumps({"task_id": sample.task_id, "answer": taken or "", **verdict}), flush=True)


@eval_app.command()
def task(
    benchmark: BenchmarkName,
    out: Annotated[Path, typer.Option(help="A new folder.")],
    to: Annotated[Literal["inspect"], typer.Option(help="The tool that runs the task.")] = "inspect",
    data: Data = None,
    extraction: Extraction = AS_IT_IS,
) -> None:
    """Write a benchmark as a task of inspect_ai, whose scorer asks Stepsmith for the verdicts."""
    assert to == "inspect"
    found = load_benchmark(find_benchmark(benchmark), data)
    write_inspect_task(out, found, extraction)
    Console(stderr=True).print(
        f"{len(found.problems)} problems; run: cd {out} && inspect eval task.py --model MODEL",
        soft_wrap=True,
        markup=False,
    )


@eval_app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="An evaluation's folder, or a file of samples.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    to: Annotated[
        Literal["lm-eval-results", "livecodebench"],
        typer.Option(help="lm-eval-results: the score of a folder. livecodebench: samples for its custom_evaluator."),
    ],
    benchmark: Annotated[str, typer.Option(help="Name of the benchmark, for samples.")] = "livecodebench",
    data: Data = None,
    extraction: Extraction = AS_IT_IS,
) -> None:
    """Write a score, or samples, as a file of another tool."""
    if to == "lm-eval-results":
        evaluation, _ = read_evaluation(source)
        write_lm_eval_results(out, evaluation)
        return
    found = load_benchmark(find_benchmark(benchmark), data)
    given = read_samples(source, found, partial=True)
    problems = {problem.task_id: problem for problem in found.problems}
    answers = {
        task_id: [text or "" for text in answers_of(found.benchmark, problems[task_id], some, extraction)]
        for task_id, some in given.items()
    }
    programs = any(problem.interface != "text" for problem in found.problems)
    write_answer_lists(out, answers, "code_list" if programs else "pred_list")


def _replies() -> Iterator[tuple[int, ModelSample]]:
    for number, line in enumerate(iter(lambda: sys.stdin.readline(MOST_LINE), ""), 1):
        try:
            row = json.loads(line)
            task_id, reply = row["task_id"], row["reply"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise CaseError(f'line {number}: not a reply; write {{"task_id": ..., "reply": ...}} on one line') from None
        yield number, ModelSample(task_id=str(task_id), text=str(reply), form="reply")


def _print(console: Console, added: list[RuleScore], verdicts: list[RuleVerdict]) -> None:
    reference = added[0].rules.title
    table = Table(
        "rules", "pass@1", "solved", "of", "more", "fewer", f"why not as {reference}", box=None, pad_edge=False
    )
    for one in added:
        reasons = ", ".join(f"{reason} {count}" for reason, count in one.reasons.items())
        table.add_row(
            one.rules.title, f"{one.pass_at_1:.4f}", str(one.passed), str(one.samples), str(one.gained), str(one.lost),
            reasons,
        )  # fmt: skip
    console.print(table)
    unlike = [verdict for verdict in verdicts if verdict.reason]
    for verdict in unlike[:SHOWN]:
        console.print(
            f"{verdict.task_id}, sample {verdict.number}, {verdict.rules}: {verdict.reason}. {verdict.explained}",
            soft_wrap=True, markup=False,
        )  # fmt: skip
    if len(unlike) > SHOWN:
        console.print(f"and {len(unlike) - SHOWN} more", markup=False)
