import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = [
    sys.executable,
    "-c",
    "import sys, typer\nfrom stepsmith.core.errors import UserError\nfrom stepsmith.cli.verify import verify\n"
    "app = typer.Typer()\napp.command()(verify)\n"
    "try:\n    app()\nexcept UserError as error:\n    print(error, file=sys.stderr)\n    sys.exit(2)\n",
]
ROW = {
    "problem_id": "twice",
    "interface": "function",
    "entry_point": "f",
    "statement": "Twice.\n>>> f(2)\n4\n>>> f(3)\n6\n>>> f(0)\n0\n",
    "inputs": ["(1,)", "(4,)", "(7,)"],
    "outputs": ["2", "8", "15"],
    "checker": "literal",
    "candidates": [
        {"language": "python", "code": code}
        for code in ("def f(x): return 2*x", "def f(x): return x+x", "def f(x): return x<<1", "def f(x): return x")
    ],
}


def _run(*arguments, cwd):
    return subprocess.run([*PROGRAM, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=120)


def _input(tmp_path, *rows):
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "in.jsonl"


def test_problems_in_outcomes_out(tmp_path):
    source = _input(tmp_path, ROW, {**ROW, "problem_id": 2, "candidates": []})
    done = _run(source, "--out", "out.jsonl", "--workers", 2, "--seed", 1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "1 accepted, 1 rejected" in done.stderr
    assert "per accepted problem" in done.stderr
    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text().splitlines())
    assert {"problem_id", "tests", "golden", "status", "reason", "suite"} <= set(first)
    assert (first["status"], second["status"], second["reason"]) == ("accepted", "rejected", "no-candidates")
    assert set(first["tests"][0]) >= {"index", "output", "confidence", "support", "kind"}
    assert [doubt["index"] for doubt in first["audit"]["wrong"]] == [2]
    assert first["suite"]["kill_rate"] is not None
    again = _run(source, "--out", "out.jsonl", "--workers", 1, "--seed", 1, cwd=tmp_path)
    assert again.returncode == 0
    assert "2 of 2 problems were done before" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("missing.jsonl", "--out", "out.jsonl"), "does not exist"),
        (("in.jsonl", "--out", "no/such/folder/out.jsonl"), "existing folder"),
        (("in.jsonl", "--out", "."), "existing folder"),
        (("in.jsonl", "--out", "out.jsonl", "--method", "dice"), "dice"),
        (("in.jsonl", "--out", "out.jsonl", "--target-error", "2"), "target-error"),
        (("in.jsonl", "--out", "out.jsonl", "--candidates", "0"), "candidates"),
    ],
)
def test_mistakes_are_one_line_and_exit_code_two(tmp_path, arguments, words):
    _input(tmp_path, ROW)
    done = _run(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.jsonl").exists()


def test_odd_rows_are_reported_counted_and_stop_nothing(tmp_path):
    (tmp_path / "in.jsonl").write_text(json.dumps(ROW) + "\n{\n" + json.dumps({**ROW, "problem_id": "again"}) + "\n")
    done = _run("in.jsonl", "--out", "out.jsonl", "--no-strength", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "2 accepted, 0 rejected, 1 not read (the first: line 2: not JSON" in done.stderr
    reports = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [(r["problem_id"], r["reason"]) for r in reports] == [("twice", ""), (2, "unreadable"), ("again", "")]
    again = _run("in.jsonl", "--out", "out.jsonl", "--no-strength", cwd=tmp_path)
    assert again.returncode == 0
    assert "3 of 3 problems were done before" in again.stderr
    assert "1 not read" in again.stderr


def test_a_file_of_which_nothing_can_be_read_is_a_mistake(tmp_path):
    (tmp_path / "in.jsonl").write_text("{\n{\n")
    done = _run("in.jsonl", "--out", "out.jsonl", cwd=tmp_path)
    assert done.returncode == 2
    assert "in.jsonl: none of 2 problems could be read. The first: line 1: not JSON" in done.stderr
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 2


def test_pipes_in_and_out(tmp_path):
    rows = "".join(json.dumps({**ROW, "problem_id": k, "candidates": []}) + "\n" for k in range(3))
    command = [*PROGRAM, "/dev/stdin", "--out", "/dev/stdout"]
    done = subprocess.run(command, input=rows, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["problem_id"] for line in done.stdout.splitlines()] == [0, 1, 2]
    assert "0 accepted, 3 rejected" in done.stderr


def test_a_reader_that_goes_away_is_one_line(tmp_path):
    _input(tmp_path, *({**ROW, "problem_id": k, "candidates": []} for k in range(2000)))
    shell = f"{shlex.join([*PROGRAM, 'in.jsonl', '--out', '/dev/stdout'])} | head -n 1"
    done = subprocess.run(["bash", "-c", shell], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["problem_id"] == 0
    assert "the reader of /dev/stdout has closed it" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminal_that_is_not_utf8_shows_plain_words(tmp_path):
    _input(
        tmp_path, {**ROW, "problem_id": "na\u00efve", "candidates": []}, {"problem_id": "\u20ac", "interface": "\u20ac"}
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    command = [*PROGRAM, "in.jsonl", "--out", "out.jsonl"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert "1 not read" in done.stderr


def test_real_problems_where_they_are_at_hand(tmp_path):
    data = Path(__file__).parents[3] / "shared" / "data" / "dual_verify.dev.jsonl"
    if not data.exists():
        pytest.skip("the development data is not beside the repository")
    rows = [json.loads(line) for line in data.read_text().splitlines()[:3]]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = _run("in.jsonl", "--out", "out.jsonl", "--candidates", 12, "--target-error", 0.1, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for row, line in zip(rows, (tmp_path / "out.jsonl").read_text().splitlines(), strict=True):
        outcome = json.loads(line)
        if outcome["status"] == "accepted":
            assert row["candidates"][outcome["golden"]["candidate"]]["is_correct"]
    assert "accepted" in (tmp_path / "out.jsonl").read_text()
