"""One pass over a run's two data files: everything the report counts, and which chains there are.

Memory grows with the number of problems by some hundred bytes each; statements, tests and programs are not read.
"""

import heapq
import math
import statistics
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stepsmith.core.errors import StoreError
from stepsmith.core.records import Band
from stepsmith.store.dataset import Row, read_rows
from stepsmith.store.runfolder import PROBLEMS, REJECTED

BANDS: tuple[Band, ...] = ("easy", "easy-medium", "medium", "hard")
EXAMPLES = 3  # rejects that stand for their reason
WEAKEST = 10  # suites that kill the fewest mutants
DISTINCT = 200  # values of a text figure that are told apart
CONFIDENCE_EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)  # lower ends of the bins; the last holds 1.0 alone

_COLUMNS = [
    "id",
    "chain_id",
    "turn",
    "environment",
    "title",
    "band",
    "passes",
    "attempts",
    "features.list.element.name",
    "features.list.element.category",
    "tests.list.element.kind",
    "tests.list.element.confidence",
    "provenance",
]
_REJECT_COLUMNS = ["reason", "detail", "id", "chain_id", "turn", "environment", "title", "band", "passes", "attempts"]


class _Feature(msgspec.Struct, frozen=True):
    name: str
    category: str


class _Label(msgspec.Struct, frozen=True):
    kind: str
    confidence: float


class _Figure(msgspec.Struct, frozen=True):
    key: str
    value: str


class _Sketch(msgspec.Struct, frozen=True):
    """What the survey reads of a row."""

    id: str
    chain_id: str
    turn: int
    environment: str
    title: str
    band: Band | None
    passes: int | None
    attempts: int | None
    features: tuple[_Feature, ...] = ()
    tests: tuple[_Label, ...] = ()
    provenance: tuple[_Figure, ...] = ()
    reason: str = ""
    detail: str = ""

    @property
    def rate(self) -> float | None:
        return self.passes / self.attempts if self.attempts and self.passes is not None else None


@dataclass(slots=True)
class ChainFacts:
    """What the list of chains says of one, and what a chain is chosen by. ``rates`` are of the kept, in file order."""

    id: str
    number: int  # 1-based, in order of appearance
    kept: int = 0
    rejected: int = 0
    environments: set[str] = field(default_factory=set)
    bands: set[Band] = field(default_factory=set)
    rates: list[float] = field(default_factory=list)
    title: str = ""  # of the last kept problem, of a rejected one where none was kept

    @property
    def hardest(self) -> str:
        """Hardest band of a kept problem; "none" without one."""
        return next((band for band in reversed(BANDS) if band in self.bands), "none")


@dataclass(slots=True)
class TurnFacts:
    """What one turn, over all chains, came to."""

    kept: int = 0
    rejected: int = 0
    rates: list[float] = field(default_factory=list)  # of kept problems

    @property
    def share_kept(self) -> float:
        """Kept per proposed."""
        return self.kept / (self.kept + self.rejected)

    @property
    def median_rate(self) -> float | None:
        """Median pass rate of what was kept; None when nothing was measured."""
        return statistics.median(self.rates) if self.rates else None


@dataclass(frozen=True, slots=True)
class Example:
    """A problem to point at."""

    chain_id: str
    turn: int
    title: str
    detail: str


@dataclass(slots=True)
class FigureFacts:
    """The values of one provenance key: numbers where all of them are, else texts with their counts."""

    numbers: list[float] = field(default_factory=list)
    texts: Counter[str] = field(default_factory=Counter)
    count: int = 0

    @property
    def numeric(self) -> bool:
        """Whether every value reads as a number."""
        return len(self.numbers) == self.count


