"""The decision on every problem, from all findings together."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from stepsmith.curate.contamination import ContaminationHit
from stepsmith.curate.duplicates import Duplicate, Duplicates
from stepsmith.curate.problem_table import ProblemTable
from stepsmith.curate.records import CurationRecord


def decide(table: ProblemTable, found: Duplicates, hits: Sequence[ContaminationHit]) -> list[CurationRecord]:
    """Return one record per problem, in the order of the table.

    Contaminated problems are dropped first, then duplicates. A problem that is a duplicate of a contaminated one, or
    linked to one, counts as contaminated, too: it may only lack the words by which the other was found. So does every
    other duplicate of such a problem. Hence what is recorded as a duplicate has its counterpart in the result.
    """
    linked: defaultdict[int, list[int]] = defaultdict(list)
    for left, right, _ in found.links:
        linked[left].append(right)
        linked[right].append(left)
    worst = {hit.row: hit for hit in reversed(hits) if hit.counts}
    beside = dict(_beside_contaminated(found, worst))
    for one in found.dropped.values():
        if one.row not in beside and one.kept in beside:
            beside[one.row] = beside[one.kept]
    records = []
    for row, record in enumerate(_untouched(table)):
        if row in worst:
            records.append(_contaminated(record, worst[row]))
        elif row in beside:
            hit = worst[beside[row]]
            near = f"like {table.ids[beside[row]]}, which is {hit.item}: {hit.evidence}"
            records.append(msgspec.structs.replace(_contaminated(record, hit), evidence=near))
        elif row in found.dropped:
            records.append(_duplicate(table, record, found.dropped[row]))
        else:
            ids = tuple(sorted(table.ids[other] for other in linked[row] if other not in worst and other not in beside))
            records.append(msgspec.structs.replace(record, linked=ids))
    return records


def record_row(record: CurationRecord) -> dict[str, object]:
    """Return a record as a row of ``records.parquet``."""
    return {**msgspec.structs.asdict(record), "linked": list(record.linked)}


def _untouched(table: ProblemTable) -> Iterator[CurationRecord]:
    for number, file in enumerate(table.files):
        for row in range(table.starts[number], (*table.starts[1:], len(table))[number]):
            yield CurationRecord(
                id=table.ids[row],
                file=str(file),
                row=row - table.starts[number] + 1,
                chain_id=table.chains[row],
                band=table.bands[row],
                decision="kept",
            )


def _duplicate(table: ProblemTable, record: CurationRecord, duplicate: Duplicate) -> CurationRecord:
    finding = duplicate.finding
    return msgspec.structs.replace(
        record,
        decision="dropped",
        reason="duplicate",
        depth=finding.depth,
        match=table.ids[duplicate.kept],
        score=finding.score,
        evidence=finding.evidence,
        why=duplicate.why,
    )


def _contaminated(record: CurationRecord, hit: ContaminationHit) -> CurationRecord:
    return msgspec.structs.replace(
        record,
        decision="dropped",
        reason="contaminated",
        depth=hit.depth,
        match=hit.item,
        score=hit.score,
        evidence=f"{hit.method}: {hit.evidence}",
    )


def _beside_contaminated(found: Duplicates, worst: dict[int, ContaminationHit]) -> Iterator[tuple[int, int]]:
    """Yield (row, contaminated row) of duplicates and links of which exactly one is contaminated."""
    pairs = [(one.row, one.kept) for one in found.dropped.values()] + [link[:2] for link in found.links]
    for left, right in pairs:
        if (left in worst) != (right in worst):
            yield (right, left) if left in worst else (left, right)
