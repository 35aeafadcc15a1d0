"""The chains of the report page: which of them it holds, and their HTML, compressed until the reader opens one."""

import base64
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain as concat
from itertools import zip_longest
from pathlib import Path

import jinja2
import msgspec
from markupsafe import Markup

from stepsmith.core.records import BANDS, Lineage, Problem, StudentAttempt
from stepsmith.core.stats import BAND_EDGES
from stepsmith.report.survey import CHAIN_LIMIT, ChainFacts
from stepsmith.report.text import code_html, difference_html, statement_html, value_html
from stepsmith.store.attempts import read_attempts
from stepsmith.store.dataset import Row, read_rows, row_problem
from stepsmith.store.runfolder import ATTEMPTS, PROBLEMS, REJECTED

ATTEMPT_LIMIT = 4  # attempts shown on a problem
PROSE = frozenset({"strategy"})  # provenance in which models write Markdown
BYTE_LIMIT = 9_000_000  # the chains of a page have at most this size together, compressed; Plotly takes another 5 MB


@dataclass(frozen=True, slots=True)
class Ladder:
    """The plot of a chain: pass rate by turn. Coordinates are pixels from the top left."""

    width: int
    height: int
    zones: tuple[tuple[str, float, float], ...]  # band, y, height
    rungs: tuple["Rung", ...]

    @property
    def path(self) -> str:
        """Points of the line through the rated turns, as SVG wants them."""
        return " ".join(f"{rung.x},{rung.y:.1f}" for rung in self.rungs if rung.y is not None)


@dataclass(frozen=True, slots=True)
class Rung:
    """One turn in the plot; ``y`` is None if it was not rated, ``low`` and ``high`` are the ends of the interval."""

    turn: int
    kept: bool
    x: int
    y: float | None
    low: float | None
    high: float | None
    tip: str


@dataclass(frozen=True, slots=True)
class ShownTest:
    """A test as the page shows it. Long values are cut, so that the memory for a chain is bounded."""

    input: Markup
    output: Markup
    kind: str
    weight: float
    confidence: float
    kills: int  # number of wrong solutions that this test is the first to reject


@dataclass(frozen=True, slots=True)
class Stone:
    """A problem of a chain, kept or rejected (``reason`` is set). Its tests are in ``tests``, not in ``problem``."""

    id: str
    problem: Problem
    tests: tuple[ShownTest, ...]
    reason: str
    detail: str
    attempts: tuple[StudentAttempt, ...] = ()  # some, that ended in different ways
    parent_turn: int | None = None

    @property
    def band(self) -> str | None:
        """Settled band of the pass rate, or "undecided"; None if it was not rated."""
        return self.problem.pass_rate.claimed_band if self.problem.pass_rate else None

    @property
    def task(self) -> dict[str, Markup]:
        """The fields that the environment adds, as HTML: programs (several lines) and values (one line)."""
        try:
            fields = msgspec.json.decode(self.problem.task or "{}", type=dict[str, msgspec.Raw])
        except msgspec.DecodeError:
            return {"task": value_html(self.problem.task)}
        texts = {name: _plain(raw) for name, raw in fields.items()}
        return {name: code_html(text, "python") if "\n" in text else value_html(text) for name, text in texts.items()}


@dataclass(frozen=True, slots=True)
class PackedChain:
    """A chain with its HTML, as base64 of a zlib stream: browsers decompress it without a library."""

    facts: ChainFacts
    html: str


def choose(chains: Iterable[ChainFacts], limit: int = CHAIN_LIMIT) -> list[str]:
    """Choose at most ``limit`` chains, in turn from each pair of environment and hardest band, and return their ids."""
    strata: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for facts in chains:
        strata[facts.stratum].append(facts.id)
    rounds = zip_longest(*(strata[key] for key in sorted(strata)))
    return [chain for chain in concat.from_iterable(rounds) if chain is not None][:limit]


def pack_chains(
    folder: Path, chosen: list[str], facts: Mapping[str, ChainFacts], templates: jinja2.Environment, student: str
) -> list[PackedChain]:
    """Render the chosen chains until ``BYTE_LIMIT`` is reached, and return them in order of their numbers."""
    templates.filters.update(statement=statement_html, code=code_html)
    templates.globals.update(difference=difference_html, prose=PROSE)
    page = templates.get_template("chain.html.j2")
    stones = _stones(folder, set(chosen))
    packed: list[PackedChain] = []
    size = 0
    for chain in chosen:
        members = related_stones(stones.pop(chain))
        html = page.render(chain=facts[chain], stones=members, ladder=ladder_of(members), student=student)
        body = base64.b64encode(zlib.compress(html.encode(), 9)).decode()
        size += len(body)
        if packed and size > BYTE_LIMIT:
            break
        packed.append(PackedChain(facts[chain], body))
    return sorted(packed, key=lambda item: item.facts.number)


