import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stepsmith.core.errors import CaseError, UserError
from stepsmith.verify.formats.problems import UnreadProblem, VerifyProblem
from stepsmith.verify.formats.reading import ProblemSource, count_problems, guess_format, read_problems

OWN = {"problem_id": "own/1", "interface": "stdio", "inputs": ["1\n"], "candidates": []}
APPS = {
    "problem_id": 7,
    "question": "?",
    "solutions": '["print(1)"]',
    "input_output": '{"inputs": ["1"], "outputs": ["1"]}',
}


def _file(tmp_path, *rows):
    path = tmp_path / "in.jsonl"
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    path.write_bytes(b"\n".join(lines) + b"\n\n")
    return ProblemSource(path)


@pytest.mark.parametrize(
    ("line", "problem_id", "words"),
    [
        (b"{torn", 2, "line 2: not JSON"),
        (b"[1, 2]", 2, "line 2: not a JSON object but an array"),
        (b'{"problem_id": "\xff"}', 2, "line 2: not UTF-8: byte 0xff"),
        (b'{"what": 1, "else": 2}', 2, "line 2: not a row of a known format (its keys: else, what)"),
        (b"{}", 2, "its keys: none"),
        ({**OWN, "interface": "telepathy"}, "own/1", "telepathy"),
        ({**OWN, "inputs": ["\ud800"]}, "own/1", "line 2: `inputs` holds half a character"),
        ({**OWN, "problem_id": "\ud800", "statement": "\ud800"}, "\\ud800", "half a character"),
        ({**OWN, "candidates": None, "inputs": None}, "own/1", "inputs"),
        ({**APPS, "input_output": '{"inputs": ["1"], "outputs": []}'}, 7, "1 inputs but 0 outputs"),
        ({**APPS, "input_output": "[1, 2"}, 7, "not JSON"),
        ({**APPS, "time_limit": "soon"}, 7, "the time limit 'soon' cannot be read"),
        ({**APPS, "solutions": [1]}, 7, "line 2"),
        (b'{"inputs": ' + b"[" * 50_000, 2, "nested too deep"),
    ],
)
def test_one_odd_row_stops_nothing(tmp_path, line, problem_id, words):
    before, odd, after = read_problems(_file(tmp_path, OWN, line, APPS))
    assert (before.problem_id, after.problem_id) == ("own/1", 7)
    assert isinstance(odd, UnreadProblem)
    assert (odd.problem_id, odd.reason) == (problem_id, "unreadable")
    assert words in odd.detail


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"task_id": "HumanEval/0", "prompt": "", "canonical_solution": "", "test": ""}, "HumanEval"),
        ({"task_id": 2, "text": "", "code": "", "test_list": []}, "MBPP"),
        ({"question": "", "solution": "", "test": ""}, "KodCode"),
        ({"prompt": [], "ability": "math", "reward_model": {"ground_truth": "4"}}, "ability 'math'"),
        ({"problem": "", "tests": {"functional": "check(f)"}}, "code of their own"),
    ],
)
def test_formats_that_are_not_served_are_refused_by_name(tmp_path, row, words):
    (refused,) = read_problems(_file(tmp_path, row))
    assert (type(refused), refused.reason) == (UnreadProblem, "unsupported")
    assert words in refused.detail


def test_a_byte_order_mark_nulls_and_long_integers_are_read(tmp_path):
    source = _file(tmp_path, b"\xef\xbb\xbf" + json.dumps({**OWN, "statement": None, "kinds": None}).encode())
    (problem,) = read_problems(source)
    assert problem.statement == ""
    digits = "9" * 5001
    tests = f'{{"fn_name": "f", "inputs": [[{digits}]], "outputs": [{digits}]}}'
    (problem,) = read_problems(_file(tmp_path, {**APPS, "input_output": tests}))
    assert (problem.inputs, problem.outputs) == ((f"({digits},)",), (digits,))


