"""Whether a benchmark's problems are among those that a model was trained on, by the measures of ``curate``."""

from pathlib import Path

from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.core.records import Record
from stepsmith.curate.benchmark_items import read_items
from stepsmith.curate.contamination import ContaminationRule, find_contamination
from stepsmith.curate.likeness import ProblemSketches
from stepsmith.curate.problem_table import read_table


class Contamination(Record, frozen=True, kw_only=True):
    """What the comparison with the training problems found: the tasks that are like one of them."""

    trained_on: str
    training_problems: int
    items: tuple[str, ...]  # "HumanEval/37", in order

    def text(self, problems: int) -> str:
        """Return the finding in words, for manifests and the terminal."""
        against = f"the {self.training_problems} problems of {self.trained_on}"
        if not self.items:
            return f"clean: no problem is like one of {against}"
        shown = ", ".join(self.items[:5]) + (", …" if len(self.items) > 5 else "")
        return f"CONTAMINATED: {len(self.items)} of {problems} problems are like one of {against}: {shown}"


def find_trained_on(data: BenchmarkData, folder: Path) -> Contamination:
    """Compare a benchmark with the problems that a model was trained on (a data set's folder or Parquet file).

    Needs the extra ``curate``. Raises ``RunFolderError`` if the folder has no problems.
    """
    table = read_table([folder])
    hits = find_contamination(table, ProblemSketches(table), read_items([data.path]), ContaminationRule())
    found = {hit.item for hit in hits if hit.counts}
    return Contamination(trained_on=str(folder), training_problems=len(table), items=tuple(sorted(found)))
