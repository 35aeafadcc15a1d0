"""One curation: it reads problems, and writes those that it keeps and a record of every decision into a new folder."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property, partial
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from stepsmith import __version__
from stepsmith.cluster.connection import LOCAL, check_executor
from stepsmith.cluster.opening import open_judge
from stepsmith.core.errors import CaseError, RunFolderError
from stepsmith.core.records import Record
from stepsmith.curate.benchmark_items import BenchmarkItem, benchmark_files, read_items
from stepsmith.curate.contamination import (
    ContaminationHit,
    ContaminationRule,
    best_first,
    embed_items,
    find_contamination,
    meaning_hits,
)
from stepsmith.curate.decisions import decide, record_row
from stepsmith.curate.diversity import Diversity, diversity, shapes_of
from stepsmith.curate.duplicates import Duplicates, DuplicateSearch, Ranking, exact_duplicates
from stepsmith.curate.embeddings import EncoderName, Vectors
from stepsmith.curate.folder import DIVERSITY, HITS, MANIFEST, PROBLEMS, RECORDS, CurationFolder
from stepsmith.curate.likeness import DEPTHS, Depth, NearRule, ProblemSketches
from stepsmith.curate.meaning import MeaningRule, Meanings
from stepsmith.curate.pair_verifier import PairVerifier
from stepsmith.curate.passing import passing_hits
from stepsmith.curate.problem_table import ProblemTable, read_table, write_kept
from stepsmith.curate.records import RECORD_SCHEMA, CurationManifest, CurationRecord, SourceFile, count_records
from stepsmith.curate.selection import matched, select, shared_out
from stepsmith.judge.protocol import Judge
from stepsmith.store.dataset import write_rows
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.manifest import file_facts
from stepsmith.store.progress import ProgressFile

Say = Callable[[str], None]
ANY_BAND = "any"


class CurationSettings(Record, frozen=True, kw_only=True):
    """What a curation does. The same settings and files give the same bytes."""

    depth: Depth = "near"
    near: NearRule = NearRule()
    meaning: MeaningRule = MeaningRule()
    encoder: EncoderName = "wordllama"
    contamination: ContaminationRule = ContaminationRule()
    select: Annotated[int, Meta(ge=1)] | None = None  # how many problems to keep; None: all that are left
    quotas: dict[str, Annotated[float, Meta(gt=0)]] = msgspec.field(default_factory=dict)  # shares of the bands

    def __post_init__(self) -> None:
        if self.quotas and self.select is None:
            raise ValueError("quotas need --select: how many problems to keep")
        if self.quotas and not math.isclose(sum(self.quotas.values()), 1, abs_tol=1e-6):
            raise ValueError(f"the quotas add up to {sum(self.quotas.values()):g}, not to 1")


def curate(
    sources: Sequence[Path],
    out: Path,
    settings: CurationSettings,
    *,
    against: Sequence[Path] = (),
    match: Sequence[Path] = (),
    resume: bool = False,
    workers: int = 1,
    executor: str = LOCAL,
    servers: Sequence[str] = (),
    allow_unsafe: bool = False,
    say: Say = lambda _: None,
) -> CurationManifest:
    """Curate the problems of ``sources`` into the new folder ``out`` and return the manifest.

    ``against`` are files of benchmarks, whose problems are dropped. The bands of the kept problems have the proportions
    of the set ``match``, if one is given. ``say`` is called at each stage. Raises ``CaseError`` for a benchmark that
    cannot be read and for quotas that cannot be met, ``RunFolderError`` if ``out`` cannot be used or a source cannot be
    read, ``StoreError`` for files of another schema. No existing file is changed.
    """
    if out.exists() and not out.is_dir():
        raise RunFolderError(f"{out} is a file, not a folder; choose another --out")
    items = read_items(against)
    model = Counter(read_table(match).bands) if match else Counter[str]()
    table = read_table(sources)
    say(f"{len(table)} problems of {len(set(table.chains))} chains")
    read, avoided = tuple(map(_source, table.files)), tuple(map(_source, benchmark_files(against)))
    config = {
        "settings": msgspec.to_builtins(settings),
        "sources": [one.sha256 for one in read],
        "against": [one.sha256 for one in avoided],
        "match": dict(sorted(model.items())),
    }
    with CurationFolder(out, config, resume=resume) as folder, ExitStack() as stack:
        progress = stack.enter_context(ProgressFile(out, "curation", "problems", len(table)))
        tell = _noting(progress, say)
        check_executor(executor)
        judge: Judge | None = None
        if settings.depth == "behavioural":
            opened = open_judge(executor, workers, allow_unsafe=allow_unsafe, servers=servers)
            judge, workers = stack.enter_context(opened)
        stages = _Stages(table, settings, folder, judge, workers, tell)
        found = stages.duplicates()
        hits = stages.contamination(items) if items else []
        decided = decide(table, found, hits)
        records = _selected(table, decided, settings, model)
        write_kept(table, [record.decision == "kept" for record in records], out / PROBLEMS)
        write_rows(out / RECORDS, RECORD_SCHEMA, map(record_row, records))
        vectors = stages.meanings.vectors if stages.meanings else None
        _write_json(out / DIVERSITY, _diversities(table, {"read": None, "curated": decided, "kept": records}, vectors))
        names = [PROBLEMS, RECORDS, DIVERSITY]
        if items:
            write_whole(out / HITS, b"".join(map(partial(_hit_line, table), hits)))
            names.append(HITS)
        manifest = CurationManifest(
            version=__version__,
            settings=msgspec.to_builtins(settings),
            sources=read,
            against=avoided,
            counts=count_records(records, links=len(found.links), compared=found.compared, judged=stages.judged),
            files={name: file_facts(out / name) for name in names},
        )
        _write_json(out / MANIFEST, manifest)
        progress.update(done=len(table), note="")
    return manifest


def _noting(progress: ProgressFile, say: Say) -> Say:
    """Return a function that notes what the curation is doing, and says it."""

    def tell(text: str) -> None:
        progress.update(note=text)
        say(text)

    return tell


class _Stages:
    """The results of each depth, computed when they are first needed."""

    def __init__(
        self,
        table: ProblemTable,
        settings: CurationSettings,
        folder: CurationFolder,
        judge: Judge | None,
        workers: int,
        say: Say,
    ) -> None:
        self._table, self._settings, self._folder = table, settings, folder
        self._judge, self._workers, self._say = judge, workers, say
        self.judged = 0

    @cached_property
    def sketches(self) -> ProblemSketches:
        return ProblemSketches(self._table)

    @cached_property
    def meanings(self) -> Meanings | None:
        deep = DEPTHS.index(self._settings.depth) >= DEPTHS.index("semantic")
        return Meanings(self._table, self._settings.encoder) if deep else None

    def duplicates(self) -> Duplicates:
        """Find duplicates down to the depth of the settings."""
        ranking = Ranking(self._table)
        found = exact_duplicates(self._table, ranking)
        self._say(f"exact: {len(found.dropped)} duplicates")
        if self._settings.depth == "exact":
            return found
        verifier = PairVerifier(
            self._table, self.sketches, self._settings.near, self._settings.meaning,
            self.meanings, self._judge, self._folder,
        )  # fmt: skip
        before = len(found.dropped)
        DuplicateSearch(self._table, ranking, found, self.sketches.likeness, verifier.verify).run(verifier.pairs)
        self.judged = verifier.judged
        ran = f", {verifier.judged} of them by running programs" if self._judge else ""
        self._say(
            f"{self._settings.depth}: {len(found.dropped) - before} more duplicates of {found.compared} pairs "
            f"compared{ran}; {len(found.links)} links between stepping stones"
        )
        return found

    def contamination(self, items: Sequence[BenchmarkItem]) -> list[ContaminationHit]:
        """Find problems of benchmarks down to the depth of the settings, at least to the depth "near"."""
        hits = find_contamination(self._table, self.sketches, items, self._settings.contamination)
        if self.meanings:
            hits += meaning_hits(self.meanings, items, self._settings.meaning)
        if self.meanings and self._judge:
            vectors = self.meanings.vectors, embed_items(items)
            hits += passing_hits(self._table, items, hits, vectors, self._judge, self._workers, self._folder)
        rows = {hit.row for hit in hits if hit.counts}
        self._say(f"against {len(items)} items of benchmarks: {len(rows)} problems are contaminated")
        return best_first(hits)


def _selected(
    table: ProblemTable, records: list[CurationRecord], settings: CurationSettings, model: Mapping[str, int]
) -> list[CurationRecord]:
    """Choose among the problems that are left, where that was asked for."""
    if settings.select is None and not model:
        return records
    rows = [row for row, record in enumerate(records) if record.decision == "kept"]
    bands = [table.bands[row] for row in rows]
    supply = Counter(bands)
    if model:
        quotas = matched(supply, model, settings.select)
    elif settings.quotas:
        quotas = shared_out(settings.quotas, settings.select or 0)
    else:
        if settings.select is not None and settings.select > len(rows):
            raise CaseError(f"--select {settings.select}, but only {len(rows)} problems are left; select fewer")
        quotas = {ANY_BAND: settings.select or 0}
        bands = [ANY_BAND] * len(rows)
    chosen = {rows[number] for number in select([table.features[row] for row in rows], bands, quotas)}
    return [
        msgspec.structs.replace(record, decision="dropped", reason="not-selected", linked=())
        if record.decision == "kept" and row not in chosen
        else record
        for row, record in enumerate(records)
    ]


def _diversities(
    table: ProblemTable, stages: Mapping[str, Sequence[CurationRecord] | None], vectors: Vectors | None
) -> dict[str, Diversity]:
    """Return the diversity of the problems that each stage left; None stands for all."""
    shapes = shapes_of(table)
    found: dict[str, Diversity] = {}
    known: dict[int, Diversity] = {}
    for name, records in stages.items():
        rows = [row for row in range(len(table)) if records is None or records[row].decision == "kept"]
        found[name] = known.setdefault(len(rows), known.get(len(rows)) or diversity(table, rows, shapes, vectors))
    return found


def _write_json(path: Path, content: object) -> None:
    write_whole(path, msgspec.json.format(msgspec.json.encode(content, order="deterministic"), indent=2))


def _hit_line(table: ProblemTable, hit: ContaminationHit) -> bytes:
    return msgspec.json.encode({"id": table.ids[hit.row], **msgspec.to_builtins(hit)}) + b"\n"


def _source(path: Path) -> SourceFile:
    return SourceFile(path=str(path), sha256=file_facts(path).sha256)
