"""One pass over the two data files of a run: all counts of the report, and the chains that it may show.

Memory grows by eight bytes per problem and number of its evidence; statements, test values and programs are not read.
"""

import heapq
import math
import statistics
from array import array
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from stepsmith.core.errors import StoreError
from stepsmith.core.records import BANDS, Band
from stepsmith.store.dataset import Row, read_rows
from stepsmith.store.first_seen import FirstSeen
from stepsmith.store.runfolder import PROBLEMS, REJECTED

CHAIN_LIMIT = 300  # the page holds at most this many chains
EXAMPLES = 3  # rejected problems that are shown per reason
WEAKEST = 10  # problems shown whose tests kill the fewest mutants
DISTINCT = 200  # different texts that are counted per provenance key
CONFIDENCE_EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)  # lower ends of the bins; the last holds only 1.0

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


class _FeatureColumn(msgspec.Struct, frozen=True):
    name: str
    category: str


class _TestColumn(msgspec.Struct, frozen=True):
    kind: str
    confidence: float


class _ProvenanceColumn(msgspec.Struct, frozen=True):
    key: str
    value: str


class _ProblemColumns(msgspec.Struct, frozen=True):
    """The columns that the survey reads."""

    id: str
    chain_id: str
    turn: int
    environment: str
    title: str
    band: str | None  # or "undecided"; None: not rated
    passes: int | None
    attempts: int | None
    features: tuple[_FeatureColumn, ...] = ()
    tests: tuple[_TestColumn, ...] = ()
    provenance: tuple[_ProvenanceColumn, ...] = ()
    reason: str = ""
    detail: str = ""

    @property
    def rate(self) -> float | None:
        return self.passes / self.attempts if self.attempts and self.passes is not None else None


@dataclass(slots=True)
class ChainFacts:
    """The facts of a chain in the list of chains; ``choose`` selects by them."""

    id: str
    number: int  # 1-based, in order of appearance
    kept: int = 0
    rejected: int = 0
    environments: set[str] = field(default_factory=set)
    bands: set[Band] = field(default_factory=set)
    rates: list[float] = field(default_factory=list)  # pass rates of kept problems, in file order
    title: str = ""  # of the last kept problem; of a rejected one where none was kept

    @property
    def hardest(self) -> str:
        """The hardest band of a kept problem; "none" where no problem was kept."""
        return next((band for band in reversed(BANDS) if band in self.bands), "none")

    @property
    def stratum(self) -> tuple[str, str]:
        """What chains are chosen by: environments and hardest band."""
        return "+".join(sorted(self.environments)), self.hardest


@dataclass(slots=True)
class TurnFacts:
    """The counts of one turn over all chains."""

    kept: int = 0
    rejected: int = 0
    rates: Counter[float] = field(default_factory=Counter)  # of kept problems

    @property
    def share_kept(self) -> float:
        """Kept problems per proposed one."""
        return self.kept / (self.kept + self.rejected)

    @property
    def median_rate(self) -> float | None:
        """Median pass rate of the kept problems; None if none was rated."""
        return statistics.median(self.rates.elements()) if self.rates else None


@dataclass(frozen=True, slots=True)
class ProblemRef:
    """A problem that the page mentions and links to."""

    chain_id: str
    turn: int
    title: str
    detail: str


@dataclass(slots=True)
class EvidenceFacts:
    """The values of one provenance key: numbers, and the other values as texts with their counts."""

    numbers: "array[float]" = field(default_factory=lambda: array("d"))
    texts: Counter[str] = field(default_factory=Counter)
    count: int = 0

    @property
    def numeric(self) -> bool:
        """True if every value is a number."""
        return len(self.numbers) == self.count


@dataclass(slots=True)
class Survey:
    """All counts. The comment of a counter names the parts of its keys."""

    kept: int = 0
    rejected: int = 0
    rated: Counter[tuple[str, int, int]] = field(default_factory=Counter)  # environment, passes, attempts
    rated_rejects: Counter[tuple[int, int]] = field(default_factory=Counter)  # passes, attempts
    by_band: Counter[tuple[str | None, str]] = field(default_factory=Counter)  # band, environment
    turns: defaultdict[int, TurnFacts] = field(default_factory=lambda: defaultdict(TurnFacts))
    features: Counter[tuple[str, str, str | None]] = field(default_factory=Counter)  # category, name, band
    reasons: Counter[str] = field(default_factory=Counter)
    examples: defaultdict[str, list[ProblemRef]] = field(default_factory=lambda: defaultdict(list))
    confidence: Counter[float] = field(default_factory=Counter)  # by lower end of the bin
    kinds: Counter[str] = field(default_factory=Counter)
    evidence: defaultdict[str, EvidenceFacts] = field(default_factory=lambda: defaultdict(EvidenceFacts))
    weakest: list[tuple[float, ProblemRef]] = field(default_factory=list)  # kill rate, lowest first
    chains: dict[str, ChainFacts] = field(default_factory=dict)  # the first ``CHAIN_LIMIT`` of each stratum
    chain_count: int = 0

    @property
    def environments(self) -> list[str]:
        """The environments of the kept problems, the most frequent first."""
        counts: Counter[str] = Counter()
        for (_, environment), count in self.by_band.items():
            counts[environment] += count
        return sorted(counts, key=lambda name: (-counts[name], name))


