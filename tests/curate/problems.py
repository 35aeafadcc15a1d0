"""Small sets of problems for the tests of curation."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from stepsmith.core.records import FeatureUse, Lineage, PassRate, Problem, Solution, TestCase
from stepsmith.core.stats import pass_rate
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from tests.records import a_problem

LONGEST_RUN = (
    "A baker writes down how many loaves were sold on each of n days. A good stretch is a run of days, one after "
    "another, on which strictly more loaves were sold than on the day before. Print the length of the longest good "
    "stretch, and 1 if no two days make one.",
    "def solve(sales):\n    best = length = 1\n    for before, now in zip(sales, sales[1:]):\n"
    "        length = length + 1 if now > before else 1\n        best = max(best, length)\n    return best\n",
)
ISLANDS = (
    "The map of a lake has rows and columns of cells, some of land. Two cells of land belong together if they share a "
    "side. Count the islands that have at least k cells and do not touch the border of the map.",
    "def solve(grid, k):\n    seen = set()\n    count = 0\n    for r, row in enumerate(grid):\n"
    "        for c, cell in enumerate(row):\n            if cell and (r, c) not in seen:\n"
    "                stack, size, inner = [(r, c)], 0, True\n                seen.add((r, c))\n"
    "                while stack:\n                    y, x = stack.pop()\n                    size += 1\n"
    "                    inner &= 0 < y < len(grid) - 1 and 0 < x < len(row) - 1\n"
    "                    for a, b in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):\n"
    "                        if 0 <= a < len(grid) and 0 <= b < len(row) and grid[a][b] and (a, b) not in seen:\n"
    "                            seen.add((a, b))\n                            stack.append((a, b))\n"
    "                count += inner and size >= k\n    return count\n",
)
WORDS = (
    "You get a text in which words are separated by blanks. Call a word heavy if some letter occurs in it at least "
    "three times. Return the heavy words in the order of the alphabet, each of them once.",
    "def solve(text):\n    heavy = set()\n    for word in text.split():\n"
    "        if any(word.count(letter) >= 3 for letter in set(word)):\n            heavy.add(word)\n"
    "    return sorted(heavy)\n",
)
RENAMED_ISLANDS = (
    ISLANDS[0].replace("lake", "sea").replace("islands", "isles"),
    "# another hand\n" + ISLANDS[1].replace("solve", "isles").replace("grid", "sea").replace("stack", "todo")
    .replace("seen", "met").replace("count", "total").replace("inner", "free"),
)  # fmt: skip


def made(
    text: Sequence[str],
    *,
    chain: str = "chain_1",
    turn: int = 1,
    tests: Sequence[TestCase] | None = None,
    features: Sequence[str] = ("evens",),
    rate: PassRate | None = None,
    **changes: object,
) -> Problem:
    """Return a problem of (statement, golden program)."""
    lineage = Lineage(chain_id=chain, turn=turn, parent_id=None, change="", direction="new", seed_ref="a.py:1-2")
    if tests is not None:
        changes["tests"] = tuple(tests)
    return a_problem(
        statement=text[0],
        golden=Solution(language="python", code=text[1]),
        lineage=lineage,
        features=tuple(FeatureUse(name=name, category="array") for name in features),
        pass_rate=rate or pass_rate(16, 32),
        **changes,
    )


def write_set(folder: Path, problems: Iterable[Problem]) -> Path:
    """Write ``problems.parquet`` into a new folder and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rows(folder / "problems.parquet", PROBLEM_SCHEMA, map(problem_row, problems))
    return folder
