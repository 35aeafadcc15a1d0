"""What judging costs a step of RL: 8 problems × 64 completions of 10 tests, at 0, 50 and 100% right.

The problems are the offline teacher's, and all completions differ. A wrong one is a wrong program of its problem, which
fails one of the tests. Judging stops at the first failure, as for binary rewards.

*In turn*, a step is generating, then judging; this is what TRL's GRPO does. *Beside*, the completions of one step are
judged while the next ones are generated; this is what TRL's asynchronous worker (``async_grpo.py``) and verl's fully
asynchronous mode do. Generating is a pause here: a GPU does it, and the processor is free. Prints medians over
rounds that alternate: seconds of judging, and its share of a step.

    python benchmarks/rl_step.py --workers 2 --rounds 5 --generating 5 20
"""

import argparse
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import msgspec

import stepsmith as st
from stepsmith.scoring.scorer import Scorer, ScoringRequest
from stepsmith.scoring.tests import all_tests

GROUPS, GROUP_SIZE, TESTS = 8, 64, 10
SHARES = (0.0, 0.5, 1.0)


def problems_with_tests() -> list[st.Problem]:
    """Return induction problems of the profile ``contest``, with ten tests that reject their wrong programs."""
    with tempfile.TemporaryDirectory() as folder:
        st.synthesize(Path(folder) / "run", chains=16, profile="contest", environments={"induction": 1.0}, workers=1)
        found = []
        for problem in st.load_problems(Path(folder) / "run"):
            short = msgspec.structs.replace(
                problem, tests=problem.tests[:TESTS], wrong=tuple(w for w in problem.wrong if w.killed_by < TESTS)
            )
            if len(short.tests) == TESTS and short.wrong:
                found.append(short)
    return found[:GROUPS]


def completions(problems: list[st.Problem], right: float, number: Iterator[int]) -> list[ScoringRequest]:
    """Return a step's completions; the share ``right`` of each group is right, and no two are alike."""
    requests = []
    for problem in problems:
        for place in range(GROUP_SIZE):
            wrong = problem.wrong[place % len(problem.wrong)].solution.code
            code = problem.golden.code if place < right * GROUP_SIZE else wrong
            text = f"```python\n{code}\n# {next(number)}\n```"
            requests.append(ScoringRequest(problem, st.Completion(text=text), all_tests(problem)))
    return requests


def judged(scorer: Scorer, requests: list[ScoringRequest], right: float) -> float:
    """Score a step's completions; return the seconds that it took."""
    began = time.perf_counter()
    scores = scorer.score_batch(requests)
    took = time.perf_counter() - began
    assert sum(one.reward > 0 for one in scores) == right * len(requests)
    return took


def in_turn(scorer: Scorer, steps: list[list[ScoringRequest]], right: float, generating: float) -> float:
    """Return the seconds of a step that generates and then judges."""
    began = time.perf_counter()
    for requests in steps:
        time.sleep(generating)
        judged(scorer, requests, right)
    return (time.perf_counter() - began) / len(steps)


def beside(scorer: Scorer, steps: list[list[ScoringRequest]], right: float, generating: float) -> float:
    """Return the seconds of a step whose completions are judged while the next ones are generated."""
    with ThreadPoolExecutor(1) as thread:
        judging: Future[float] | None = None
        began = time.perf_counter()
        for requests in steps:
            time.sleep(generating)
            if judging:
                judging.result()
            judging = thread.submit(judged, scorer, requests, right)
        took = time.perf_counter() - began  # the last step's judging is beside the first generation after it
    return took / len(steps)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--generating", type=float, nargs="+", default=[5.0, 20.0], help="seconds of a step")
    parser.add_argument("--steps", type=int, default=3, help="of each kind in the check of judging beside generating")
    options = parser.parse_args()
    problems, number = problems_with_tests(), itertools.count()
    seconds: dict[float, list[float]] = {right: [] for right in SHARES}
    check = min(options.generating)
    turns: dict[str, list[float]] = {"in turn": [], "beside": []}
    with st.JudgePool(options.workers) as judge, Scorer(judge, workers=options.workers) as scorer:
        for turn in range(options.rounds + 1):
            for right in SHARES:
                took = judged(scorer, completions(problems, right, number), right)
                if turn:  # the first round warms up
                    seconds[right].append(took)
        for name, way in (("in turn", in_turn), ("beside", beside)):
            steps = [completions(problems, 0.5, number) for _ in range(options.steps)]
            turns[name].append(way(scorer, steps, 0.5, check))
    count = GROUPS * GROUP_SIZE
    print(f"{options.workers} workers, {options.rounds} rounds of {count} completions of {TESTS} tests")
    print(f"{'right':>6}{'seconds':>9}{'(min–max)':>14}{'ms each':>9}", end="")
    print("".join(f"{f'share at {generating:g} s':>16}" for generating in options.generating))
    for right, found in seconds.items():
        median = statistics.median(found)
        line = f"{right:6.0%}{median:9.2f}{f'({min(found):.2f}–{max(found):.2f})':>14}{median / count * 1e3:9.2f}"
        print(line + "".join(f"{median / (median + g):16.1%}" for g in options.generating))
    print(f"a step that generates for {check:g} s, half of it right:", end=" ")
    print(", ".join(f"{name} {found[0]:.2f} s" for name, found in turns.items()))


if __name__ == "__main__":
    main()
