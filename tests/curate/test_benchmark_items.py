"""Rows of benchmarks as their publishers write them."""

import gzip
import json
from pathlib import Path

import pytest

from stepsmith.core.errors import CaseError
from stepsmith.curate.benchmark_items import BenchmarkItem, read_items
from tests.curate.problems import ISLANDS, made, write_set

HUMAN_EVAL = {
    "task_id": "HumanEval/0",
    "prompt": 'def twice(x: int) -> int:\n    """ Return two times x.\n    >>> twice(2)\n    4\n    """\n',
    "entry_point": "twice",
    "canonical_solution": "    return 2 * x\n",
    "test": "def check(candidate):\n    assert candidate(3) == 6\n",
}
MBPP = {
    "task_id": 11,
    "text": "Write a function to double a number.",
    "code": "def helper(x):\n  return x\ndef double(x):\n  return helper(x) + x",
    "test_setup_code": "",
    "test_list": ["assert double(2) == 4", "assert double(0) == 0"],
}
EVAL_PLUS = {
    "task_id": "Mbpp/9",
    "prompt": '"""\nDouble.\n"""\n',
    "entry_point": "double",
    "canonical_solution": "def double(x):\n  return 2 * x\n",
    "base_input": [[1], [2.5]],
    "plus_input": [[float("inf")]],
}
CRUX = {"id": "sample_7", "code": "def f(x):\n    return x + x", "input": "4", "output": "8"}
LCB = {
    "question_title": "Double",
    "question_content": "Double x.",
    "question_id": "abc_a",
    "starter_code": "",
    "public_test_cases": json.dumps([{"input": "4", "output": "8", "testtype": "stdin"}]),
    "private_test_cases": "gASVCgAAAAAAAAB9lC4=",
    "metadata": "{}",
}
LCB_FUNCTION = {
    **LCB,
    "question_id": "3000",
    "public_test_cases": json.dumps([{"input": "4\n[1]", "output": "[8]", "testtype": "functional"}]),
    "metadata": json.dumps({"func_name": "double"}),
}


def passes(item: BenchmarkItem, function: object) -> bool:
    try:
        exec(item.checks, {"candidate": function})
    except AssertionError:
        return False
    return True


def write(path: Path, *rows: object) -> Path:
    text = "".join(json.dumps(row) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.mark.parametrize("row", [HUMAN_EVAL, MBPP, EVAL_PLUS, CRUX])
def test_checks_tell_right_from_wrong(tmp_path: Path, row: dict[str, object]) -> None:
    (item,) = read_items([write(tmp_path / "rows.jsonl.gz", row)])
    assert passes(item, lambda x: 2 * x)
    assert not passes(item, lambda x: 2 * x + 1)
    space: dict[str, object] = {}
    exec(item.program, space)
    assert passes(item, space[item.entry_point])


def test_names_and_texts(tmp_path: Path) -> None:
    rows = [
        HUMAN_EVAL,
        MBPP,
        EVAL_PLUS,
        CRUX,
        LCB,
        {"question": "Why?"},
        {"prompt": [{"role": "u", "content": "How?"}]},
    ]
    items = read_items([write(tmp_path / "set.jsonl", *rows)])
    assert [item.name for item in items] == [
        "HumanEval/0", "MBPP/11", "Mbpp/9", "set/sample_7", "set/abc_a", "set/6", "set/7",
    ]  # fmt: skip
    assert items[0].text.startswith("Return two times x.")
    assert items[1].entry_point == "double"
    assert items[4].text == "Double\nDouble x."
    assert [item.text for item in items[5:]] == ["Why?", "How?"]


def test_live_code_bench_without_pickles(tmp_path: Path) -> None:
    stdio, function = read_items([write(tmp_path / "lcb.jsonl", LCB, LCB_FUNCTION)])
    assert stdio.cases == (("4", "8"),)
    assert (stdio.checks, function.cases) == ("", ())
    assert passes(function, lambda x, y: [2 * x * y[0]])
    assert not passes(function, lambda x, y: [x])


def test_a_list_and_a_set_of_ours(tmp_path: Path) -> None:
    (tmp_path / "mbpp.json").write_text(json.dumps([MBPP]))
    ours = write_set(tmp_path / "set", [made(ISLANDS)])
    items = read_items([tmp_path / "mbpp.json", ours])
    assert items[1].text == ISLANDS[0]
    assert items[1].program == ISLANDS[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "has no rows"),
        (b"{\n", "line 1: not JSON"),
        (b'[{"text": "a"}, 7]', "item 2: not a JSON object"),
        (b'{"text": "a"}\n"b"\n', "line 2: not a JSON object"),
        (b'{"hue": 3}\n', "neither a text nor a program .*hue"),
        (gzip.compress(b'{"text": "a"}' * 99, mtime=0)[:30], "ends too early"),
    ],
)
def test_files_that_are_no_benchmarks(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "rows.jsonl").write_bytes(content)
    with pytest.raises(CaseError, match=message):
        read_items([tmp_path / "rows.jsonl"])


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="cannot read"):
        read_items([tmp_path / "nothing.jsonl"])
    with pytest.raises(CaseError, match="no problems at"):
        read_items([tmp_path / "nothing.parquet"])
