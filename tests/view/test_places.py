"""What a viewer may read: the named places, and nothing outside them."""

import os
from pathlib import Path

import pytest

from stepsmith.core.errors import RunFolderError
from stepsmith.view.places import ServedPlaces


def test_a_run_has_its_kept_and_its_rejected_problems(run: Path) -> None:
    files = ServedPlaces([run]).data_files()
    assert [file.path.name for file in files] == ["problems.parquet", "rejected.parquet"]
    assert [file.name for file in files] == ["first", "first/rejected.parquet"]


def test_links_to_elsewhere_are_not_followed(run: Path, tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (named / "file").symlink_to(tmp_path / "secret.txt")
    (named / "folder").symlink_to(run)
    (named / "problems.parquet").symlink_to(run / "problems.parquet")
    (named / "loop").symlink_to(named / "loop")
    (named / "within").write_text("open")
    places = ServedPlaces([named])
    assert places.data_files() == []
    for relative in (
        "file",
        "../secret.txt",
        "folder/manifest.json",
        "loop",
        str(tmp_path / "secret.txt"),
        "a\0b",
        "none",
    ):
        with pytest.raises(RunFolderError):
            places.inside(0, relative)
    assert places.inside(0, "within").read_text() == "open"
    with pytest.raises(RunFolderError):
        places.inside(1, "within")


def test_a_named_link_is_followed_since_the_user_named_it(run: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(run)
    assert len(ServedPlaces([tmp_path / "link"]).data_files()) == 2


def test_a_place_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="does not exist"):
        ServedPlaces([tmp_path / "none"])


def test_other_files_are_no_data(tmp_path: Path, run: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    os.mkfifo(tmp_path / "pipe.parquet")
    assert ServedPlaces([tmp_path]).data_files() == []
