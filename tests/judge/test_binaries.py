"""The cache of compiled programs: bounded, private, and never in the way."""

import os
from pathlib import Path

import pytest

from stepsmith.judge.binaries import BinaryCache


def test_the_cache_is_bounded_and_forgets_the_oldest(tmp_path: Path) -> None:
    cache = BinaryCache(tmp_path / "cache", max_mb=1)
    for i in range(20):
        cache.put(f"bin_{i}", bytes(100_000))
        os.utime(cache._binaries / f"bin_{i}", (i, i))
        cache._recent.clear()
        assert cache.get("bin_0") is not None  # used again and again
    kept = {path.name for path in cache._binaries.iterdir()}
    assert len(kept) <= 10
    assert {"bin_0", "bin_19"} <= kept
    assert cache.get("bin_1") is None


def test_a_cache_folder_that_others_could_change_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    BinaryCache(folder).put("bin_x", b"x")
    (folder / "binaries").chmod(0o777)
    cache = BinaryCache(folder)
    assert cache.get("bin_x") is None
    root = cache._root
    assert root != folder
    cache.close()
    assert not root.exists()


def test_a_full_disk_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = BinaryCache(tmp_path / "cache")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stepsmith.judge.binaries._replace", full)
    cache.put("bin_x", b"x")
    assert not list(cache._binaries.iterdir())