def test_every_row_has_its_own_format(tmp_path):
    rows = [OWN, APPS, {"question_id": "q", "public_test_cases": "[]"}]
    assert [p.problem_id for p in read_problems(_file(tmp_path, *rows))] == ["own/1", 7, "q"]
    forced = ProblemSource(_file(tmp_path, *rows).path, "apps")
    assert [type(p) for p in read_problems(forced)] == [VerifyProblem] * 3  # APPS's columns are all optional
    assert [type(p) for p in read_problems(ProblemSource(forced.path, "codecontests"))] == [UnreadProblem] * 3


def test_rows_without_an_id_are_named_by_their_line_and_samples_may_be_added(tmp_path):
    row = {key: value for key, value in APPS.items() if key != "problem_id"}
    row["candidates"] = [{"language": "cpp", "code": "int main() {}"}]
    _, problem = read_problems(_file(tmp_path, OWN, row))
    assert problem.problem_id == 2
    assert [(c.language, c.verdict) for c in problem.candidates] == [("python", "AC"), ("cpp", None)]


def test_other_peoples_parquet_files_are_rows_too(tmp_path):
    path = tmp_path / "taco.parquet"
    pq.write_table(pa.Table.from_pylist([APPS, {**APPS, "problem_id": 8, "input_output": "{"}]), path)
    assert count_problems(ProblemSource(path)) == 2
    first, second = read_problems(ProblemSource(path))
    assert (first.problem_id, first.inputs) == (7, ("1",))
    assert second.detail.startswith("row 2: not JSON")


def test_what_is_no_file_or_folder_of_problems(tmp_path):
    with pytest.raises(CaseError, match="cannot read"):
        list(read_problems(ProblemSource(tmp_path / "missing.jsonl")))
    with pytest.raises(CaseError, match="is a folder; --format apps"):
        list(read_problems(ProblemSource(tmp_path, "apps")))
    with pytest.raises(CaseError, match=r"problem\.yaml"):
        list(read_problems(ProblemSource(tmp_path)))
    with pytest.raises(UserError):
        list(read_problems(ProblemSource(tmp_path, "dataset")))
    (tmp_path / "broken.parquet").write_text("not Parquet")
    with pytest.raises(UserError, match="Parquet"):
        list(read_problems(ProblemSource(tmp_path / "broken.parquet")))


def test_a_pipe_that_is_open_is_read_once_and_another_is_refused(tmp_path):
    reader, writer = os.pipe()
    os.write(writer, f"{json.dumps(OWN)}\n{json.dumps(APPS)}\n".encode())
    os.close(writer)
    source = ProblemSource(Path(f"/dev/fd/{reader}"))
    assert count_problems(source) is None
    assert [p.problem_id for p in read_problems(source)] == ["own/1", 7]
    os.close(reader)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="is a pipe, not a file"):
        list(read_problems(ProblemSource(tmp_path / "pipe")))


def test_counting_does_not_parse(tmp_path):
    assert count_problems(_file(tmp_path, OWN, b"{torn", APPS)) == 3


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("problem_id interface inputs outputs candidates", "stepsmith"),
        ("problem_id interface", "stepsmith"),
        ("problem_id question solutions input_output difficulty url starter_code", "apps"),
        ("question solutions starter_code input_output raw_tags name source memory_limit", "apps"),
        ("name description public_tests private_tests generated_tests solutions incorrect_solutions", "codecontests"),
        ("source id title checker validator correct_submissions incorrect_submissions test_cases", "codecontests-plus"),
        ("id aliases title official_tests generated_checker input_mode examples time_limit", "codeforces"),
        ("question_title question_content question_id public_test_cases private_test_cases metadata", "livecodebench"),
        ("problem tests solutions", "deepcoder"),
        ("problem starter_code tests metadata", "deepcoder"),
        ("data_source prompt ability reward_model extra_info", "prime"),
        ("source task_type in_source_id prompt gold_standard_solution verification_info problem_id", "primeintellect"),
    ],
)
def test_formats_are_told_by_their_keys(keys, expected):
    assert guess_format(dict.fromkeys(keys.split())) == expected
