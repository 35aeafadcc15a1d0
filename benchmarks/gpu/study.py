"""Does training on our problems help a real model? `python benchmarks/gpu/study.py --model M --data DIR --out DIR`.

Arms: the model as it is; SFT on exercises of induction, deduction and abduction with worked reasoning; the same with
the answers of other problems (shuffled); as many tokens of raw code (raw-code); and RL after the first. Every arm is
measured greedily on held-out compositions of ours, MBPP (sanitized), HumanEval and CRUXEval, by commands of `stepsmith`
that anyone can repeat. The files OUT/ARM/BENCHMARK/solutions.jsonl are in the official form, for other harnesses.

Started again with the same words it continues; the table (OUT/report.md) is written anew after each measurement.
`--size two-cores` shrinks it: shorter training, subsets of the benchmarks, short answers.
"""

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from stepsmith.benchmarks.data import load_benchmark
from stepsmith.benchmarks.extraction import last_block
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.core.records import Contract, Lineage, Problem, Solution, TestCase
from stepsmith.envs.literals import canonical
from stepsmith.evaluate.comparing import compare
from stepsmith.evaluate.evaluation import EVALUATION, read_evaluation
from stepsmith.evaluate.library import find_benchmark
from stepsmith.judge.pool import JudgePool
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.store.folder_lock import CONFIG, write_whole
from stepsmith.store.training_log import TRAINING, read_training
from stepsmith.synth.derivation import abduction, deduction
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.train.corpus import is_held_out
from stepsmith.train.settings import load_training

HERE = Path(__file__).parent
STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
OURS = {  # by name: problems in our data set's form, and in our environments' words
    "held-out": "ours, held-out compositions",
    "cruxeval-o-deduction": "CRUXEval-O, asked as deduction",
    "cruxeval-i-abduction": "CRUXEval-I, asked as abduction",
}
BENCHMARKS = OURS | {
    "mbpp": "MBPP (sanitized)",
    "humaneval": "HumanEval",
    "cruxeval-o": "CRUXEval-O",
    "cruxeval-i": "CRUXEval-I",
}


class Arm(NamedTuple):
    """How a model is trained."""

    stage: str
    after: str = "before"  # the arm whose model it begins with
    control: str = "none"  # what replaces that which SFT teaches
    seed: int = 0  # of the exercises that SFT teaches


ARMS = {
    "before": None,
    "sft": Arm("sft"),
    "sft-more": Arm("sft", after="sft", seed=3),
    "shuffled": Arm("sft", control="shuffled"),
    "raw-code": Arm("sft", control="raw-code"),
    "rl": Arm("rl", after="sft"),
}


class Size(NamedTuple):
    """How much is measured."""

    config: Path
    held_out: int  # of our problems
    subset: int  # of each benchmark; 0: all
    functions: int  # of CRUXEval in our words; 0: all
    max_tokens: int


SIZES = {
    "two-cores": Size(HERE / "two_cores.toml", 60, 40, 240, 192),
    "gpu": Size(HERE / "gpu.toml", 600, 0, 0, 512),
}


def main() -> None:
    words = arguments()
    size = SIZES[words.size]
    words.out.mkdir(parents=True, exist_ok=True)
    write_held_out(size, words.out / "held-out")
    write_cruxeval(words.data, words.out / "cruxeval-o-deduction", deduction)
    write_cruxeval(words.data, words.out / "cruxeval-i-abduction", abduction)
    for arm in [name for name in ARMS if name in words.arms]:
        model = trained(arm, size, words)
        for benchmark in [name for name in BENCHMARKS if name in words.benchmarks]:
            measure(arm, benchmark, model, size, words)
            text = report(words.out, size)
            write_whole(words.out / "report.md", text.encode())
    print((words.out / "report.md").read_text())


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="folder of an instruct model")
    parser.add_argument("--data", type=Path, required=True, help="folder with the files of the benchmarks")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", choices=list(SIZES), default="gpu")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--benchmarks", nargs="+", choices=list(BENCHMARKS), default=list(BENCHMARKS))
    parser.add_argument("--dtype", default="bfloat16", help="precision in which answers are computed")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser.parse_args()


