"""Fit the published power laws again: ``python benchmarks/refit.py [benchmarks/results/scaling.md ...]``.

Nothing of Stepsmith is used: the values are read from the table "Values that were fitted", the fit is NumPy's, and each
exponent stands beside the one that the page states. The exit code is 1 if two differ by more than rounding.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}  # by n, 95%
ROUNDING = 0.0011  # of printed exponents


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("| \n").split("|")]


def main(paths: list[str]) -> int:
    worst = 0.0
    for path in paths or ["benchmarks/results/scaling.md"]:
        stated: dict[tuple[str, str], float] = {}
        exponents: dict[tuple[str, str], list[float]] = defaultdict(list)
        lines = Path(path).read_text().partition("## Power laws")[2].splitlines()
        for row in (cells(line) for line in lines if line.startswith("|")):
            if len(row) > 5 and row[2].isdigit():
                stated[row[0], row[1]] = float(row[4].split()[0])
            elif len(row) == 4 and row[2].isdigit():
                points = np.array([[float(x) for x in pair.split(":")] for pair in row[3].split(",")])
                exponents[row[0], row[1]].append(np.polyfit(np.log(points[:, 0]), np.log(points[:, 1]), 1)[0])
        if not exponents:
            raise SystemExit(f"{path} has no table of fitted values")
        for key, found in exponents.items():
            mean, n = float(np.mean(found)), len(found)
            half = STUDENT[n] * float(np.std(found, ddof=1)) / n**0.5 if n in STUDENT else float("nan")
            worst = max(worst, abs(mean - stated[key]))
            print(f"{key[0]}, {key[1]}: {mean:+.3f} ± {half:.3f} of {n} seeds, stated {stated[key]:+.3f}")
    print(f"largest difference from what is stated: {worst:.4f}")
    return int(worst > ROUNDING)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
