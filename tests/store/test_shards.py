"""Shards in a folder and in an S3-compatible store: the same bytes back, and never half a data set."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fsspec")

from typer.testing import CliRunner

from stepsmith.cli.main import app
from stepsmith.core.errors import ConfigError, RunFolderError, StoreError
from stepsmith.pipeline.config import Config, with_changes
from stepsmith.pipeline.synthesis import synthesize
from stepsmith.store import shards

FILES = ("problems.parquet", "rejected.parquet")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    small = {"profile": "micro", "chains": 3, "turns": 2, "attempts": 4, "seed": 11}
    synthesize(with_changes(Config(), workers=1, allow_unsafe=None, synth=small), folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    server_module = pytest.importorskip("moto.server")
    server = server_module.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_REGION", "us-east-1")
        from pyarrow.fs import S3FileSystem

        S3FileSystem(endpoint_override=f"http://{host}:{port}", allow_bucket_creation=True).create_dir("sets")
        yield "s3://sets"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path / "shards")
    return f"{request.getfixturevalue('bucket')}/{tmp_path.name}"


def content(url: str) -> dict[str, bytes]:
    files, root = shards._file_system(url)
    return {path.rsplit("/", 1)[-1]: files.cat_file(path) for path in files.ls(root, detail=False)}


def test_a_data_set_comes_back_byte_for_byte(run: Path, url: str, tmp_path: Path) -> None:
    manifest = shards.put(run, url, rows_per_shard=2)
    assert len(manifest.shards["rejected.parquet"]) >= 2
    assert shards.check(url).shards == manifest.shards
    shards.get(url, tmp_path / "back")
    assert [(tmp_path / "back" / name).read_bytes() for name in FILES] == [(run / name).read_bytes() for name in FILES]
    before = content(url)
    shards.put(run, url, rows_per_shard=2)
    assert content(url) == before
    done = CliRunner().invoke(app, ["shards", "check", url])
    assert done.exit_code == 0, done.output
    assert "all as their manifest says" in done.output


def test_a_writer_that_was_killed_leaves_no_data_set_and_goes_on(
    run: Path, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write = shards._ShardPlace.write

    def dying(self: shards._ShardPlace, name: str, text: bytes) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(name)
        write(self, name, text)

    monkeypatch.setattr(shards._ShardPlace, "write", dying)
    with pytest.raises(KeyboardInterrupt):
        shards.put(run, url, rows_per_shard=2)
    with pytest.raises(StoreError, match="not there, or not complete"):
        shards.check(url)
    written[:] = ["again"]
    with pytest.raises(KeyboardInterrupt):  # two shards are there: the third is the first that is written
        shards.put(run, url, rows_per_shard=2)
    assert len(content(url)) == 3
    monkeypatch.undo()
    shards.put(run, url, rows_per_shard=2)
    shards.check(url)


def test_a_damaged_shard_is_found(run: Path, tmp_path: Path) -> None:
    manifest = shards.put(run, str(tmp_path), rows_per_shard=2)
    (tmp_path / manifest.shards["problems.parquet"][0].name).write_bytes(b"PAR1")
    with pytest.raises(StoreError, match="is damaged"):
        shards.check(str(tmp_path))
    shards.put(run, str(tmp_path), rows_per_shard=2)  # mends it
    shards.check(str(tmp_path))


def test_what_the_user_can_get_wrong(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError):
        shards.put(tmp_path, str(tmp_path / "x"))
    with pytest.raises(ConfigError, match="nosuch"):
        shards.put(run, "nosuch://place")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        shards.put(run, str(tmp_path / "file"))
    with pytest.raises(StoreError, match="not there"):
        shards.check(str(tmp_path / "nothing"))
