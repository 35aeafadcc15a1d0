import json
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import CaseError, StoreError
from stepsmith.judge.executor import JudgingThreads
from stepsmith.judge.local import LocalJudge
from stepsmith.verify.formats.problems import Candidate, VerifyProblem
from stepsmith.verify.stream import already_done, verify_all, write_reports
from stepsmith.verify.verifier import VerifyOptions

OPTIONS = VerifyOptions(method="majority", strength=False)
PROBLEMS = [
    VerifyProblem(
        problem_id=f"p{k}",
        interface="function",
        entry_point="f",
        inputs=("(1,)", "(2,)"),
        candidates=(Candidate(language="python", code=f"def f(x):\n    return x + {k}\n"),),
    )
    for k in range(6)
]


def _run(path, problems=PROBLEMS, workers=1, options=OPTIONS):
    done = already_done(path, iter(problems), options)
    outcomes = verify_all(problems[len(done) :], JudgingThreads(workers, LocalJudge), options)
    seen = []
    write_reports(outcomes, path, seen.append)
    return [outcome.problem_id for outcome in seen]


def test_outcomes_come_in_order_and_do_not_depend_on_workers(tmp_path):
    assert _run(tmp_path / "one.jsonl") == [f"p{k}" for k in range(6)]
    _run(tmp_path / "two.jsonl", workers=3)
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
    row = json.loads((tmp_path / "one.jsonl").read_text().splitlines()[2])
    assert row["golden"] == {"candidate": 0, "confidence": None, "support": 1.0}
    assert row["suite"] == {}
    assert [test["output"] for test in row["tests"]] == ["3", "4"]


def test_a_torn_file_is_continued_to_the_same_bytes(tmp_path):
    path = tmp_path / "out.jsonl"
    _run(path)
    whole = path.read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert len(_run(path)) == 6 - whole[:cut].count(b"\n")
        assert path.read_bytes() == whole
    assert _run(path) == []


def test_outcomes_of_other_problems_or_options_are_refused(tmp_path):
    path = tmp_path / "out.jsonl"
    _run(path)
    whole = path.read_bytes()
    edited = [msgspec.structs.replace(PROBLEMS[0], inputs=("(9,)",)), *PROBLEMS[1:]]
    for problems, options in (
        (edited, OPTIONS),
        (PROBLEMS[:3], OPTIONS),
        (PROBLEMS, VerifyOptions(method="dual-verification")),
    ):
        with pytest.raises(CaseError, match="other problems or other options"):
            already_done(path, iter(problems), options)
    path.write_text("what?\n")
    with pytest.raises(CaseError, match="line 1: not a report"):
        already_done(path, iter(PROBLEMS), OPTIONS)
    assert whole


def test_a_full_disk_is_one_clear_error(tmp_path):
    with pytest.raises(StoreError, match="run the same command again"):
        write_reports(
            verify_all(PROBLEMS[:1], JudgingThreads(1, LocalJudge), OPTIONS), Path("/dev/full"), lambda _: None
        )
