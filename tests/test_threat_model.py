"""The tests that docs/threat-model.md names exist, and every boundary names some."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "threat-model.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")


def rows() -> list[str]:
    return [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| **")]


def test_every_boundary_names_a_test() -> None:
    assert len(rows()) > 10
    assert [row for row in rows() if not NAMED.search(row)] == []


def test_the_named_tests_exist_and_test_something() -> None:
    missing = []
    for path, name in NAMED.findall(PAGE.read_text("utf-8")):
        if not (ROOT / path).is_file():
            missing.append(path)
            continue
        tree = ast.parse((ROOT / path).read_bytes())
        tests = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_"}
        if (name or next(iter(tests), "")) not in tests:
            missing.append(f"{path}::{name}")
    assert missing == []
