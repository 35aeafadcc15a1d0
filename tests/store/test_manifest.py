import hashlib
from pathlib import Path

import pytest

from stepsmith.core.errors import RunFolderError
from stepsmith.store.manifest import FileFacts, file_facts, read_manifest
from stepsmith.store.runfolder import MANIFEST
from tests.report.runs import make_run


def test_a_manifest_comes_back_and_is_written_the_same_again(tmp_path: Path) -> None:
    make_run(tmp_path, chains=2)
    manifest = read_manifest(tmp_path)
    before = (tmp_path / MANIFEST).read_bytes()
    manifest.write(tmp_path)
    assert (tmp_path / MANIFEST).read_bytes() == before
    assert manifest.counts.accepted <= manifest.counts.proposed
    assert sum(manifest.counts.rejected.values()) == manifest.counts.proposed - manifest.counts.accepted


def test_no_manifest_and_a_damaged_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no finished run"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text('{"seed": ')
    with pytest.raises(RunFolderError, match="cannot be read"):
        read_manifest(tmp_path)


def test_a_file_is_described_by_size_and_digest(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc" * 100_000)
    digest = hashlib.sha256(b"abc" * 100_000).hexdigest()
    assert file_facts(tmp_path / "a", rows=3) == FileFacts(sha256=digest, bytes=300_000, rows=3)
