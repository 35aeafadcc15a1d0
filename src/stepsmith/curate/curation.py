"""One curation: problems in, a new folder with those that are kept and a record of every decision out."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec

from stepsmith import __version__
from stepsmith.core.errors import RunFolderError
from stepsmith.core.records import Record
from stepsmith.curate.benchmark_items import benchmark_files, read_items
from stepsmith.curate.contamination import ContaminationHit, ContaminationRule, find_contamination
from stepsmith.curate.decisions import decide, record_row
from stepsmith.curate.duplicates import Duplicates, DuplicateSearch, Ranking, exact_duplicates
from stepsmith.curate.folder import HITS, MANIFEST, PROBLEMS, RECORDS, CurationFolder
from stepsmith.curate.likeness import Depth, Finding, Likeness, NearRule, ProblemSketches
from stepsmith.curate.problem_table import ProblemTable, read_table, write_kept
from stepsmith.curate.records import RECORD_SCHEMA, CurationManifest, SourceFile, count_records
from stepsmith.store.dataset import write_rows
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.manifest import file_facts

Say = Callable[[str], None]


class CurationSettings(Record, frozen=True, kw_only=True):
    """What a curation does. The same settings and files give the same bytes."""

    depth: Depth = "near"
    near: NearRule = NearRule()
    contamination: ContaminationRule = ContaminationRule()


def curate(
    sources: Sequence[Path],
    out: Path,
    settings: CurationSettings,
    *,
    against: Sequence[Path] = (),
    resume: bool = False,
    say: Say = lambda _: None,
) -> CurationManifest:
    """Curate the problems of ``sources`` into the new folder ``out`` and return the manifest.

    ``against`` are files of benchmarks: their problems go. ``say`` is told of each stage. Raises ``CaseError`` for a
    benchmark that cannot be read, ``RunFolderError`` where ``out`` cannot be used or a source
    cannot be read, ``StoreError`` for files of another schema; nothing that was there is changed.
    """
    if out.exists() and not out.is_dir():
        raise RunFolderError(f"{out} is a file, not a folder; choose another --out")
    items = read_items(against)
    table = read_table(sources)
    say(f"{len(table)} problems of {len(set(table.chains))} chains")
    read, avoided = tuple(map(_source, table.files)), tuple(map(_source, benchmark_files(against)))
    config = {
        "settings": msgspec.to_builtins(settings),
        "sources": [one.sha256 for one in read],
        "against": [one.sha256 for one in avoided],
    }
    with CurationFolder(out, config, resume=resume):
        sketches = ProblemSketches(table) if items or settings.depth != "exact" else None
        found = _duplicates(table, sketches, settings, say)
        hits: list[ContaminationHit] = []
        if items and sketches:
            hits = find_contamination(table, sketches, items, settings.contamination)
            say(f"against {len(items)} items: {len({hit.row for hit in hits if hit.counts})} problems are contaminated")
        records = decide(table, found, hits)
        write_kept(table, [record.decision == "kept" for record in records], out / PROBLEMS)
        write_rows(out / RECORDS, RECORD_SCHEMA, map(record_row, records))
        names = [PROBLEMS, RECORDS]
        if items:
            write_whole(out / HITS, b"".join(map(partial(_hit_line, table), hits)))
            names.append(HITS)
        manifest = CurationManifest(
            version=__version__,
            settings=msgspec.to_builtins(settings),
            sources=read,
            against=avoided,
            counts=count_records(records, links=len(found.links), compared=found.compared),
            files={name: file_facts(out / name) for name in names},
        )
        encoded = msgspec.json.encode(manifest, order="deterministic")
        write_whole(out / MANIFEST, msgspec.json.format(encoded, indent=2))
    return manifest


def _duplicates(
    table: ProblemTable, sketches: ProblemSketches | None, settings: CurationSettings, say: Say
) -> Duplicates:
    ranking = Ranking(table)
    found = exact_duplicates(table, ranking)
    say(f"exact: {len(found.dropped)} duplicates")
    if settings.depth == "exact" or sketches is None:
        return found

    def verify(row: int, rival: int, likeness: Likeness) -> Finding | None:
        return sketches.near(row, rival, likeness) if likeness.is_near(settings.near) else None

    before = len(found.dropped)
    search = DuplicateSearch(table, ranking, found, sketches.likeness, verify)
    search.run(lambda rows: [sketches.pairs(rows, settings.near)])
    say(f"near: {len(found.dropped) - before} duplicates of {found.compared} pairs compared, {len(found.links)} links")
    return found


def _hit_line(table: ProblemTable, hit: ContaminationHit) -> bytes:
    return msgspec.json.encode({"id": table.ids[hit.row], **msgspec.to_builtins(hit)}) + b"\n"


def _source(path: Path) -> SourceFile:
    return SourceFile(path=str(path), sha256=file_facts(path).sha256)
