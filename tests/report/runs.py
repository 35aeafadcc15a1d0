"""A small finished run, made of records: several chains in all environments, with rejects and hostile texts."""

import json
import random
from pathlib import Path

import msgspec

from stepsmith.core.records import (
    Checker,
    Contract,
    FeatureUse,
    Lineage,
    Problem,
    Rejection,
    Solution,
    TestCase,
    WrongSolution,
)
from stepsmith.core.stats import pass_rate
from stepsmith.store.dataset import PROBLEM_SCHEMA, REJECTION_SCHEMA, problem_row, rejection_row, write_rows
from stepsmith.store.manifest import Counts, Manifest, file_facts
from stepsmith.store.runfolder import PROBLEMS, REJECTED, TIMINGS

HOSTILE = "</script><script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
ENVIRONMENTS = ("induction", "abduction", "deduction", "fuzzing")
FEATURES = (
    ("next_greater", "data structure/stack/monotonic stack"),
    ("prefix_sums", "array/prefix sums"),
    ("count_distinct", "data structure/set"),
    ("longest_run", "array/scan"),
    ("bfs_distance", "graph/search"),
    ("digit_sum", "number theory/digits"),
)
GOLDEN = '''def solve(values, k):
    """Sum of the k largest distinct values that are multiples of {step}."""
    chosen = sorted({{v for v in values if v % {step} == 0}}, reverse=True)
    total = 0
    for v in chosen[:k]:
        total += v
    return total
'''
STATEMENT = """A warehouse keeps **n** parcels, and parcel i weighs a_i. Only weights that are multiples of {step}
can be loaded, and equal weights are loaded once. What is the total of the k heaviest?
Note that 2*a*b counts as written.

## Input

- the first line holds n and k (1 ≤ k ≤ n ≤ 10^5)
- the second line holds n integers a_i (|a_i| ≤ 10^9)

## Output

Print one integer.

## Example

```
5 2
{step} 4 8 8 15
```

gives

```
12
```
"""


def make_run(
    folder: Path, chains: int = 10, turns: int = 5, *, student: str = "simulated", seconds: float | None = 93.5
) -> Path:
    """Write a run into ``folder``. The first chain's first problem is hostile in every text; the last keeps nothing."""
    rng = random.Random(7)
    problems: list[Problem] = []
    rejections: list[Rejection] = []
    for index in range(chains):
        _grow(index, turns, rng, problems, rejections, barren=index == chains - 1)
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        PROBLEMS: write_rows(folder / PROBLEMS, PROBLEM_SCHEMA, map(problem_row, problems)),
        REJECTED: write_rows(folder / REJECTED, REJECTION_SCHEMA, map(rejection_row, rejections)),
    }
    reasons = sorted({rejection.reason for rejection in rejections})
    config = {
        "synth": {"profile": "contest", "mode": "multi-turn", "turns": turns, "attempts": 32, "seeds": ["a b.py"],
                  "environments": {"induction": 0.55, "abduction": 0.15}},
        "judge": {"isolation": "auto", "allow_unsafe": False, "absent": None},
    }  # fmt: skip
    Manifest(
        versions={"stepsmith": "0.1.0", "python": "3.11.9"},
        config_id="cfg_0123",
        config=msgspec.Raw(msgspec.json.encode(config)),
        seed=7,
        teacher="offline",
        student=student,
        isolation="L2",
        counts=Counts(
            chains=chains,
            proposed=len(problems) + len(rejections),
            accepted=len(problems),
            rejected={reason: sum(r.reason == reason for r in rejections) for reason in reasons},
            by_environment={},
            by_band={},
            judged_programs=2311,
            executions=18_000,
            accepted_per_proposed=round(len(problems) / (len(problems) + len(rejections)), 4),
            accepted_per_judged_program=0.0123,
            executions_per_accepted=412.5,
        ),
        files={name: file_facts(folder / name, rows) for name, rows in files.items()},
    ).write(folder)
    if seconds is not None:
        (folder / TIMINGS).write_text(json.dumps({"seconds": seconds, "workers": 2, "chains": {"0": 1.5}}))
    return folder


