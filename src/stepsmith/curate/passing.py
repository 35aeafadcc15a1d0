"""Which golden programs pass which items of a benchmark, over a whole set, on several judges at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from stepsmith.curate.behaviour import passed_items
from stepsmith.curate.benchmark_items import BenchmarkItem
from stepsmith.curate.contamination import ContaminationHit
from stepsmith.curate.embeddings import Vectors
from stepsmith.curate.folder import CurationFolder
from stepsmith.curate.meaning import nearest_items
from stepsmith.curate.problem_table import ProblemReader, ProblemTable
from stepsmith.judge.protocol import Judge

TRIED = 200  # items per problem: the nearest ones by meaning, and those that the other depths name
AHEAD = 64  # problems under way at once

Passed = list[tuple[str, str]]  # (name of an item, evidence)


def passing_hits(
    table: ProblemTable,
    items: Sequence[BenchmarkItem],
    hits: Sequence[ContaminationHit],
    vectors: tuple[Vectors, Vectors],
    judge: Judge,
    workers: int,
    folder: CurationFolder,
) -> Iterator[ContaminationHit]:
    """Yield the hits of the depth "behavioural". ``vectors`` are those of the problems and of the items.

    ``judge`` must allow ``workers`` calls at once. Problems that were done before an interruption are not run again.
    """
    numbers = {item.name: number for number, item in enumerate(items)}
    tried: defaultdict[int, set[int]] = defaultdict(set)
    for hit in hits:
        tried[hit.row].add(numbers[hit.item])
    for row, item, _ in nearest_items(*vectors, TRIED, -1.0):
        tried[row].add(item)
    reader = ProblemReader(table)
    rows = iter([row for row in range(len(table)) if table.environments[row] == "induction" and tried[row]])

    def run(row: int) -> Passed:
        chosen = [items[number] for number in sorted(tried[row])]
        return [(item.name, shown) for item, shown in passed_items(judge, problems[row], chosen)]

    with ThreadPoolExecutor(workers, thread_name_prefix="passing") as threads:
        while some := list(islice(rows, AHEAD)):
            known = {row: folder.recall(f"passes {table.ids[row]}", Passed) for row in some}
            new = [row for row in some if known[row] is None]
            problems = {row: reader.problem(row) for row in new}
            for row, passed in zip(new, threads.map(run, new), strict=True):
                folder.keep(f"passes {table.ids[row]}", passed)
                known[row] = passed
            for row in some:
                for name, shown in known[row] or ():
                    yield ContaminationHit(
                        row=row, item=name, depth="behavioural", method="passes", score=1.0, evidence=shown,
                        counts=True, program=table.code(row),
                    )  # fmt: skip