def _stones(folder: Path, chosen: set[str]) -> dict[str, list[Stone]]:
    """Read the kept and rejected problems of the chosen chains."""
    stones: dict[str, list[Stone]] = {chain: [] for chain in chosen}
    for name in (PROBLEMS, REJECTED):
        for row in read_rows(folder / name):
            chain = str(row["chain_id"])
            if chain in chosen:
                stones[chain].append(stone_of(row))
    attempts = _attempts(folder, chosen)
    for members in stones.values():
        members[:] = [
            replace(stone, attempts=tuple(attempts.get(_key(stone.problem.lineage), ()))) for stone in members
        ]
    return stones


def _attempts(folder: Path, chosen: set[str]) -> dict[tuple[str, int], list[StudentAttempt]]:
    """Return some attempts on each rated problem: the first one of each ending, at most as many as the page shows."""
    found: defaultdict[tuple[str, int], list[StudentAttempt]] = defaultdict(list)
    for attempt in read_attempts(folder / ATTEMPTS):
        if attempt.chain_id not in chosen:
            continue
        shown = found[attempt.chain_id, attempt.turn]
        new = all((attempt.verdict, attempt.why) != (one.verdict, one.why) for one in shown)
        if new and len(shown) < ATTEMPT_LIMIT:
            shown.append(attempt)
    return found


def _key(lineage: Lineage) -> tuple[str, int]:
    return lineage.chain_id, lineage.turn


def stone_of(row: Row) -> Stone:
    """Return the problem of a row as the pages show it."""
    problem = row_problem(row)
    kills = Counter(wrong.killed_by for wrong in problem.wrong)
    tests = tuple(
        ShownTest(
            input=value_html(test.input),
            output=value_html(test.output),
            kind=test.kind,
            weight=test.weight,
            confidence=test.confidence,
            kills=kills[index],
        )
        for index, test in enumerate(problem.tests)
    )
    return Stone(
        id=str(row["id"]),
        problem=msgspec.structs.replace(problem, tests=()),
        tests=tests,
        reason=str(row.get("reason", "")),
        detail=str(row.get("detail", "")),
    )


def related_stones(stones: list[Stone]) -> list[Stone]:
    """Order the problems of a chain by turn, those rejected in a turn first, and find the turn of each parent."""
    ordered = sorted(stones, key=lambda stone: (stone.problem.lineage.turn, not stone.reason))
    turns: dict[str, int] = {}
    for stone in ordered:
        turns.setdefault(stone.id, stone.problem.lineage.turn)  # if a problem was made again, its first turn counts
    return [replace(stone, parent_turn=turns.get(stone.problem.lineage.parent_id or "")) for stone in ordered]


def ladder_of(stones: list[Stone]) -> Ladder:
    """Return the plot of a chain."""
    step, top, room = 64, 10, 116

    def height(rate: float) -> float:
        return top + room * (1 - rate)

    edges = [0.0, *(edge for edge, _ in BAND_EDGES), 1.0]
    zones = tuple(
        (band, height(high), room * (high - low))
        for band, low, high in zip(reversed(BANDS), edges, edges[1:], strict=False)
    )
    rungs: list[Rung] = []
    for index, stone in enumerate(stones):
        measured, turn = stone.problem.pass_rate, stone.problem.lineage.turn
        state = f"rejected, {stone.reason}" if stone.reason else "kept"
        rate = f", pass rate {measured.rate:.2f}" if measured else ""
        rungs.append(
            Rung(
                turn=turn,
                kept=not stone.reason,
                x=88 + step // 2 + index * step,
                y=height(measured.rate) if measured else None,
                low=height(measured.low) if measured else None,
                high=height(measured.high) if measured else None,
                tip=f"turn {turn}: {state}{rate}",
            )
        )
    return Ladder(88 + step * max(1, len(stones)), top + room + 28, zones, tuple(rungs))


def _plain(raw: msgspec.Raw) -> str:
    value = msgspec.json.decode(raw)
    return value if isinstance(value, str) else msgspec.json.format(raw, indent=2).decode()
