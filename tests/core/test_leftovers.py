import os
from pathlib import Path

from stepsmith.core.leftovers import left_behind, make_folder, owner, temporary_folder

DEAD = 999_999_999


def test_the_next_one_removes_what_a_dead_one_left(tmp_path: Path) -> None:
    elsewhere = f"1.{DEAD}"  # of another container, where the process may live
    names = [f"x-{owner(DEAD)}-a", f"x-{owner()}-b", f"x-{elsewhere}-c", f"y-{owner(DEAD)}-d", f"x-{DEAD}-e", "x-f"]
    for name in names:
        (tmp_path / name / "inside").mkdir(parents=True)
    assert [path.name for path in left_behind(tmp_path, "x")] == names[:1]
    made = make_folder("x", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*names[1:], made.name])
    assert made.name.startswith(f"x-{owner(os.getpid())}-")


def test_a_folder_is_removed_after_its_use_even_if_it_was_moved_away(tmp_path: Path) -> None:
    with temporary_folder(".some-name.partial", tmp_path) as folder:
        (folder / "file").touch()
    assert not folder.exists()
    with temporary_folder(".some-name.partial", tmp_path) as folder:
        folder.rename(tmp_path / "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["whole"]


def test_a_place_that_is_missing_holds_nothing(tmp_path: Path) -> None:
    assert list(left_behind(tmp_path / "missing", "x")) == []


def test_a_link_of_somebody_else_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "file").touch()
    place = tmp_path / "place"
    place.mkdir()
    (place / f"x-{owner(DEAD)}-a").symlink_to(tmp_path / "home")
    make_folder("x", place)
    assert (tmp_path / "home" / "file").exists()