def write_held_out(size: Size, folder: Path) -> None:
    """Write problems of compositions that no training of the study sees, as many of each environment."""
    file = folder / "problems.parquet"
    if file.exists():
        return
    folder.mkdir(exist_ok=True)
    share = load_training(str(size.config)).data.held_out
    settings = ExerciseSettings(
        count=size.held_out,
        steps={"2": 2.0, "3": 1.0},
        environments={"induction": 1.0, "deduction": 1.0, "abduction": 1.0},
        seed=1,
    )
    with JudgePool(1) as judge:
        found = exercises(
            settings, lambda c: is_held_out([step.feature for step in c.steps], share), judge=judge, distinct=True
        )
        write_rows(file, PROBLEM_SCHEMA, map(problem_row, found))


def write_cruxeval(data: Path, folder: Path, derive: Callable[..., Problem | None]) -> None:
    """Write the functions of CRUXEval as problems of an environment; without those whose values are no short literals.

    They tell whether a model fails at CRUXEval or at its prompt.
    """
    file = folder / "problems.parquet"
    if file.exists():
        return
    folder.mkdir(exist_ok=True)
    found = load_benchmark(find_benchmark("cruxeval-o"), data)
    functions = [function for problem in found.problems if (function := of_cruxeval(problem)) is not None]
    problems = [derive(function, (), random.Random(0)) for function in functions]
    write_rows(file, PROBLEM_SCHEMA, [problem_row(problem) for problem in problems if problem is not None])


def of_cruxeval(problem: BenchmarkProblem) -> Problem | None:
    """Return the function of a problem of CRUXEval with its only test; None if a value is no literal."""
    facts = dict(problem.details)
    given, output = canonical(f"({facts['input']},)"), canonical(facts["output"])
    if given is None or output is None:
        return None
    return Problem(
        environment="induction",
        style="leetcode",
        title=problem.task_id,
        statement="",
        contract=Contract(interface="function", entry_point="f"),
        starter_code="",
        task="{}",
        features=(),
        tests=(TestCase(input=given, output=output),),
        golden=Solution(language="python", code=facts["code"]),
        lineage=Lineage(
            chain_id=problem.task_id, turn=1, parent_id=None, change="", direction="new", seed_ref="CRUXEval"
        ),
    )


def trained(name: str, size: Size, words: argparse.Namespace) -> Path:
    """Return the folder of an arm's model; train it first, or go on with that."""
    arm = ARMS[name]
    if arm is None:
        return Path(words.model)
    folder: Path = words.out / name / "training"
    if not (folder / TRAINING).exists():
        start = trained(arm.after, size, words)
        command = ["train", arm.stage, size.config, "--out", folder, "--threads", words.threads, "--model", start]
        if arm.stage == "sft":
            command += ["--set", f"sft.control={arm.control}", "--set", f"sft.exercises.seed={arm.seed}"]
        stepsmith(*command, *(["--resume"] if (folder / CONFIG).exists() else []))
    return folder


def measure(arm: str, benchmark: str, model: Path, size: Size, words: argparse.Namespace) -> None:
    """Sample and score an arm on a benchmark, and write its answers for other harnesses."""
    out = words.out / arm / benchmark
    if not (out / EVALUATION).exists():
        name, data = ("data-set", words.out / benchmark) if benchmark in OURS else (benchmark, words.data)
        weights = model / "model" if (model / "model").is_dir() else model
        command = ["eval", "run", "--benchmark", name, "--model", weights, "--data", data, "--out", out]
        command += ["--temperature", 0, "--max-tokens", size.max_tokens, "--dtype", words.dtype, "--workers", 1]
        subset = {"held-out": 0}.get(benchmark, size.functions if benchmark in OURS else size.subset)
        if subset:
            command += ["--subset", subset]
        stepsmith(*command, *(["--resume"] if (out / "asked.json").exists() else []))
    if benchmark in ("humaneval", "mbpp") and not (out / "solutions.jsonl").exists():
        write_solutions(benchmark, out, words.data)


