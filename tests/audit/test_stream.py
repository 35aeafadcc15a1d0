import pytest

from stepsmith.audit.memory import RememberingJudge
from stepsmith.audit.sources import Problems
from stepsmith.audit.stream import already_done, audit_all, write_reports
from stepsmith.audit.subject import AuditOptions
from stepsmith.core.errors import CaseError
from stepsmith.core.records import Solution, TestCase, Verdict
from stepsmith.judge.executor import JudgingThreads
from stepsmith.judge.local import LocalJudge
from stepsmith.verify.formats.reading import ProblemSource
from tests.audit.subjects import item

OPTIONS = AuditOptions(mutants=2, inputs=4)
ITEMS = [item(problem_id=f"p{k}") for k in range(4)]


def _run(path, items=ITEMS, options=OPTIONS):
    done = already_done(path, iter(items), options)
    seen = []
    write_reports(audit_all(items[len(done) :], JudgingThreads(1, LocalJudge), options), path, seen.append)
    return [report.subject for report in seen]


def test_an_audit_goes_on_where_it_was_stopped(tmp_path):
    path = tmp_path / "findings.jsonl"
    assert _run(path) == ["p0", "p1", "p2", "p3"]
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2]) + lines[2][:20])
    assert _run(path) == ["p2", "p3"]
    assert path.read_bytes() == whole
    with pytest.raises(CaseError, match="other problems or other options"):
        already_done(path, iter(ITEMS), AuditOptions(mutants=3))


def test_items_know_their_lines(tmp_path):
    file = tmp_path / "rows.jsonl"
    file.write_text('\n{"interface": "stdio", "inputs": ["1"], "problem_id": "a"}\n\n{"x": 1}\n')
    first, second = Problems(ProblemSource(file)).items()
    assert first.place.line == 2
    assert second.reason == "unreadable"
    assert Problems(ProblemSource(file)).count() == 2


def test_the_judge_remembers_runs(judge):
    memory = RememberingJudge(judge)
    contract, (program,) = ITEMS[0].problem.contract, ITEMS[0].problem.candidates
    solution = Solution(language="python", code=program.code)
    tests = [TestCase(input=f"({k}, 1)", output=str(k + 1)) for k in range(4)]
    assert memory.judge(solution, contract, tests, stop_at_first_failure=True).verdict is Verdict.AC
    assert memory.executions == 4
    assert [run.output for run in memory.execute(solution, contract, ["(0, 1)", "(9, 9)", "(9, 9)"])] == [
        "1",
        "18",
        "18",
    ]
    assert memory.executions == 5
    wrong = [*tests, TestCase(input="(0, 1)", output="2")]
    judgement = memory.judge(solution, contract, wrong)
    assert (judgement.verdict, memory.executions) == (Verdict.WA, 5)
    broken = Solution(language="python", code="def add(:")
    assert memory.judge(broken, contract, tests).verdict is Verdict.CE
    assert memory.judge(broken, contract, tests).verdict is Verdict.CE
