"""A problem's life: from the lines of its seed to its tests and rewards, with every filter and export on the way.

It is read from the folders that the user names: runs of `stepsmith synth`, of `rate` and `curate`, and exports.
"""

import json
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from stepsmith.core.errors import CaseError, RunFolderError
from stepsmith.core.records import Chain, Problem, Record
from stepsmith.store.dataset import Row, read_rows, row_problem
from stepsmith.store.manifest import Manifest
from stepsmith.store.problem_sets import problem_files
from stepsmith.store.ratings import RATINGS
from stepsmith.store.runfolder import MANIFEST, PROBLEMS, REJECTED, WORK

RECORDS, HITS = "records.parquet", "hits.jsonl"  # of `stepsmith curate`
LEAST = 6  # characters of an id that name a problem
_EXPORTS = ("*.parquet", "*.jsonl", "*.json", "*.yaml", "*.toml")


class Life(Record, frozen=True, kw_only=True):
    """What the named folders know of a problem. Lists are in the order of the folders."""

    problem: Problem
    place: str  # the file that holds it
    rejected: tuple[str, str] | None = None  # (reason, detail) of a problem that was not kept
    chain: Chain | None = None  # with its seed; None where the run's work file is gone
    manifest: Manifest | None = None  # of the run that made it
    ratings: tuple[dict[str, object], ...] = ()  # rows of ratings.parquet
    curations: tuple[tuple[str, dict[str, object], tuple[dict[str, object], ...]], ...] = ()  # folder, record, hits
    exports: tuple[str, ...] = ()  # files that name the id


def life_of(wanted: str, places: Sequence[Path]) -> Life:
    """Return the life of the problem whose id is ``wanted``, or begins or ends with it.

    Raises ``CaseError`` where no place holds such a problem, or several do, and ``RunFolderError`` for a place that is
    not there.
    """
    for place in places:
        if not place.exists():
            raise RunFolderError(f"{place} does not exist")
    return life_in(*_find(wanted, places), places)


def life_in(file: Path, row: Row, places: Sequence[Path]) -> Life:
    """Return the life of the problem that is a row of ``file``."""
    problem = row_problem(row)
    run = file.parent
    manifest = _manifest(run)
    others = [place for place in places if place.is_dir()]
    return Life(
        problem=problem,
        place=str(file),
        rejected=(str(row["reason"]), str(row["detail"])) if "reason" in row else None,
        chain=_chain(run / WORK, problem.lineage.chain_id) if manifest else None,
        manifest=manifest,
        ratings=tuple(_rows(others, RATINGS, "problem_id", problem.id)),
        curations=tuple(
            (str(place), record, _hits(place / HITS, problem.id))
            for place in others
            for record in _rows([place], RECORDS, "id", problem.id)
        ),
        exports=tuple(_exports(others, problem.id)),
    )


def _find(wanted: str, places: Sequence[Path]) -> tuple[Path, Row]:
    """Return the file and the row of the problem; a run that made it comes before copies of it."""
    found: dict[str, tuple[Path, Row]] = {}
    short = len(wanted) < LEAST
    for path in sorted(_data_files(places), key=lambda path: not (path.parent / WORK).is_file()):
        ids = [str(row["id"]) for row in read_rows(path, ["id"])]
        fits = {id for id in ids if id == wanted or (not short and (id.startswith(wanted) or id.endswith(wanted)))}
        if fits - found.keys():
            found |= {
                str(row["id"]): (path, row) for row in read_rows(path) if row["id"] in fits and row["id"] not in found
            }
    if len(found) == 1:
        return next(iter(found.values()))
    where = ", ".join(map(str, places))
    if not found:
        hint = f"; give at least {LEAST} characters of it" if short else ""
        raise CaseError(f"no problem {wanted!r} in {where}{hint}. The ids are in the column id of {PROBLEMS}")
    raise CaseError(f"{len(found)} problems in {where} have an id like {wanted!r}: {', '.join(sorted(found)[:4])}")


def _data_files(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        try:
            files = problem_files(place)
        except RunFolderError:  # an export, or a run without a kept problem
            files = []
        for path in [*files, *([place / REJECTED] if (place / REJECTED).is_file() else [])]:
            if path.suffix == ".parquet" and path.name not in (RATINGS, RECORDS):
                yield path


def _manifest(run: Path) -> Manifest | None:
    """Return the manifest of a synthesis; None where the folder is something else."""
    try:
        return msgspec.json.decode((run / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError):
        return None


def _chain(work: Path, chain_id: str) -> Chain | None:
    if not work.is_file():
        return None
    try:
        db = sqlite3.connect(f"{work.resolve().as_uri()}?mode=ro", uri=True)
        try:
            for (body,) in db.execute("SELECT body FROM chains ORDER BY idx"):
                chain = msgspec.msgpack.decode(zlib.decompress(body), type=Chain)
                if chain.id == chain_id:
                    return chain
        finally:
            db.close()
    except (sqlite3.DatabaseError, zlib.error, msgspec.DecodeError):
        return None  # a run of another version: what the data set says is left
    return None


def _rows(places: Sequence[Path], name: str, column: str, id: str) -> Iterator[dict[str, object]]:
    for place in places:
        if (place / name).is_file():
            yield from (row for row in read_rows(place / name) if row[column] == id)


def _hits(path: Path, id: str) -> tuple[dict[str, object], ...]:
    if not path.is_file():
        return ()
    return tuple(hit for line in path.read_text("utf-8").splitlines() if id in line and (hit := json.loads(line)))


def _exports(places: Sequence[Path], id: str) -> Iterator[str]:
    """Yield the files of exports that name the id: their rows hold it as text, whatever their form."""
    word = id.encode()
    for place in places:
        if any((place / name).is_file() for name in (WORK, REJECTED, RATINGS, RECORDS)):  # of ours
            continue
        for pattern in _EXPORTS:
            for path in sorted(place.rglob(pattern)):
                if path.suffix != ".parquet":
                    named = word in path.read_bytes()
                else:
                    named = any(id in str(row) for row in read_rows(path))
                if named:
                    yield str(path)
