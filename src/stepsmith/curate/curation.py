"""One curation: problems in, a new folder with those that are kept and a record of every decision out."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from stepsmith import __version__
from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import Record
from stepsmith.curate.duplicates import Duplicates, DuplicateSearch, Ranking, exact_duplicates
from stepsmith.curate.folder import MANIFEST, PROBLEMS, RECORDS, CurationFolder
from stepsmith.curate.likeness import DEPTHS, Depth, Finding, Likeness, NearRule, ProblemSketches
from stepsmith.curate.problem_table import ProblemTable, read_table, write_kept
from stepsmith.curate.records import RECORD_SCHEMA, CurationManifest, CurationRecord, SourceFile, count_records
from stepsmith.store.dataset import write_rows
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.manifest import file_facts

Say = Callable[[str], None]


class CurationSettings(Record, frozen=True, kw_only=True):
    """What a curation does. The same settings and files give the same bytes."""

    depth: Depth = "near"
    near: NearRule = NearRule()


def curate(
    sources: Sequence[Path],
    out: Path,
    settings: CurationSettings,
    *,
    resume: bool = False,
    say: Say = lambda _: None,
) -> CurationManifest:
    """Curate the problems of ``sources`` into the new folder ``out`` and return the manifest.

    ``say`` is told of each stage. Raises ``RunFolderError`` where ``out`` cannot be used or a source cannot be read,
    ``StoreError`` for files of another schema; nothing that was there is changed.
    """
    if out.exists() and not out.is_dir():
        raise RunFolderError(f"{out} is a file, not a folder; choose another --out")
    table = read_table(sources)
    say(f"{len(table)} problems of {len(set(table.chains))} chains")
    read = tuple(_source(path) for path in table.files)
    config = {"settings": msgspec.to_builtins(settings), "sources": [one.sha256 for one in read]}
    with CurationFolder(out, config, resume=resume) as folder:
        found = _duplicates(table, settings, say)
        records = _records(table, found)
        write_kept(table, [record.decision == "kept" for record in records], out / PROBLEMS)
        write_rows(out / RECORDS, RECORD_SCHEMA, map(_row, records))
        manifest = CurationManifest(
            version=__version__,
            settings=msgspec.to_builtins(settings),
            sources=read,
            counts=count_records(records, links=len(found.links), compared=found.compared),
            files={name: file_facts(out / name) for name in (PROBLEMS, RECORDS)},
        )
        encoded = msgspec.json.encode(manifest, order="deterministic")
        write_whole(folder.path / MANIFEST, msgspec.json.format(encoded, indent=2))
    return manifest


def _duplicates(table: ProblemTable, settings: CurationSettings, say: Say) -> Duplicates:
    ranking = Ranking(table)
    found = exact_duplicates(table, ranking)
    say(f"exact: {len(found.dropped)} duplicates")
    if DEPTHS.index(settings.depth) < DEPTHS.index("near"):
        return found
    sketches = ProblemSketches(table)

    def verify(row: int, rival: int, likeness: Likeness) -> Finding | None:
        return sketches.near(row, rival, likeness) if likeness.is_near(settings.near) else None

    before = len(found.dropped)
    search = DuplicateSearch(table, ranking, found, sketches.likeness, verify)
    search.run(lambda rows: [sketches.pairs(rows, settings.near)])
    say(f"near: {len(found.dropped) - before} duplicates of {found.compared} pairs compared, {len(found.links)} links")
    return found


def _records(table: ProblemTable, found: Duplicates) -> list[CurationRecord]:
    linked: defaultdict[int, list[int]] = defaultdict(list)
    for left, right, _ in found.links:
        linked[left].append(right)
        linked[right].append(left)
    records = []
    for number, file in enumerate(table.files):
        ends = (*table.starts[1:], len(table))
        for row in range(table.starts[number], ends[number]):
            record = CurationRecord(
                id=table.ids[row],
                file=str(file),
                row=row - table.starts[number] + 1,
                chain_id=table.chains[row],
                band=table.bands[row],
                decision="kept",
                linked=tuple(sorted(table.ids[other] for other in linked[row])),
            )
            if duplicate := found.dropped.get(row):
                record = msgspec.structs.replace(
                    record,
                    decision="dropped",
                    reason="duplicate",
                    depth=duplicate.finding.depth,
                    match=table.ids[duplicate.kept],
                    score=duplicate.finding.score,
                    evidence=duplicate.finding.evidence,
                    why=duplicate.why,
                    linked=(),
                )
            records.append(record)
    return records


def _row(record: CurationRecord) -> dict[str, object]:
    return {**msgspec.structs.asdict(record), "linked": list(record.linked)}


def _source(path: Path) -> SourceFile:
    return SourceFile(path=str(path), sha256=file_facts(path).sha256)
