"""A small model on one GPU, before and after: `python benchmarks/gpu/smollm2.py --model M --problems RUN... --out DIR`.

Measures the model, trains it by SFT and then by RL as the preset says, measures after each, and writes DIR/report.md
and DIR/report.json. Run again with the same words, it goes on where it was stopped. See README.md beside it.
"""

import argparse
import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import torch
from suites import Result, Task, crux_eval, human_eval, reference, score

from stepsmith.judge.pool import JudgePool
from stepsmith.pipeline.training import train
from stepsmith.store.folder_lock import CONFIG, write_whole
from stepsmith.store.training_log import EVAL_RESULTS, METRICS, MODEL, EvalResult, Score, Step, Training, read_log
from stepsmith.train.policy import Form, Policy
from stepsmith.train.running import quiet_libraries
from stepsmith.train.settings import Stage, TrainConfig, load_training, with_overrides

WHEN = ("before", "after SFT", "after RL")
Results = dict[str, dict[str, Result]]  # by when, by benchmark


class Cost(msgspec.Struct, frozen=True):
    """What one stage took. Tokens are those that were trained on: prompts and replies."""

    steps: int
    seconds: float  # in training alone: without measuring, rating and making problems
    tokens: float
    tokens_per_s: float
    judge_wait_share: float | None  # of the training time; None where nothing is judged
    generate_share: float | None
    peak_memory_mb: float


class Report(msgspec.Struct, frozen=True):
    """All of it."""

    model: str
    device: str
    config: TrainConfig
    versions: dict[str, str]
    held_out: dict[str, list[Score]]  # by group of problems, in the order of WHEN
    suites: Results
    costs: dict[Stage, Cost]


class Printer:
    """Says what happens, a line at a time."""

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        print(f"{config.stage}: {problems} problems, {held_out} held out, step {done} of {steps}", flush=True)

    def stepped(self, step: Step) -> None:
        told = {"loss": step.loss, "reward": step.reward, "pass rate": step.pass_rate, "cut off": step.truncated}
        figures = ", ".join(f"{name} {value:.3f}" for name, value in told.items() if value is not None)
        print(f"{step.stage} {step.step}/{step.of}  {figures}  {step.seconds:.0f} s", flush=True)

    def measured(self, measurement: EvalResult) -> None:
        found = measurement.groups["all"]
        print(
            f"held out, step {measurement.step}: {found.pass_at_1:.3f} [{found.low:.3f}, {found.high:.3f}]", flush=True
        )

    def note(self, text: str) -> None:
        print(text, flush=True)


def main() -> None:
    words = arguments()
    words.out.mkdir(parents=True, exist_ok=True)
    quiet_libraries()
    base = with_overrides(load_training(words.config), {"data": {"problems": words.problems}})
    suites = chosen_suites(words)
    done: dict[Stage, Training] = {}
    results = Suites(words.out / "suites.json", suites, base)
    results.measure("before", words.model)
    path = words.model
    for stage, when in (("sft", "after SFT"), ("rl", "after RL")):
        done[stage] = run_stage(with_overrides(base, {"stage": stage, "model": {"path": path}}), words.out / stage)
        path = str(words.out / stage / MODEL)
        results.measure(when, path)
    report = Report(
        model=words.model,
        device=device(),
        config=base,
        versions=done["rl"].versions,
        held_out=held_out(words.out),
        suites=results.found,
        costs={stage: cost(words.out / stage, training) for stage, training in done.items()},
    )
    write_whole(words.out / "report.json", msgspec.json.format(msgspec.json.encode(report), indent=1))
    write_whole(words.out / "report.md", table(report).encode())
    print(table(report))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder or hub name of an instruct model")
    parser.add_argument("--problems", nargs="*", default=[], help="folders of `stepsmith synth` or Parquet files")
    parser.add_argument("--config", default="smollm2", help="a training preset or a TOML file")
    parser.add_argument("--human-eval", type=Path, help="HumanEval.jsonl.gz")
    parser.add_argument("--crux-eval", type=Path, help="cruxeval.jsonl")
    parser.add_argument("--tasks", type=int, default=0, help="of each benchmark, at most (0: all); for trying out")
    parser.add_argument("--out", type=Path, required=True, help="a folder for both runs and the report")
    return parser.parse_args()


def chosen_suites(words: argparse.Namespace) -> dict[str, list[Task]]:
    suites: dict[str, list[Task]] = {}
    if words.human_eval:
        suites["HumanEval"] = human_eval(words.human_eval)
    if words.crux_eval:
        suites["CRUXEval output"] = crux_eval(words.crux_eval, "deduction")
        suites["CRUXEval input"] = crux_eval(words.crux_eval, "abduction")
    return {name: tasks[: words.tasks or None] for name, tasks in suites.items()}


