"""Files of benchmarks that lie beside the project and are not part of it; tests skip where they are absent."""

import gzip
import json
from pathlib import Path

import pytest

FOLDER = next(
    (data for up in Path(__file__).resolve().parents if (data := up / "shared" / "data" / "benchmarks").is_dir()), None
)
needs_benchmarks = pytest.mark.skipif(FOLDER is None, reason="no benchmark files (shared/data/benchmarks)")

HUMANEVAL_ROW: dict[str, object] = {
    "task_id": "HumanEval/900",
    "prompt": 'from typing import List\n\n\ndef total(xs: List[int]) -> int:\n    """ Add up.\n    >>> total([1, 2])\n'
    '    3\n    """\n',
    "entry_point": "total",
    "canonical_solution": "    return sum(xs)\n",
    "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate([1, 2]) == 3\n"
    "    assert candidate([]) == 0\n    assert abs(candidate([5]) - 5) < 1e-6\n",
}
MBPP_ROW: dict[str, object] = {
    "task_id": 901,
    "text": "Write a function to measure the root of a node.",
    "code": "class Node:\r\n  def __init__(self, v):\r\n    self.v = v\r\n"
    "def root_of(node):\r\n  return math.sqrt(node.v)",
    "test_setup_code": "root = Node(9)",
    "test_imports": ["import math"],
    "test_list": ["assert root_of(root) == 3", "assert math.isclose(root_of(Node(2)), 1.41421, rel_tol=0.001)"],
}
PLUS_ROW: dict[str, object] = {
    "task_id": "HumanEval/900",
    "prompt": HUMANEVAL_ROW["prompt"],
    "contract": "\n    assert isinstance(xs, list)\n",
    "entry_point": "total",
    "canonical_solution": "    return sum(xs)\n",
    "base_input": [[[1, 2]]],
    "plus_input": [[[]], [[10**30]], [[0.1, 0.2]]],
    "atol": 0,
}


def write_rows(path: Path, *rows: object) -> Path:
    """Write rows as JSON Lines, gzipped if the name says so, and return the path."""
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path
