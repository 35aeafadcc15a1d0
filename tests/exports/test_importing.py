"""Problems of others and our own exports, read back as problems."""

import base64
import json
import pickle
import zlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import stepsmith as st
from stepsmith.cli.main import app
from stepsmith.core.errors import ConfigError, RunFolderError
from stepsmith.core.records import Problem
from stepsmith.exports.importing import LEFT_OUT, Imported, import_problems
from stepsmith.judge.local import LocalJudge
from stepsmith.verify.formats.reading import ProblemSource
from tests.exports.exported import a_package_problem, exported, lines, one_of_each

SQUARE = {
    "problem_id": "square",
    "interface": "stdio",
    "statement": "# Square\n\nPrint n squared.",
    "inputs": ["2\n", "3\n"],
}
RIGHT = {"language": "python", "code": "print(int(input()) ** 2)\n"}
WRONG = {"language": "python", "code": "print(4)\n", "verdict": "WA", "name": "always four"}


def imported(source: Path, out: Path, judge: LocalJudge, **more: object) -> tuple[Imported, list[Problem]]:
    done = import_problems(ProblemSource(source), out, judge, **more)  # type: ignore[arg-type]
    return done, st.load_problems(out)


def written(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.mark.parametrize("form", ["hf", "jsonl"])
def test_our_complete_forms_come_back_whole(form: str, tmp_path: Path, judge: LocalJudge) -> None:
    exported(form, tmp_path / "set", held_out=0.0)  # type: ignore[arg-type]
    source = tmp_path / "set" / ("train.jsonl" if form == "jsonl" else "")
    _, problems = imported(source, tmp_path / "back", judge)
    assert {one.id: one for one in problems} == {one.id: one for one in one_of_each()}


@pytest.mark.parametrize("form", ["lcb", "kattis-legacy", "kattis-2025-09"])
def test_forms_of_others_come_back_with_their_tests_and_golden_programs(
    form: str, tmp_path: Path, judge: LocalJudge
) -> None:
    exported(form, tmp_path / "set", held_out=0.0)  # type: ignore[arg-type]
    if form == "lcb":
        more = {"solutions": tmp_path / "set" / "golden.json"}
        done, problems = imported(tmp_path / "set" / "train.jsonl", tmp_path / "back", judge, **more)
    else:
        done, problems = imported(tmp_path / "set" / "train", tmp_path / "back", judge)
    assert done.left_out == ()
    package = next(one for one in problems if "$x_1$" in one.statement)
    original = a_package_problem()
    assert {(t.input, t.output) for t in package.tests} == {(t.input, t.output) for t in original.tests}
    assert original.golden.code.strip() in package.golden.code
    if form != "lcb":
        assert [w.killed_by for w in package.wrong] == [0, 0]


def test_the_first_program_that_passes_is_golden_and_others_are_named(tmp_path: Path, judge: LocalJudge) -> None:
    outputs = {"outputs": ["4\n", "9\n"]}
    source = written(
        tmp_path / "rows.jsonl",
        {**SQUARE, **outputs, "candidates": [WRONG, {"language": "python", "code": "print(1)\n"}, RIGHT]},
        {**SQUARE, "problem_id": "no program", **outputs},
        {**SQUARE, "problem_id": "no tests", "candidates": [RIGHT]},
        {**SQUARE, "problem_id": "wrong tests", "outputs": ["5\n", "9\n"], "candidates": [RIGHT]},
        {"problem_id": "no row"},
    )
    done, (problem,) = imported(source, tmp_path / "out", judge)
    assert (problem.title, problem.golden.code, problem.pass_rate) == ("Square", RIGHT["code"], None)
    assert [(w.origin, w.killed_by) for w in problem.wrong] == [("always four", 1)]
    assert problem.lineage.seed_ref == "rows.jsonl#square"
    reasons = {one["problem_id"]: one["reason"] for one in lines(tmp_path / "out" / LEFT_OUT)}
    assert len(reasons) == len(done.left_out) == 4
    assert reasons["no program"] == "it brings no Python program that is said to be right"
    assert reasons["no tests"] == "it has no tests with a published output"
    assert reasons["wrong tests"] == "none of the 1 programs tried passes its tests (the last: WA)"


def test_pickled_tests_are_refused(tmp_path: Path, judge: LocalJudge) -> None:
    tests = json.dumps([{"input": "2\n", "output": "4\n", "testtype": "stdin"}])
    packed = base64.b64encode(zlib.compress(pickle.dumps(tests))).decode()
    row = {"question_id": "a", "question_content": "Square.", "public_test_cases": tests, "private_test_cases": packed}
    source = written(tmp_path / "rows.jsonl", {**row, "code_list": [RIGHT["code"]]})
    with pytest.raises(ConfigError, match="packed with pickle, which is not read here"):
        imported(source, tmp_path / "out", judge)
    assert not (tmp_path / "out").exists()


def test_what_is_there_is_left_alone_and_mistakes_are_said(tmp_path: Path, judge: LocalJudge) -> None:
    source = written(tmp_path / "rows.jsonl", {**SQUARE, "outputs": ["4\n", "9\n"], "candidates": [RIGHT]})
    (tmp_path / "out").mkdir()
    with pytest.raises(RunFolderError, match="is there already"):
        imported(source, tmp_path / "out", judge)
    (tmp_path / "solutions.json").write_text('{"a": 1}')
    with pytest.raises(ConfigError, match="holds no solutions"):
        imported(source, tmp_path / "new", judge, solutions=tmp_path / "solutions.json")
    assert list((tmp_path / "out").iterdir()) == []


def test_real_problems_mix_in_at_a_ratio(tmp_path: Path) -> None:
    rows = [
        {**SQUARE, "problem_id": k, "statement": f"Square {k}.", "outputs": ["4\n", "9\n"], "candidates": [RIGHT]}
        for k in range(4)
    ]
    source = written(tmp_path / "rows.jsonl", *rows)
    exported("trl", tmp_path / "made", held_out=0.0)
    for words in (
        ["import", source, "--out", tmp_path / "real"],
        [
            "export",
            tmp_path / "made",
            "--real",
            tmp_path / "real",
            "--real-share",
            "0.5",
            "--to",
            "jsonl",
            "--out",
            tmp_path / "set",
        ],
    ):
        result = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
        assert result.exit_code == 0, result.output
    mixed = [row for path in (tmp_path / "set").glob("t*.jsonl") for row in lines(path)]
    assert sum(row["seed_ref"].startswith("rows.jsonl#") for row in mixed) == 4
    assert len(mixed) == 8