@dataclass(slots=True)
class Survey:
    """What was counted. Keys of the counters are named by their field."""

    kept: int = 0
    rejected: int = 0
    measured: Counter[tuple[str, int, int]] = field(default_factory=Counter)  # environment, passes, attempts
    measured_rejects: Counter[tuple[int, int]] = field(default_factory=Counter)  # passes, attempts
    by_band: Counter[tuple[Band | None, str]] = field(default_factory=Counter)  # band, environment
    turns: defaultdict[int, TurnFacts] = field(default_factory=lambda: defaultdict(TurnFacts))
    features: Counter[tuple[str, str, Band | None]] = field(default_factory=Counter)  # category, name, band
    reasons: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[str, list[Example]] = field(default_factory=lambda: defaultdict(list))
    confidence: Counter[float] = field(default_factory=Counter)  # by lower end of the bin
    kinds: Counter[str] = field(default_factory=Counter)
    figures: defaultdict[str, FigureFacts] = field(default_factory=lambda: defaultdict(FigureFacts))
    weakest: list[tuple[float, Example]] = field(default_factory=list)  # kill rate, lowest first
    chains: dict[str, ChainFacts] = field(default_factory=dict)

    @property
    def environments(self) -> list[str]:
        """Environments of the kept problems, the most frequent first."""
        counts: Counter[str] = Counter()
        for (_, environment), count in self.by_band.items():
            counts[environment] += count
        return sorted(counts, key=lambda name: (-counts[name], name))


def survey(folder: Path) -> Survey:
    """Read the problems and rejects of a run. Raises ``RunFolderError`` without them, ``StoreError`` for other rows."""
    found = Survey()
    for row in read_rows(folder / PROBLEMS, _COLUMNS):
        _count_kept(found, _sketch(row, PROBLEMS))
    for row in read_rows(folder / REJECTED, _REJECT_COLUMNS):
        _count_rejected(found, _sketch(row, REJECTED))
    found.weakest = heapq.nsmallest(WEAKEST, found.weakest, key=_weakness)
    return found


def _sketch(row: Row, name: str) -> _Sketch:
    try:
        return msgspec.convert(row, _Sketch)
    except msgspec.ValidationError as error:
        raise StoreError(f"{name} has rows of another shape than this version writes: {error}") from None


def _count_kept(found: Survey, problem: _Sketch) -> None:
    found.kept += 1
    found.by_band[problem.band, problem.environment] += 1
    turn = found.turns[problem.turn]
    turn.kept += 1
    chain = _chain(found, problem)
    chain.kept += 1
    chain.title = problem.title
    chain.environments.add(problem.environment)
    if problem.rate is not None and problem.passes is not None and problem.attempts is not None:
        found.measured[problem.environment, problem.passes, problem.attempts] += 1
        turn.rates.append(problem.rate)
        chain.rates.append(problem.rate)
    if problem.band:
        chain.bands.add(problem.band)
    for category, name in {(feature.category, feature.name) for feature in problem.features}:
        found.features[category, name, problem.band] += 1
    for label in problem.tests:
        found.kinds[label.kind] += 1
        found.confidence[_bin(label.confidence)] += 1
    _count_figures(found, problem)


def _count_figures(found: Survey, problem: _Sketch) -> None:
    for item in problem.provenance:
        facts = found.figures[item.key]
        facts.count += 1
        number = _number(item.value)
        if number is None:
            text = item.value[:80]
            if len(facts.texts) < DISTINCT or text in facts.texts:
                facts.texts[text] += 1
            continue
        facts.numbers.append(number)
        if item.key == "kill_rate":
            example = Example(problem.chain_id, problem.turn, problem.title, f"{len(problem.tests)} tests")
            found.weakest.append((number, example))
    if len(found.weakest) > 20 * WEAKEST:
        found.weakest = heapq.nsmallest(WEAKEST, found.weakest, key=_weakness)


def _count_rejected(found: Survey, problem: _Sketch) -> None:
    found.rejected += 1
    found.turns[problem.turn].rejected += 1
    chain = _chain(found, problem)
    chain.rejected += 1
    chain.title = chain.title or problem.title
    if not chain.kept:
        chain.environments.add(problem.environment)
    if problem.attempts and problem.passes is not None:
        found.measured_rejects[problem.passes, problem.attempts] += 1
    found.reasons[problem.reason] += 1
    examples = found.examples[problem.reason]
    if len(examples) < EXAMPLES:
        examples.append(Example(problem.chain_id, problem.turn, problem.title, problem.detail))


def _chain(found: Survey, problem: _Sketch) -> ChainFacts:
    if problem.chain_id not in found.chains:
        found.chains[problem.chain_id] = ChainFacts(problem.chain_id, len(found.chains) + 1)
    return found.chains[problem.chain_id]


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bin(confidence: float) -> float:
    return max((edge for edge in CONFIDENCE_EDGES if confidence >= edge), default=0.0)


def _weakness(item: tuple[float, Example]) -> tuple[float, str, int]:
    rate, example = item
    return rate, example.chain_id, example.turn
