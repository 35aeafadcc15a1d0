"""A data set as Parquet shards at a URL: a folder, or a bucket of an S3-compatible store, through fsspec.

    URL/problems-00000-1f3a….parquet   shards, named by number and content
    URL/rejected-00000-….parquet
    URL/manifest.json                  written last: what it does not name is not there

A shard never changes, because its name holds the hash of its content. So a reader sees the old set or the new one, and
a writer that was killed writes again only what is missing. The same rows give the same names and bytes.
"""

import hashlib
import io
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from stepsmith.core.errors import ConfigError, MachineError, StoreError
from stepsmith.core.records import Record
from stepsmith.store.dataset import PROBLEM_SCHEMA, REJECTION_SCHEMA, ROWS_PER_TABLE, Row, read_rows, write_rows
from stepsmith.store.manifest import read_manifest
from stepsmith.store.runfolder import MANIFEST, PROBLEMS, REJECTED

ROWS_PER_SHARD = 1024  # our choice: a few megabytes, which are held in memory
SCHEMAS = {PROBLEMS: PROBLEM_SCHEMA, REJECTED: REJECTION_SCHEMA}


class ShardFacts(Record, frozen=True, kw_only=True):
    """One shard: its file name, and what must be in the file."""

    name: str
    rows: int
    bytes: int
    sha256: str


class ShardManifest(Record, frozen=True, kw_only=True):
    """All shards of a data set, by the file of the run that they hold, and what that run was."""

    config_id: str
    config: msgspec.Raw
    versions: dict[str, str]
    whole: dict[str, str]  # SHA-256 of each file of the run, which `get` writes again byte for byte
    shards: dict[str, tuple[ShardFacts, ...]]

    @property
    def rows(self) -> dict[str, int]:
        """Rows by file."""
        return {name: sum(shard.rows for shard in shards) for name, shards in self.shards.items()}


def put(folder: Path, url: str, rows_per_shard: int = ROWS_PER_SHARD) -> ShardManifest:
    """Write the data set of a finished run to ``url`` and return the manifest. May be repeated after a failure.

    Raises ``RunFolderError`` if the run is not finished, and ``StoreError`` if the place cannot be written.
    """
    run = read_manifest(folder)
    place = _ShardPlace(url)
    shards = {
        name: tuple(
            place.put_shard(f"{Path(name).stem}-{number:05d}", schema, rows)
            for number, rows in enumerate(_parts(read_rows(folder / name), rows_per_shard))
        )
        for name, schema in SCHEMAS.items()
    }
    manifest = ShardManifest(
        config_id=run.config_id,
        config=run.config,
        versions=run.versions,
        whole={name: run.files[name].sha256 for name in SCHEMAS},
        shards=shards,
    )
    place.write(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest, order="deterministic"), indent=1))
    return manifest


def get(url: str, folder: Path) -> ShardManifest:
    """Read a data set from ``url`` into a new folder, as the Parquet files of its run, byte for byte.

    Raises ``StoreError`` if there is no complete data set, or a shard is not what its manifest says.
    """
    place = _ShardPlace(url)
    manifest = place.manifest()
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in SCHEMAS.items():
        write_rows(folder / name, schema, place.rows(manifest.shards[name]))
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if digest != manifest.whole[name]:
            versions = ", ".join(f"{key} {version}" for key, version in manifest.versions.items())
            raise StoreError(
                f"{folder / name} has the rows of {url}, but not the bytes of the run; it was written with {versions}"
            )
    return manifest


def check(url: str) -> ShardManifest:
    """Read every shard and compare it with the manifest. Raises ``StoreError`` for what is missing or damaged."""
    place = _ShardPlace(url)
    manifest = place.manifest()
    for shards in manifest.shards.values():
        for shard in shards:
            place.read_shard(shard)
    return manifest


