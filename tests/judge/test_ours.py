"""A harness that was made known is loaded once, before the tests; any other program in each test's process."""

from stepsmith.core.records import Contract, Solution
from stepsmith.judge.local import LocalJudge
from stepsmith.judge.ours import is_ours, ours

PROGRAM = """import os
LOADED_BY, seen = os.getpid(), []

def f(x):
    seen.append(x)
    return LOADED_BY == os.getpid(), seen
"""
CALLS = Contract(interface="function", entry_point="f")


def test_a_harness_is_loaded_once_and_its_tests_share_nothing_else(judge: LocalJudge) -> None:
    known = ours(f"{PROGRAM}# known\n")
    assert is_ours(known.encode())
    for code, in_test in ((PROGRAM, True), (known, False)):
        runs = judge.execute(Solution(language="python", code=code), CALLS, ["(1,)", "(2,)"])
        assert [run.output for run in runs] == [f"({in_test}, [1])", f"({in_test}, [2])"]


def test_only_the_whole_text_counts() -> None:
    ours("def g(): pass\n")
    assert not is_ours(b"def g(): pass\n# and more\n")
