"""How alike two problems are: in the words of their statements and the tokens of their programs."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from stepsmith.core.records import Record
from stepsmith.curate.minhash import Candidates, band_keys, pairs_in_buckets, similarity
from stepsmith.curate.ngrams import Hashes, Places, jaccard
from stepsmith.curate.problem_table import ProblemTable
from stepsmith.curate.sketches import Sketches
from stepsmith.curate.words import all_words, program_words, statement_words

Depth = Literal["exact", "near", "semantic", "behavioural"]
DEPTHS: tuple[Depth, ...] = ("exact", "near", "semantic", "behavioural")

STATEMENT_WORDS, PROGRAM_WORDS = 3, 5  # length of the sequences that are compared
FEWEST_SEQUENCES = 24  # a program with fewer is too short to be recognised by its tokens
SLACK = 0.12  # an estimate may be so far below the similarity: about three standard errors
LONGEST_PASSAGE = 300  # characters


class NearRule(Record, frozen=True, kw_only=True):
    """Which similarity (Jaccard, of the sets of word sequences) makes two problems near-duplicates.

    Either the programs have ``program``, or the statements have ``statement`` and the programs at least
    ``program_beside``. Programs that are too short to tell do not speak against it.
    """

    statement: float = 0.7
    program: float = 0.9
    program_beside: float = 0.4


class Likeness(NamedTuple):
    """How alike two problems are; ``program`` is None if a program is too short to be compared."""

    statement: float
    program: float | None

    def is_near(self, rule: NearRule) -> bool:
        """Say whether this makes near-duplicates."""
        if self.program is None:
            return self.statement >= rule.statement
        return self.program >= rule.program or (
            self.statement >= rule.statement and self.program >= rule.program_beside
        )


class Resemblance(NamedTuple):
    """Why two problems are duplicates."""

    depth: Depth
    score: float
    evidence: str


class ProblemSketches:
    """Statements and programs of a table, compared. In environments other than induction the task is the question."""

    def __init__(self, table: ProblemTable) -> None:
        self._table = table
        induction = np.array([environment == "induction" for environment in table.environments])
        self.statements = Sketches(self._statement_words, len(table), STATEMENT_WORDS)
        self.programs = Sketches(self._program_words, len(table), PROGRAM_WORDS)
        self.programs.sizes[~induction] = 0  # the same program with another input is another question
        names = sorted(set(table.environments))
        self.groups: Hashes = np.array([names.index(one) for one in table.environments], dtype=np.uint64)

    def pairs(self, rows: Places, rule: NearRule) -> Candidates:
        """Return the pairs of ``rows`` (ascending) that may be near-duplicates."""
        found: list[tuple[Places, Places]] = []
        cut = False
        for sketches, fewest, least in (
            (self.statements, 1, rule.statement),
            (self.programs, FEWEST_SEQUENCES, rule.program),
        ):
            some = rows[sketches.sizes[rows] >= fewest]
            left, right, more = pairs_in_buckets(band_keys(sketches.signs[some], self.groups[some]), some)
            alike = similarity(sketches.signs, left, right) >= least - SLACK
            found.append((left[alike], right[alike]))
            cut |= more
        size = len(self._table)
        unique = np.unique(np.concatenate([left * size + right for left, right in found]))
        return Candidates(unique // size, unique % size, cut)

    def likeness(self, left: int, right: int) -> Likeness:
        """Compare two problems in full."""
        sizes = self.programs.sizes
        long_enough = min(sizes[left], sizes[right]) >= FEWEST_SEQUENCES
        return Likeness(
            jaccard(self.statements.set_of(left), self.statements.set_of(right)),
            jaccard(self.programs.set_of(left), self.programs.set_of(right)) if long_enough else None,
        )

    def near(self, row: int, other: int, likeness: Likeness) -> Resemblance:
        """Return the finding on near-duplicates, with what they share."""
        score = max(likeness.statement, likeness.program or 0.0)
        if likeness.program is not None and likeness.program > likeness.statement:
            passage = self.programs.shared_passage(row, self.programs.set_of(other))
            text = f"programs alike {likeness.program:.2f}, statements {likeness.statement:.2f}; they share: "
        else:
            passage = self.statements.shared_passage(row, self.statements.set_of(other))
            text = f"statements alike {likeness.statement:.2f}; they share: "
        return Resemblance("near", round(score, 4), text + shortened(passage))

    def _statement_words(self, row: int) -> Sequence[str]:
        words = statement_words(self._table.statement(row))
        if self._table.environments[row] != "induction":
            words += all_words(str(self._table.tasks[row]))
        return words

    def _program_words(self, row: int) -> Sequence[str]:
        return program_words(self._table.code(row), self._table.languages[row])


def shortened(text: str) -> str:
    """Return a passage as evidence shows it."""
    return text if len(text) <= LONGEST_PASSAGE else text[: LONGEST_PASSAGE - 1] + "…"