def survey(folder: Path) -> Survey:
    """Count the kept and rejected problems of a run.

    Raises ``RunFolderError`` if the files are missing, ``StoreError`` if their rows have another form.
    """
    found = Survey()
    with closing(FirstSeen()) as numbers:
        chains = _ChainList(found, numbers)
        for row in read_rows(folder / PROBLEMS, _COLUMNS):
            problem = _columns(row, PROBLEMS)
            _count_kept(found, problem, chains.of(problem))
        for row in read_rows(folder / REJECTED, _REJECT_COLUMNS):
            problem = _columns(row, REJECTED)
            _count_rejected(found, problem, chains.of(problem))
        chains.close()
    found.weakest = heapq.nsmallest(WEAKEST, found.weakest, key=_weakness)
    return found


def _columns(row: Row, name: str) -> _ProblemColumns:
    try:
        return msgspec.convert(row, _ProblemColumns)
    except msgspec.ValidationError as error:
        raise StoreError(
            f"{name} was written by another version of Stepsmith: {error}. Make it again with `stepsmith synth`."
        ) from None


class _ChainList:
    """Numbers the chains by their first row, and keeps the facts of those that the page may show.

    The rows of a chain follow each other in each file. Of a stratum the page shows at most ``CHAIN_LIMIT`` chains, so
    the facts of later ones need not be kept.
    """

    def __init__(self, found: Survey, numbers: FirstSeen) -> None:
        self._found, self._numbers = found, numbers
        self._sizes: Counter[tuple[str, str]] = Counter()
        self._last: ChainFacts | None = None  # that began last

    def of(self, problem: _ProblemColumns) -> ChainFacts:
        """Return the facts of a problem's chain; those of a chain that is not kept are not used again."""
        id, following = problem.chain_id, self._found.chain_count + 1
        number = int(self._numbers.claim(id, str(following)))
        if number == following:
            self.close()
            self._found.chain_count = number
            self._last = self._found.chains[id] = ChainFacts(id, number)
        return self._found.chains.get(id) or ChainFacts(id, number)

    def close(self) -> None:
        """Decide on the chain that began last: its rows have been read."""
        if self._last is None:
            return
        self._sizes[self._last.stratum] += 1
        if self._sizes[self._last.stratum] > CHAIN_LIMIT:
            del self._found.chains[self._last.id]
        self._last = None


def _count_kept(found: Survey, problem: _ProblemColumns, chain: ChainFacts) -> None:
    found.kept += 1
    found.by_band[problem.band, problem.environment] += 1
    turn = found.turns[problem.turn]
    turn.kept += 1
    chain.kept += 1
    chain.title = problem.title
    chain.environments.add(problem.environment)
    if problem.rate is not None and problem.passes is not None and problem.attempts is not None:
        found.rated[problem.environment, problem.passes, problem.attempts] += 1
        turn.rates[problem.rate] += 1
        chain.rates.append(problem.rate)
    chain.bands.update(band for band in BANDS if band == problem.band)
    for category, name in {(feature.category, feature.name) for feature in problem.features}:
        found.features[category, name, problem.band] += 1
    for label in problem.tests:
        found.kinds[label.kind] += 1
        found.confidence[_bin(label.confidence)] += 1
    _count_evidence(found, problem)


def _count_evidence(found: Survey, problem: _ProblemColumns) -> None:
    for item in problem.provenance:
        facts = found.evidence[item.key]
        facts.count += 1
        number = _number(item.value)
        if number is None:
            text = item.value[:80]
            if len(facts.texts) < DISTINCT or text in facts.texts:
                facts.texts[text] += 1
            continue
        facts.numbers.append(number)
        if item.key == "kill_rate":
            example = ProblemRef(problem.chain_id, problem.turn, problem.title, f"{len(problem.tests)}")
            found.weakest.append((number, example))
    if len(found.weakest) > 20 * WEAKEST:
        found.weakest = heapq.nsmallest(WEAKEST, found.weakest, key=_weakness)


def _count_rejected(found: Survey, problem: _ProblemColumns, chain: ChainFacts) -> None:
    found.rejected += 1
    found.turns[problem.turn].rejected += 1
    chain.rejected += 1
    chain.title = chain.title or problem.title
    if not chain.kept:
        chain.environments.add(problem.environment)
    if problem.attempts and problem.passes is not None:
        found.rated_rejects[problem.passes, problem.attempts] += 1
    found.reasons[problem.reason] += 1
    examples = found.examples[problem.reason]
    if len(examples) < EXAMPLES:
        examples.append(ProblemRef(problem.chain_id, problem.turn, problem.title, problem.detail))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _bin(confidence: float) -> float:
    return max((edge for edge in CONFIDENCE_EDGES if confidence >= edge), default=0.0)


def _weakness(item: tuple[float, ProblemRef]) -> tuple[float, str, int]:
    rate, example = item
    return rate, example.chain_id, example.turn
