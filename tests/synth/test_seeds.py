"""Seeds: windows of real code, the same on every machine."""

import random
import shutil
from pathlib import Path

import pytest

from stepsmith.core.errors import SeedError
from stepsmith.synth.seeds import SeedSource

LINES = "\n".join(f"value_{i} = {i}" for i in range(200)) + "\n"


def test_the_default_is_the_standard_library_without_its_tests() -> None:
    source = SeedSource()
    rng = random.Random(1)
    windows = [source.window(rng) for _ in range(200)]
    assert len({window.source for window in windows}) > 100
    for window in windows:
        assert not Path(window.source).is_absolute()
        assert not {"test", "tests", "site-packages"} & set(Path(window.source).parts)


def test_windows_are_25_to_50_consecutive_lines(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text(LINES)
    source, rng = SeedSource([tmp_path]), random.Random(2)
    lengths = set()
    for _ in range(300):
        window = source.window(rng)
        lines = window.code.split("\n")
        lengths.add(len(lines))
        assert lines == LINES.split("\n")[window.first_line - 1 : window.first_line - 1 + len(lines)]
    assert min(lengths) == 25
    assert max(lengths) == 50


def test_a_short_file_is_taken_whole(tmp_path: Path) -> None:
    (tmp_path / "short.py").write_text("a = 1\nb = 2\n")
    window = SeedSource([tmp_path / "short.py"]).window(random.Random(0))
    assert (window.source, window.first_line, window.code) == ("short.py", 1, "a = 1\nb = 2")


def test_ids_do_not_depend_on_where_the_folder_lies(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "deep" / "er" / "two"
    (first / "package").mkdir(parents=True)
    for i in range(5):
        (first / "package" / f"m{i}.py").write_text(LINES.replace("value", f"value{i}"))
    shutil.copytree(first, second)
    drawn = [[SeedSource([folder]).window(random.Random(seed)).id for seed in range(30)] for folder in (first, second)]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) > 10


def test_jsonl_windows_name_their_line(tmp_path: Path) -> None:
    path = tmp_path / "snippets.jsonl"
    path.write_text('{"code": "x = 1", "stars": 3}\n\n{"code": "y = 2\\nz = 3"}\n')
    source, rng = SeedSource([path]), random.Random(0)
    assert {(w.source, w.code) for w in (source.window(rng) for _ in range(40))} == {
        ("snippets.jsonl#1", "x = 1"),
        ("snippets.jsonl#3", "y = 2\nz = 3"),
    }


def test_binary_and_blank_files_in_a_folder_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"\x00\x01binary")
    (tmp_path / "b.py").write_bytes(b"\xff\xfe latin?")
    (tmp_path / "c.py").write_text("\n\n\n")
    (tmp_path / "d.py").write_text("good = 1\n")
    source = SeedSource([tmp_path])
    assert {source.window(random.Random(i)).source for i in range(20)} == {"d.py"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.py", None),
        ("empty.py", b""),
        ("blank.py", b" \n\n"),
        ("binary.py", b"\x00\x01\x02"),
        ("broken.jsonl", b'{"code": "x"}\n{"text": "no code"}\n'),
        ("noise.jsonl", b"not json\n"),
        ("blank.jsonl", b'{"code": "  "}\n'),
    ],
)
def test_an_unusable_path_is_one_clear_line(tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SeedError) as caught:
        SeedSource([path])
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_python_or_without_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SeedError, match="no Python files"):
        SeedSource([tmp_path])
    (tmp_path / "a.py").write_bytes(b"\x00")
    with pytest.raises(SeedError, match="no readable text"):
        SeedSource([tmp_path]).window(random.Random(0))