def write_solutions(benchmark: str, out: Path, data: Path) -> None:
    """Write {task_id, solution}: the code of each reply, as EvalPlus and others read it."""
    found = load_benchmark(find_benchmark(benchmark), data)
    problems = {problem.task_id: problem for problem in found.problems}
    rows = [json.loads(line) for line in (out / "samples.jsonl").read_text("utf-8").splitlines()]
    answers = [(row["task_id"], last_block(problems[row["task_id"]], row["reply"]) or "") for row in rows]
    lines = [json.dumps({"task_id": task_id, "solution": code}) for task_id, code in answers]
    write_whole(out / "solutions.jsonl", ("\n".join(lines) + "\n").encode())


def stepsmith(*command: object) -> None:
    """Run a command of the product; a failure ends the study, and the next start goes on from there."""
    text = [str(word) for word in command]
    print("stepsmith", *text, flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(os.cpu_count() or 1))}
    subprocess.run([STEPSMITH, *text], check=True, env=environment)


def report(out: Path, size: Size) -> str:
    """Return the tables of what is measured so far."""
    done = {
        (arm, benchmark): read_evaluation(out / arm / benchmark)
        for arm in ARMS
        for benchmark in BENCHMARKS
        if (out / arm / benchmark / EVALUATION).exists()
    }
    arms = [arm for arm in ARMS if any(arm == one for one, _ in done)]
    lines = [
        f"Greedy pass@1, at most {size.max_tokens} tokens, 95% intervals by a bootstrap over problems.",
        "",
        "| problems | n | " + " | ".join(arms) + " |",
        "|---|---|" + "---|" * len(arms),
    ]
    for benchmark, title in BENCHMARKS.items():
        cells, n = [], 0
        for arm in arms:
            if (arm, benchmark) not in done:
                cells.append("")
                continue
            figures = done[arm, benchmark][0].metrics.all
            n = figures.problems
            cells.append(f"{figures.average:.3f} ({figures.low:.3f} to {figures.high:.3f})")
        if n:
            lines.append(f"| {title} | {n} | " + " | ".join(cells) + " |")
    lines += ["", "Differences, paired over problems, with 95% intervals:", ""]
    lines += ["| problems | " + " | ".join(f"{arm} − {base}" for arm, base in PAIRS) + " |"]
    lines += ["|---|" + "---|" * len(PAIRS)]
    for benchmark, title in BENCHMARKS.items():
        cells = [difference(done, arm, base, benchmark) for arm, base in PAIRS]
        if any(cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    lines += ["", "What became of the replies:", "", "| problems | arm | outcomes |", "|---|---|---|"]
    for benchmark, title in BENCHMARKS.items():
        for arm in arms:
            if (arm, benchmark) in done:
                outcomes = done[arm, benchmark][0].metrics.outcomes
                said = ", ".join(f"{name} {one.count}" for name, one in outcomes.items())
                lines.append(f"| {title} | {arm} | {said} |")
    lines += ["", "| training | steps | problems | tokens | seconds |", "|---|---|---|---|---|"]
    for arm in ARMS:
        if (out / arm / "training" / TRAINING).exists():
            run = read_training(out / arm / "training")
            lines.append(f"| {arm} | {run.steps} | {run.problems} | {run.tokens:,.0f} | {run.seconds:.0f} |")
    return "\n".join(lines) + "\n"


PAIRS = (("sft", "before"), ("sft-more", "sft"), ("sft", "shuffled"), ("sft", "raw-code"), ("rl", "sft"))


def difference(done: dict, arm: str, base: str, benchmark: str) -> str:
    if (arm, benchmark) not in done or (base, benchmark) not in done:
        return ""
    (a, of_a), (b, of_b) = done[base, benchmark], done[arm, benchmark]
    test = compare((a.conditions, of_a), (b.conditions, of_b)).test
    low, high = test.interval or (test.mean, test.mean)
    return f"{test.mean:+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    main()
