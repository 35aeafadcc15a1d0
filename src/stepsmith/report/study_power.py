"""Which differences a study could show with more seeds, from the figures by seed of its folder or its table."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import stdev
from typing import NamedTuple

from stepsmith.core.errors import ConfigError
from stepsmith.core.power import detectable, least_significant
from stepsmith.store.study_results import TABLE

SEEDS = (3, 5, 8, 16)


class PowerRow(NamedTuple):
    """What a comparison could show. ``least`` is the least difference that is significant with ``n`` seeds.

    ``detectable`` are the differences that 3, 5, 8 and 16 seeds would find with a probability of 80%. Both assume that
    differences vary as they did (``spread``, their standard deviation), and are before Holm's method.
    """

    metric: str
    arm: str
    against: str
    n: int
    difference: float
    spread: float
    least: float
    detectable: tuple[float, ...]


def power_rows(place: Path) -> list[PowerRow]:
    """Return a row per metric and comparison of a study: of its folder, or of a table in Markdown.

    Pairs with a different number of seeds, or fewer than two, are left out. Raises ``ConfigError`` if none is left.
    """
    file = place / TABLE if place.is_dir() else place
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{file} cannot be read: give the folder of a study, or its table in Markdown") from None
    rows = list(_rows(text.splitlines()))
    if not rows:
        raise ConfigError(f"{file} has no comparison of two arms with at least two seeds each")
    return rows


def _rows(lines: Sequence[str]) -> Iterator[PowerRow]:
    metric, by_seed = "", dict[str, list[float]]()
    head: list[str] = []
    for line in lines:
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if line.startswith("## "):
            metric, by_seed, head = line[3:], {}, []
        elif not cells:
            head = []
        elif not head:
            head = cells
        elif head[-1] == "by seed" and len(cells) == 4 and cells[1].isdecimal() and int(cells[1]):
            by_seed[cells[0]] = [float(word) for word in cells[3].split(",")]
        elif head[-1] == "signs" and cells[0] in by_seed and cells[1] in by_seed:
            row = _row(metric, cells[0], cells[1], by_seed[cells[0]], by_seed[cells[1]])
            if row:
                yield row


def _row(metric: str, arm: str, against: str, own: list[float], base: list[float]) -> PowerRow | None:
    n = len(own)
    if n < 2 or len(base) != n:
        return None
    differences = [value - other for value, other in zip(own, base, strict=True)]
    spread = stdev(differences)
    found = tuple(detectable(spread, seeds) for seeds in SEEDS)
    return PowerRow(metric, arm, against, n, sum(differences) / n, spread, least_significant(spread, n), found)
