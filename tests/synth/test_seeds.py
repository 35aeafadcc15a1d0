"""Seeds: windows of real code, the same on every machine."""

import json
import os
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
        ("fieldless.jsonl", b'{"text": "no code"}\n'),
        ("number.jsonl", b'{"code": 5}\n'),
        ("broken.ipynb", b'{"cells": [}'),
        (
            "julia.ipynb",
            b'{"cells": [{"cell_type": "code", "source": "x"}], "metadata": {"kernelspec": {"language": "julia"}}}',
        ),
        ("prose.ipynb", b'{"cells": [{"cell_type": "markdown", "source": "x = 1"}]}'),
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


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as they lie on people's disks: its own code is five files, and much else is beside it."""
    root = tmp_path / "project"
    own = ["src/mine.py", "src/deep/er.py", "setup.py", "env_tools/x.py", "notes/a.py"]
    others = [
        ".venv/lib/a.py", ".git/hooks/b.py", ".tox/py/c.py", "node_modules/gyp/d.py", "src/__pycache__/e.py",
        "myenv/lib/f.py", "conda/lib/g.py", "old/bin/h.py", "lib/site-packages/i.py", "scratch/j.py",
    ]  # fmt: skip
    for name in (*own, *others):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"name = {name!r}\n")
    for mark in ("myenv/pyvenv.cfg", "conda/conda-meta/history", "old/bin/activate", "scratch/CACHEDIR.TAG"):
        (root / mark).parent.mkdir(parents=True, exist_ok=True)
        (root / mark).touch()
    return root


def drawn_from(source: SeedSource, draws: int = 300) -> set[str]:
    rng = random.Random(0)
    return {source.window(rng).source for _ in range(draws)}


def test_what_is_not_the_users_own_code_is_skipped_and_counted(project: Path) -> None:
    source = SeedSource([project])
    assert drawn_from(source) == {"src/mine.py", "src/deep/er.py", "setup.py", "env_tools/x.py", "notes/a.py"}
    counts = source.counts()
    assert (counts.files, counts.notebooks, counts.rows) == (5, 0, 0)
    assert counts.left_out == {
        "hidden folders": 3, "folders of installed packages": 2, "virtual environments": 3, "caches": 2
    }  # fmt: skip
    assert counts.text() == (
        "Seeds: 5 Python files. Left out: caches: 2, folders of installed packages: 2, hidden folders: 3, "
        "virtual environments: 3."
    )


def test_a_folder_that_is_named_is_taken_whatever_it_is(project: Path) -> None:
    assert drawn_from(SeedSource([project / ".venv"]), 5) == {"lib/a.py"}
    assert drawn_from(SeedSource([project / "node_modules"]), 5) == {"gyp/d.py"}


def test_a_folder_with_nothing_but_skipped_folders_says_so(tmp_path: Path) -> None:
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "a.py").write_text("x = 1\n")
    with pytest.raises(SeedError, match=r"holds no Python files .*; skipped in it: hidden folders: 1"):
        SeedSource([tmp_path])


def test_files_that_cannot_be_used_are_counted_and_not_fatal(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text("good = 1\n")
    (tmp_path / "latin.py").write_bytes("# -*- coding: latin-1 -*-\nword = 'é'\n".encode("latin-1"))
    (tmp_path / "undecodable.py").write_bytes(b"word = '\xff\xfe'\n")
    (tmp_path / "binary.py").write_bytes(b"\0\0")
    (tmp_path / "blank.py").write_text("\n \n")
    (tmp_path / "outside.py").symlink_to("/proc/self/mem")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nothing")
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "broken.ipynb").write_text("{}{}")
    source = SeedSource([tmp_path])
    assert drawn_from(source) == {"good.py", "latin.py"}
    counts = source.counts()
    assert counts.files == 2
    assert counts.left_out == {
        "files that are not UTF-8 text": 1, "files that are not text": 1, "files without code": 1,
        "links that leave the folder": 1, "files that are not notebooks": 1,
    }  # fmt: skip


def cell(kind: str, *lines: str) -> dict[str, object]:
    return {"cell_type": kind, "source": [f"{line}\n" for line in lines], "metadata": {}, "outputs": []}


def test_notebooks_are_read_as_the_code_in_their_cells(tmp_path: Path) -> None:
    cells = [
        cell("markdown", "# A title"), cell("code", "%matplotlib inline", "!pip install x", "import math", "math?"),
        cell("raw", "raw"), cell("code", "%%bash", "echo no"), cell("code", "%%time", "y = 10 % 3", "if y:", "    !ls"),
        cell("code"), {"cell_type": "code", "source": "z = (7\n% 4)"},
    ]  # fmt: skip
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    (tmp_path / "n.ipynb").write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4}))
    old = {"worksheets": [{"cells": [{"cell_type": "code", "input": ["old = 1\n", "old += 1"]}]}], "nbformat": 3}
    (tmp_path / "old.ipynb").write_text(json.dumps(old))
    source = SeedSource([tmp_path])
    rng = random.Random(0)
    codes = {window.source: window.code for window in (source.window(rng) for _ in range(30))}
    assert codes == {
        "n.ipynb": "import math\n\ny = 10 % 3\nif y:\n\nz = (7\n% 4)",
        "old.ipynb": "old = 1\nold += 1",
    }
    assert source.counts().notebooks == 2
    assert drawn_from(SeedSource([tmp_path / "n.ipynb"]), 3) == {"n.ipynb"}


def test_the_field_of_jsonl_rows_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "stack.jsonl"
    path.write_text('{"content": "x = 1", "code": 3}\n{"content": "y = 2"}\n')
    source = SeedSource([path], field="content")
    assert drawn_from(source) == {"stack.jsonl#1", "stack.jsonl#2"}
    with pytest.raises(SeedError, match=r"'code' \(its rows have: content, code\); name the field with --field"):
        SeedSource([path])


def test_odd_rows_are_counted_and_not_fatal(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    rows = [b'{"code": "x = 1"}', b"not json", b"[1]", b'{"text": "t"}', b'{"code": null}', b"\xff", b"",
            b'{"code": ""}', b'{"code": "y = 2", "z": NaN}', b'{"code": "z = 3"}']  # fmt: skip
    path.write_bytes(b"\n".join(rows) + b"\n")
    source = SeedSource([path])
    assert drawn_from(source) == {"odd.jsonl#1", "odd.jsonl#10"}
    counts = source.counts()
    assert counts.rows == 2
    assert counts.left_out == {
        "JSONL rows that are not JSON objects": 4, "JSONL rows without a text field 'code'": 2
    }  # fmt: skip


def test_a_link_does_not_lead_out_of_a_seed_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("KEY = 'secret'\n")
    folder = tmp_path / "seeds"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.py").write_text("a = 1\n")
    (folder / "out.py").symlink_to(tmp_path / "secret.py")
    (folder / "in.py").symlink_to(folder / "a.py")
    (folder / "deep" / "folder").symlink_to(tmp_path)
    source = SeedSource([folder])
    texts = {source.window(random.Random(number)).code for number in range(40)}
    assert texts == {"a = 1"}
    assert source.counts().left_out == {"links that leave the folder": 1}
