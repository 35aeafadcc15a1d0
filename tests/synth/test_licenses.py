"""Whose code a seed is: SPDX headers, licence files, and rows that name their licence."""

import random
from pathlib import Path

import pytest

from stepsmith.core.errors import SeedError
from stepsmith.synth.licenses import STDLIB, AllowedLicenses, license_of_file, license_of_row, normal
from stepsmith.synth.seeds import SeedSource

MIT = """MIT License

Copyright (c) 2024 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without
limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
Software, and to permit persons to whom the Software is furnished to do so, subject to the following
conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions
of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED
TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL
THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF
CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER
DEALINGS IN THE SOFTWARE.
"""
CODE = "".join(f"x{k} = {k}\n" for k in range(30))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository under MIT with a vendored Apache file, and code outside it that names no licence."""
    for name, text in {
        "repo/LICENSE": MIT,
        "repo/a.py": CODE,
        "repo/deep/er/b.py": CODE,
        "repo/vendored/c.py": f"# SPDX-License-Identifier: Apache-2.0\n{CODE}",
        "repo/vendored/d.py": f"# SPDX-License-Identifier: no such thing\n{CODE}",
        "silent/e.py": CODE,
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "license"),
    [
        ("repo/a.py", "MIT"),
        ("repo/deep/er/b.py", "MIT"),
        ("repo/vendored/c.py", "Apache-2.0"),
        ("repo/vendored/d.py", "MIT"),  # its header says nothing
        ("silent/e.py", ""),
        ("missing.py", ""),
    ],
)
def test_a_file_has_the_nearest_licence(tree: Path, name: str, license: str) -> None:
    assert license_of_file(tree / name, tree) == license


def test_a_licence_above_the_named_folder_counts_within_a_repository(tree: Path) -> None:
    deep = tree / "repo" / "deep"
    assert license_of_file(deep / "er" / "b.py", deep) == ""
    (tree / "repo" / ".git").mkdir()
    (tree / "other" / "er").mkdir(parents=True)
    (tree / "other" / "LICENSE").write_text(MIT)
    (tree / "other" / ".git").mkdir()
    (tree / "other" / "er" / "b.py").write_text(CODE)
    assert license_of_file(tree / "other" / "er" / "b.py", tree / "other" / "er") == "MIT"


@pytest.mark.parametrize(
    ("row", "license"),
    [
        (b'{"code": "x", "license": "mit"}', "MIT"),
        (b'{"code": "x", "max_stars_repo_licenses": ["MIT", "Apache-2.0"]}', "MIT OR Apache-2.0"),
        (b'{"code": "x", "license": null, "licenses": ["BSD-3-Clause"]}', "BSD-3-Clause"),
        (b'{"code": "x", "license": "all mine"}', ""),
        (b'{"code": "x"}', ""),
        (b"not json", ""),
    ],
)
def test_rows_name_their_licence(row: bytes, license: str) -> None:
    assert license_of_row(row) == license


@pytest.mark.parametrize(
    ("license", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("MIT AND (Apache-2.0 OR GPL-2.0-only)", True),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("", False),
    ],
)
def test_expressions_are_met_or_not(license: str, allowed: bool) -> None:
    assert AllowedLicenses(["mit", "Apache-2.0"]).allow(license) is allowed


def test_seeds_carry_their_licence_and_others_are_left_out(tree: Path) -> None:
    drawn = {SeedSource([tree]).window(random.Random(k)).license for k in range(40)}
    assert drawn == {"MIT", "Apache-2.0", ""}
    source = SeedSource([tree], licenses=["Apache-2.0"])
    assert {source.window(random.Random(k)).source for k in range(9)} == {"repo/vendored/c.py"}
    assert source.counts().left_out == {"files and rows of other licences": 4}
    assert SeedSource().window(random.Random(1)).license == STDLIB
    with pytest.raises(SeedError, match=r"no seed has one of the licences GPL-2\.0-only \(MIT: 3, "):
        SeedSource([tree], licenses=["GPL-2.0-only"])
    with pytest.raises(SeedError, match="'GPL' is no SPDX licence"):
        SeedSource([tree], licenses=["GPL"])


def test_rows_keep_their_numbers_when_others_are_left_out(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"code": "a = 1", "license": "MIT"}\n{"code": "b = 2", "license": "Apache-2.0"}\n')
    seed = SeedSource([rows], licenses=["Apache-2.0"]).window(random.Random(1))
    assert (seed.source, seed.code, seed.license) == ("rows.jsonl#2", "b = 2", "Apache-2.0")


def test_spellings_are_normalised() -> None:
    assert normal("apache-2.0 or mit") == "Apache-2.0 OR MIT"
    assert normal("(") == ""