def _grow(
    index: int, turns: int, rng: random.Random, problems: list[Problem], rejections: list[Rejection], *, barren: bool
) -> None:
    environment = ENVIRONMENTS[index % len(ENVIRONMENTS)]
    passes, parent = 29, None
    for turn in range(1, turns + 1):
        hostile = index == 0 and turn == 1
        problem = _problem(index, turn, environment, passes, parent, rng, hostile=hostile)
        if barren or (not hostile and turn != 2 and rng.random() < 0.3):
            reason, detail = rng.choice(
                [("constant-output", "9 of 12 outputs are 0"), ("mutants-survive", "boundary tests kill no mutant"),
                 ("too-easy", "32 of 32 attempts pass")]
            )  # fmt: skip
            if reason != "too-easy":
                problem = msgspec.structs.replace(problem, pass_rate=None)
            rejections.append(Rejection(reason=reason, detail=detail, problem=problem))
        else:
            problems.append(problem)
            parent = problem.id
        passes = max(2, min(30, passes - rng.randint(-3, 10)))


def _problem(
    index: int, turn: int, environment: str, passes: int, parent: str | None, rng: random.Random, *, hostile: bool
) -> Problem:
    step = 2 + turn + index
    golden = Solution(language="python", code=GOLDEN.format(step=step))
    bad = f"\n{HOSTILE}\n" if hostile else ""
    tests = [
        TestCase(
            input=f"({[rng.randint(-50, 50) for _ in range(size)]!r}, {k})",
            output=str(rng.randint(0, 99)),
            kind=kind,
            weight=weight,
            confidence=rng.choice([1.0, 1.0, 0.97, 0.83, 0.58]),
        )
        for size, k, kind, weight in [(5, 2, "nominal", 1.0), (1, 1, "boundary", 3.0), (9, 4, "complex", 2.0),
                                      (600, 40, "stress", 4.0)]
    ]  # fmt: skip
    if hostile:
        tests[0] = msgspec.structs.replace(tests[0], input=HOSTILE, output=HOSTILE)
    task = "{}"
    if environment == "abduction":
        task = json.dumps({"program": golden.code, "output": "12"})
    names = rng.sample(FEATURES, 2 + turn % 2)
    return Problem(
        environment=environment,  # type: ignore[arg-type]
        style=("codeforces", "atcoder", "leetcode")[index % 3],  # type: ignore[arg-type]
        title=f"Parcels {index + 1}, part {turn}" + (HOSTILE if hostile else ""),
        statement=STATEMENT.format(step=step) + bad,
        contract=Contract(interface="function", entry_point="solve", checker=Checker(name="literal")),
        starter_code="def solve(values, k):\n    ...\n",
        task=task,
        features=tuple(
            FeatureUse(
                name=name + (HOSTILE if hostile else ""),
                category=category,
                params=(("k", 3),),
                seed_lines=(12, 15) if position == 0 else (),
                signal="sorted call" if position == 0 else "",
            )
            for position, (name, category) in enumerate(names)
        ),
        tests=tuple(tests),
        golden=msgspec.structs.replace(golden, code=golden.code + f"# {HOSTILE}\n") if hostile else golden,
        lineage=Lineage(
            chain_id=f"chain_{index:04d}",
            turn=turn,
            parent_id=parent,
            change=""
            if turn == 1
            else "Only distinct values count now" + (" and k is read from the input." * (turn % 2)),
            direction="new" if turn == 1 else ("harder" if turn % 2 == 0 else "easier"),
            seed_ref=f"json/decoder{HOSTILE if hostile else ''}.py:10-52",
        ),
        wrong=(
            WrongSolution(
                solution=Solution(language="python", code=golden.code.replace("reverse=True", "reverse=False") + bad),
                killed_by=1,
                origin="sorted the wrong way round",
            ),
            WrongSolution(
                solution=Solution(language="python", code="def solve(values, k):\n    return sum(values[:k])\n"),
                killed_by=0,
                origin="candidate" + bad,
            ),
        ),
        pass_rate=pass_rate(passes, 32),
        provenance=(
            ("method", "dual-verification" + bad),
            ("golden_confidence", f"{rng.uniform(0.8, 1):.3f}"),
            ("kill_rate", f"{rng.uniform(0.5, 1):.3f}"),
            ("strategy", f"Take **both** ends:\n\n- first `a_i`\n- then $n^2$\n{bad}"),
        ),
    )
