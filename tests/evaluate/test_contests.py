import base64
import json
import pickle
import zlib

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stepsmith.benchmarks.data import load_benchmark
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.core.errors import CaseError, ConfigError
from stepsmith.evaluate.contests import APPS, CODE_CONTESTS, TACO, LiveCodeBench, parts_of
from stepsmith.evaluate.library import LIBRARY, find_benchmark

PLAIN = HarnessSettings()


def row(number, day, **more):
    tests = [{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}, {"input": "5 5\n", "output": "10\n"}]
    packed = base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests[1:])))).decode()
    return {
        "question_id": f"abc{number}_a", "question_title": "Add", "question_content": "Add two numbers.",
        "platform": "atcoder", "contest_id": "abc", "contest_date": f"{day}T00:00:00", "starter_code": "",
        "difficulty": "easy", "public_test_cases": json.dumps(tests[:1]), "private_test_cases": packed,
        "metadata": "{}", **more,
    }  # fmt: skip


ROWS = [row(1, "2024-07-01"), row(2, "2024-08-01"), row(3, "2025-05-01"), row(4, "2025-05-02")]
ADD = "a, b = map(int, input().split())\nprint(a + b)"


def placed(rows):
    return [PlacedRow(f"test6.jsonl, line {number}", number, one) for number, one in enumerate(rows, 1)]


def test_releases_have_their_counts():
    counts = {name: sum(count for _, _, count in parts_of(name)) for name in (
        "release_v1", "release_v2", "release_v3", "release_v4", "release_v5", "release_v6", "v6", "v5", "v4_v5",
    )}  # fmt: skip
    assert list(counts.values()) == [400, 511, 612, 713, 880, 1055, 175, 167, 268]
    for word in ("v7", "release_v4_v5", "v5_v4", "v5_v5", "latest"):
        with pytest.raises(CaseError, match="no release"):
            parts_of(word)


def test_a_window_holds_both_its_days():
    window = LiveCodeBench(window=("2024-08-01", "2025-05-01"))
    assert [problem.task_id for problem in window.read(placed(ROWS))] == ["abc2_a", "abc3_a"]
    assert window.outside == {"abc1_a", "abc4_a"}
    assert [p.date for p in LiveCodeBench(window=("2025-05-02", "")).read(placed(ROWS))] == ["2025-05-02"]
    with pytest.raises(CaseError, match="no problem in this window; the file's contests are from 2024-07-01 to 2025"):
        LiveCodeBench(window=("2026-01-01", "")).read(placed(ROWS))
    with pytest.raises(CaseError, match="'August' is not a date"):
        LiveCodeBench(window=("August", ""))


def test_a_release_has_all_its_problems():
    with pytest.raises(CaseError, match=r"LiveCodeBench v6: 4 problems, but the release has 175; give test6.jsonl"):
        LiveCodeBench("v6").read(placed(ROWS))
    assert find_benchmark("livecodebench:release_v6@2024-08-01..2025-05-01").title == (
        "LiveCodeBench release_v6 from 2024-08-01 to 2025-05-01"
    )
    assert find_benchmark("livecodebench") is LIBRARY["livecodebench"]
    with pytest.raises(ConfigError, match="there is no benchmark 'lcb'; there are humaneval"):
        find_benchmark("lcb")


def test_rows_come_as_json_or_parquet(tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "test6.parquet")
    (tmp_path / "test6.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    read = [load_benchmark(LiveCodeBench(), tmp_path / name).problems for name in ("test6.parquet", "test6.jsonl")]
    assert read[0] == read[1]
    assert [test.output for test in read[0][0].tests] == ["3\n", "10\n"]


class Hostile:
    def __reduce__(self):
        import os

        return os.system, ("echo unpickled",)


def test_a_hostile_pickle_is_refused(capfd):
    packed = base64.b64encode(zlib.compress(pickle.dumps(Hostile()))).decode()
    with pytest.raises(
        CaseError, match=r"line 1: private_test_cases cannot be unpacked: the pickle holds something else"
    ):
        LiveCodeBench().read(placed([row(1, "2024-07-01", private_test_cases=packed)]))
    assert "unpickled" not in capfd.readouterr().out


def test_programs_are_judged_by_the_official_rules(judge):
    benchmark = LiveCodeBench()
    (problem,) = benchmark.read(placed(ROWS[:1]))
    answers = [ADD, "print(3.0)", "import sys\nfor line in sys.stdin: print(3)", "", "while True: print("]
    verdicts = benchmark.judge(judge, problem, answers, PLAIN)
    assert [verdict.outcome for verdict in verdicts] == ["passed", "wrong answer", "crash", "no code", "syntax"]
    assert (verdicts[1].failed_test, verdicts[1].got) == ("5 5\n", "'3.0\\n'"), "3.0 is 3 on the first test"
    assert benchmark.program(problem, f"```python\n{ADD}\n```") == ADD
    assert "# YOUR CODE HERE" in benchmark.prompt(problem)


def test_rows_of_other_data_sets(judge):
    apps = {
        "question": "Add.",
        "input_output": json.dumps({"inputs": ["1 2\n", "0.5 0\n"], "outputs": ["3\n", "0.5\n"]}),
    }
    function = {
        "question": "Pack.", "raw_tags": "[]",
        "input_output": json.dumps({"fn_name": "pack", "inputs": [[1]], "outputs": [[[1, 2]]]}),
    }  # fmt: skip
    contest = {
        "name": "1_A", "description": "Say.", "public_tests": {"input": ["1\n"], "output": ["Yes 0.1\n"]},
        "time_limit": {"seconds": 1},
    }  # fmt: skip
    packs = ["def pack(x):\n    return [1, 2]", "def pack(x):\n    return Counter"]
    cases = (
        (APPS, apps, ["a, b = map(float, input().split())\nprint(a + b)", "print(3)"], ["passed", "wrong answer"]),
        (TACO, function, packs, ["passed", "wrong answer"]),
        (CODE_CONTESTS, contest, ["print('YES', 0.1)", "print('no', 0.1)", "1/0"], ["passed", "wrong answer", "crash"]),
    )
    for benchmark, one, answers, outcomes in cases:
        (problem,) = benchmark.read(placed([one]))
        assert [v.outcome for v in benchmark.judge(judge, problem, answers, PLAIN)] == outcomes, benchmark.title


def test_rows_that_cannot_be_scored_are_refused():
    with pytest.raises(CaseError, match="not a row of LiveCodeBench: it lacks question_id"):
        LiveCodeBench().read(placed([{"task_id": "HumanEval/0"}]))
    with pytest.raises(CaseError, match="a problem without tests"):
        APPS.read(placed([{"question": "x", "input_output": "{}"}]))
