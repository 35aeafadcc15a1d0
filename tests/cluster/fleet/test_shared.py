"""``--judge`` and what it opens."""

from stepsmith.cluster.fleet.shared import SharedJudge, split_urls
from stepsmith.core.records import Contract, Solution, TestCase, Verdict
from stepsmith.judge.program import Program
from tests.serve.conftest import ScriptedJudge

STDIO = Contract(interface="stdio")


def test_addresses_are_split() -> None:
    assert split_urls(None) == split_urls("") == ()
    assert split_urls("http://a:1/, http://b:2,") == ("http://a:1", "http://b:2")


def test_a_shared_judge_stays_open() -> None:
    judge = ScriptedJudge()
    shared = SharedJudge(judge)
    judge.go.clear()
    shared.close()
    assert not judge.go.is_set(), "the scripted judge sets it when it is closed"
    judge.go.set()
    solution = Solution(language="python", code="WA")
    assert shared.judge(solution, STDIO, [TestCase(input="", output="")]).verdict is Verdict.WA
    assert shared.execute(solution, STDIO, ["1"])[0].output == "1"
    assert shared.run_program(Program(language="python", sources=(("a.py", "AC"),))).verdict is Verdict.AC
    assert shared.agree(STDIO, "", "1", "1")
    assert shared.isolation == "L0"