class _ShardPlace:
    """A folder or a bucket with a prefix."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._files, self._root = _file_system(self._url)
        self._local = "file" in _protocols(self._files)

    def put_shard(self, stem: str, schema: pa.Schema, rows: list[Row]) -> ShardFacts:
        """Write rows as a shard, unless it is there already."""
        content = _parquet(schema, rows)
        digest = hashlib.sha256(content).hexdigest()
        facts = ShardFacts(name=f"{stem}-{digest[:12]}.parquet", rows=len(rows), bytes=len(content), sha256=digest)
        if self._size(facts.name) != len(content):
            self.write(facts.name, content)
        return facts

    def write(self, name: str, content: bytes) -> None:
        """Write a file, which appears whole or not at all: object stores do so by themselves."""
        path = f"{self._root}/{name}"

        def write() -> None:
            if not self._local:
                self._files.pipe_file(path, content)
                return
            self._files.makedirs(self._root, exist_ok=True)
            partial = Path(f"{path}.partial")
            partial.write_bytes(content)
            partial.replace(path)

        self._explained(write)

    def manifest(self) -> ShardManifest:
        """Read the manifest."""
        try:
            return msgspec.json.decode(self._read(MANIFEST), type=ShardManifest)
        except msgspec.DecodeError as error:
            raise StoreError(f"{self._url}/{MANIFEST} is no manifest of shards: {error}") from None

    def rows(self, shards: Iterable[ShardFacts]) -> Iterator[Row]:
        """Yield the rows of shards, with one shard in memory at a time."""
        for shard in shards:
            for batch in pq.ParquetFile(pa.BufferReader(self.read_shard(shard))).iter_batches(ROWS_PER_TABLE):
                yield from batch.to_pylist()

    def read_shard(self, shard: ShardFacts) -> bytes:
        """Return the content of a shard. Raises ``StoreError`` if it is another one."""
        content = self._read(shard.name)
        if hashlib.sha256(content).hexdigest() != shard.sha256:
            raise StoreError(
                f"{self._url}/{shard.name} is damaged: write the data set again with `stepsmith shards put`"
            )
        return content

    def _read(self, name: str) -> bytes:
        try:
            return bytes(self._explained(lambda: self._files.cat_file(f"{self._root}/{name}")))
        except FileNotFoundError:
            raise StoreError(f"there is no {name} at {self._url}: the data set is not there, or not complete") from None

    def _size(self, name: str) -> int | None:
        try:
            return int(self._explained(lambda: self._files.info(f"{self._root}/{name}"))["size"])
        except FileNotFoundError:
            return None

    def _explained(self, action: Callable[[], Any]) -> Any:
        try:
            return action()
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            said = (error.strerror if isinstance(error, OSError) else None) or str(error).splitlines()[0]
            raise StoreError(
                f"{self._url}: {said}; what was written before is kept, so the same command goes on"
            ) from None


def _file_system(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path in it.

    S3 goes through pyarrow. Its address comes from AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL, everything else from where
    other AWS tools look for it.
    """
    try:
        import fsspec
        from fsspec.implementations.arrow import ArrowFSWrapper
    except ModuleNotFoundError:
        raise MachineError("shards need the package fsspec; run pip install 'stepsmith[ray]'") from None
    scheme, separator, path = url.partition("://")
    if scheme in ("s3", "s3a") and separator:
        from pyarrow.fs import S3FileSystem

        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
        region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        return ArrowFSWrapper(S3FileSystem(endpoint_override=endpoint, region=region)), path
    try:
        files, root = fsspec.core.url_to_fs(url)
    except (ValueError, ImportError) as error:
        raise ConfigError(f"{url}: {error}") from None
    return files, root


def _protocols(files: Any) -> tuple[str, ...]:
    return (files.protocol,) if isinstance(files.protocol, str) else tuple(files.protocol)


def _parquet(schema: pa.Schema, rows: list[Row]) -> bytes:
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, schema, compression="zstd", version="2.6") as writer:
        for part in _parts(iter(rows), ROWS_PER_TABLE):
            writer.write_table(pa.Table.from_pylist(part, schema=schema))
    return sink.getvalue()


def _parts(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while part := list(itertools.islice(rows, size)):
        yield part
