"""When does RL help? ``python benchmarks/rl_readiness.py STAGES``: what was known before RL, and what RL gained.

STAGES is the folder of stages of one or more studies, or any folder of runs of ``stepsmith train rl`` that evaluate at
their start. A row for each run, and the correlation of the gain with each figure over runs. Runs of one seed begin with
the same policy, so they are no independent cases: read the seeds, too.
"""

import json
import sys
from pathlib import Path

import numpy as np

EARLY = 10  # steps of RL whose figures count as known before


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def main() -> None:
    rows = []
    for manifest in sorted(Path(sys.argv[1]).glob("*/training.json")):
        training = json.loads(manifest.read_text())
        folder = manifest.parent
        if training["stage"] != "rl" or not (folder / "eval_results.jsonl").exists():
            continue
        before, *_, after = (result["groups"] for result in lines(folder / "eval_results.jsonl"))
        early = [step for step in lines(folder / "metrics.jsonl") if step["step"] <= EARLY]
        row = {"seed": training["seed"], "problems": training["problems"]}
        row |= {f"{name}, start": group["pass_at_1"] for name, group in before.items() if name.endswith("features")}
        for name in ("pass_rate", "zero_variance", "grad_norm", "entropy"):
            row[name] = float(np.mean([step[name] for step in early if step.get(name) is not None]))
        row["gain, all"] = after["all"]["pass_at_1"] - before["all"]["pass_at_1"]
        rows.append(row)
    if not rows:
        sys.exit(f"{sys.argv[1]} has no finished run of RL that was evaluated at its start")
    names = [name for name in rows[0] if all(name in row for row in rows)]
    print("| " + " | ".join(names) + " |", "|---" * len(names) + "|", sep="\n")
    for row in sorted(rows, key=lambda row: (row["seed"], row["problems"])):
        print("| " + " | ".join(f"{row[n]:.3f}" if isinstance(row[n], float) else str(row[n]) for n in names) + " |")
    gains = [row["gain, all"] for row in rows]
    for name in names[2:-1]:
        print(f"correlation of the gain with {name}: {np.corrcoef([row[name] for row in rows], gains)[0, 1]:+.2f}")


if __name__ == "__main__":
    main()
