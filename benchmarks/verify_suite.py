"""Test suites, measured: ``python benchmarks/verify_suite.py`` writes benchmarks/results/verify_suite.{json,md}.

Problems of the offline teacher. The suite starts from six of the teacher's inputs and grows against half of the wrong
programs (feature mistakes and mutants); the other half is held back, and tells how many wrong programs get past the
suite before and after. Outputs are the reference program's.
"""

import argparse
import json
import random
from pathlib import Path

from stepsmith.core.records import Seed, Solution, TestCase, Verdict
from stepsmith.core.stats import wilson_interval
from stepsmith.judge.local import LocalJudge
from stepsmith.synth.offline import OfflineDraft, OfflineTeacher
from stepsmith.synth.skill import SkillModel
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.suite.growth import GrowthSettings, grow_suite
from stepsmith.verify.suite.mutants import Mutant, mutate, split_equivalent
from stepsmith.verify.verdicts import first_failure

RESULTS = Path(__file__).parent / "results"
START, FULL = 6, 12  # tests at the start; inputs of the teacher's that it is compared with
STEPS = (0, 1, 2, 3, 5, 8)  # tests added, for the curve


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    curve = {step: [0, 0] for step in STEPS}
    held = {"start": [0, 0], "as many plain inputs": [0, 0], "grown": [0, 0]}
    added = executions = 0
    stopped: dict[str, int] = {}
    with LocalJudge() as judge:
        for k in range(options.problems):
            rng = random.Random(f"suite/{options.seed}/{k}")
            teacher = OfflineTeacher("contest", {"codeforces": 0.5, "leetcode": 0.5}, 1, SkillModel())
            draft = teacher.propose(Seed(source="benchmark", first_line=1, code=""), "induction", rng)
            assert isinstance(draft, OfflineDraft)
            golden = Solution(language="python", code=draft.program(["code"] * len(draft.composition.steps)))
            texts = [item.text for item in draft.inputs]
            runs = ExecutionMatrix(judge, draft.contract, [golden], texts).row(0)
            tests = [
                TestCase(input=text, output=run.output)
                for text, run in zip(texts, runs, strict=True)
                if run.verdict is Verdict.AC
            ]
            supply = draft.supply
            suspects = [Mutant(label=w.label, operator="feature", solution=w.solution) for w in draft.wrong]
            suspects += mutate(golden, limit=14, seed=k)
            pool = [supply.draw(rng) for _ in range(40)] + [test.input for test in tests]
            alive, _ = split_equivalent(judge, draft.contract, golden, suspects, pool)
            programs = [mutant.solution for mutant in alive]
            rng.shuffle(programs)
            half = len(programs) // 2
            grow_on, kept_back = programs[:half], programs[half:]
            growth = grow_suite(
                judge,
                draft.contract,
                golden,
                tests[:START],
                grow_on,
                generate=supply.draw,
                validate=lambda texts, supply=supply: [supply.allows(text) for text in texts],  # type: ignore[misc]
                seed=k,
                settings=GrowthSettings(max_executions=1500),
            )
            for step in STEPS:
                reached = [p for p in growth.curve if p.tests - START <= step][-1]
                curve[step][0] += reached.killed
                curve[step][1] += reached.wrong
            count = len(growth.tests)
            for name, suite in (
                ("start", tests[:START]),
                ("as many plain inputs", tests[:count]),
                ("grown", growth.tests),
            ):
                matrix = ExecutionMatrix(judge, draft.contract, kept_back, [test.input for test in suite])
                verdicts, every = matrix.verdicts([test.output for test in suite]), range(len(suite))
                held[name][0] += sum(first_failure(verdicts, i, every) is None for i in range(len(kept_back)))
                held[name][1] += len(kept_back)
            added += len(growth.added)
            executions += growth.curve[-1].executions
            stopped[growth.stopped] = stopped.get(growth.stopped, 0) + 1
    report = {"curve": curve, "held_back": held, "added": added, "executions": executions, "stopped": stopped}
    lines = ["# Test suites, measured", "", (__doc__ or "").split("\n\n", 1)[1].strip(), ""]
    lines += [f"{options.problems} problems, seed {options.seed}; growth stopped at: {stopped}.", ""]
    lines += ["| tests added (at most) | kill rate on the programs it grew on |", "|---|---|"]
    lines += [f"| {step} | {killed}/{tried} = {killed / tried:.3f} |" for step, (killed, tried) in curve.items()]
    lines += ["", "| suite | held-back wrong programs that pass | 95% interval |", "|---|---|---|"]
    for name, (passed, tried) in held.items():
        low, high = wilson_interval(passed, tried)
        lines.append(f"| {name} | {passed}/{tried} = {passed / tried:.3f} | {low:.3f}–{high:.3f} |")
    lines += [
        "",
        f"{added / options.problems:.1f} tests added and {executions / options.problems:.0f} runs per problem.",
    ]
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "verify_suite.json").write_text(json.dumps(report, indent=1) + "\n")
    (RESULTS / "verify_suite.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