class Suites:
    """Results on public benchmarks, kept in a file as they come."""

    def __init__(self, file: Path, suites: dict[str, list[Task]], config: TrainConfig) -> None:
        self.file, self.suites, self.config = file, suites, config
        self.found: Results = msgspec.json.decode(file.read_bytes(), type=Results) if file.exists() else {}

    def measure(self, when: str, model: str) -> None:
        """Measure a model on what has not been measured yet."""
        missing = {name: tasks for name, tasks in self.suites.items() if name not in self.found.get(when, {})}
        if not missing:
            return
        config, limit = self.config, self.config.rl.max_completion_length
        settings = msgspec.structs.replace(config.model, path=model)
        policy = Policy.open(settings, Form(prompt=config.data.prompt, max_completion_length=limit))
        workers = config.judges or len(os.sched_getaffinity(0))
        with JudgePool(workers, config.isolation, config.allow_unsafe) as judge:
            for name, tasks in missing.items():
                self._keep("reference", name, lambda tasks=tasks: reference(tasks, judge, workers))
                self._keep(when, name, lambda tasks=tasks: score(policy, tasks, judge, workers, limit))

    def _keep(self, when: str, name: str, measure: Callable[[], Result]) -> None:
        if name not in self.found.setdefault(when, {}):
            self.found[when][name] = found = measure()
            write_whole(self.file, msgspec.json.encode(self.found))
            print(f"{name}, {when}: {found.passed} of {found.problems}", flush=True)


def run_stage(config: TrainConfig, folder: Path) -> Training:
    with fresh_peak():
        return train(config, folder, Printer(), resume=(folder / CONFIG).exists())


@contextmanager
def fresh_peak() -> Iterator[None]:
    """Count peak memory anew on an accelerator; of a process on the CPU it can only grow."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    yield


def device() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"CPU ({platform.machine()}, {torch.get_num_threads()} threads): no accelerator"


def held_out(out: Path) -> dict[str, list[Score]]:
    sft, rl = (list(read_log(out / stage / EVAL_RESULTS, EvalResult)) for stage in ("sft", "rl"))
    if not (sft and rl):
        return {}
    points = (sft[0], sft[-1], rl[-1])
    return {name: [point.groups[name] for point in points] for name in points[0].groups}


def cost(folder: Path, training: Training) -> Cost:
    """What a stage took, from its manifest and its log; a resumed stage tells of its last part."""
    steps = list(read_log(folder / METRICS, Step))
    seconds = training.spent.get("train", 0.0)
    before = 0
    judge = generate = trained = 0.0
    for step in steps:  # figures are means over the steps since the record before
        length, before = step.step - before, step.step
        trained += (step.step_s or 0.0) * length
        judge += (step.judge_s or 0.0) * length
        generate += (step.generate_s or 0.0) * length
    return Cost(
        steps=training.steps,
        seconds=seconds,
        tokens=training.tokens,
        tokens_per_s=training.tokens / seconds if seconds else 0.0,
        judge_wait_share=judge / trained if trained else None,
        generate_share=generate / trained if trained else None,
        peak_memory_mb=training.peak_memory_mb,
    )


def table(report: Report) -> str:
    lines = [
        f"# {report.model}, SFT and RL",
        "",
        f"Device: {report.device}. " + ", ".join(f"{name} {number}" for name, number in report.versions.items()) + ".",
        "",
        "Pass rates with 95% Wilson intervals over problems. Held-out problems: mean of "
        f"{report.config.eval.samples} replies at temperature {report.config.eval.temperature:g}; benchmarks: "
        "one greedy reply. `reference` are the benchmark's own answers, read and judged in the same way.",
        "",
        "| problems | n | " + " | ".join(WHEN) + " | reference |",
        "|---|---|---|---|---|---|",
    ]
    for name, scores in report.held_out.items():
        cells = " | ".join(interval(s.pass_at_1, s.low, s.high) for s in scores)
        lines.append(f"| held out, {name} | {scores[0].problems} | {cells} | |")
    for name in report.suites.get("before", {}):
        results = [report.suites[when][name] for when in WHEN]
        cells = " | ".join(interval(r.pass_at_1, r.low, r.high) for r in results)
        own = report.suites["reference"][name]
        lines.append(f"| {name} | {results[0].problems} | {cells} | {own.passed} of {own.problems} |")
    lines += [
        "",
        "| stage | steps | training, s | tokens | tokens/s | waiting for the judge | generating | peak memory, MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for stage, c in report.costs.items():
        shares = " | ".join("" if share is None else f"{share:.0%}" for share in (c.judge_wait_share, c.generate_share))
        lines.append(
            f"| {stage} | {c.steps} | {c.seconds:.0f} | {c.tokens:.0f} | {c.tokens_per_s:.0f} | {shares} "
            f"| {c.peak_memory_mb:.0f} |"
        )
    return "\n".join(lines) + "\n"


def interval(value: float, low: float, high: float) -> str:
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    main()
