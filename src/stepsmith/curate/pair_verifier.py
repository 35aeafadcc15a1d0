"""Whether two problems are duplicates, asked at each depth in turn: words, meaning, what the programs do."""

from collections.abc import Sequence

from stepsmith.curate.behaviour import BehaviourComparison, same_behaviour
from stepsmith.curate.folder import CurationFolder
from stepsmith.curate.likeness import Likeness, NearRule, ProblemSketches, Resemblance, shortened
from stepsmith.curate.meaning import MeaningRule, Meanings
from stepsmith.curate.minhash import Candidates
from stepsmith.curate.ngrams import Places
from stepsmith.curate.problem_table import ProblemReader, ProblemTable
from stepsmith.judge.protocol import Judge

# Words that are so far alike make programs worth running.
LOOSE = NearRule(statement=0.4, program=0.5, program_beside=0.0)


class PairVerifier:
    """Finds candidate pairs and verifies them. Without ``meanings`` and ``judge`` it is the depth "near"."""

    def __init__(
        self,
        table: ProblemTable,
        sketches: ProblemSketches,
        near: NearRule,
        meaning: MeaningRule,
        meanings: Meanings | None = None,
        judge: Judge | None = None,
        folder: CurationFolder | None = None,
    ) -> None:
        self._table, self._sketches, self._near, self._meaning = table, sketches, near, meaning
        self._meanings, self._judge, self._folder = meanings, judge, folder
        self._reader = ProblemReader(table)
        self.judged = 0  # pairs whose programs were compared

    def pairs(self, rows: Places) -> Sequence[Candidates]:
        """Return the candidates among ``rows``."""
        found = [self._sketches.pairs(rows, self._near if self._judge is None else LOOSE)]
        if self._meanings:
            least = self._meaning.duplicate if self._judge is None else self._meaning.candidate
            if self._meanings.encoder != "wordllama":
                least = self._meaning.candidate
            found.append(self._meanings.pairs(rows, self._sketches.groups, least))
        return found

    def verify(self, row: int, rival: int, likeness: Likeness) -> Resemblance | None:
        """Return why two problems are duplicates, or None."""
        if likeness.is_near(self._near):
            return self._sketches.near(row, rival, likeness)
        if self._meanings:
            cosine = self._meanings.cosine(row, rival)
            unlike = likeness.program is not None and likeness.program < self._near.program_beside
            if cosine >= self._meaning.duplicate and not unlike:
                text = shortened(" ".join(self._meanings.text(rival).split())[:200])
                return Resemblance(
                    "semantic", round(cosine, 4), f"statements mean the same, cosine {cosine:.2f}: {text}"
                )
        return self._same_behaviour(row, rival) if self._judge else None

    def _same_behaviour(self, row: int, rival: int) -> Resemblance | None:
        if self._judge is None or self._table.environments[row] != "induction":
            return None
        self.judged += 1
        key = f"pair {self._table.ids[rival]} {self._table.ids[row]}"
        known = self._folder.recall(key, BehaviourComparison) if self._folder else None
        if known is None:
            known = same_behaviour(self._judge, self._reader.problem(rival), self._reader.problem(row))
            if self._folder and known.alike != "unsure":
                self._folder.keep(key, known)
        return Resemblance("behavioural", 1.0, known.evidence) if known.alike == "same" else None
