"""A checker program is tried out: a real one in the real sandbox."""

import pytest

from stepsmith.core.records import Checker, Contract, Example, Limits
from stepsmith.judge.checkers.trial import checker_fault
from stepsmith.judge.local import LocalJudge

PROGRAM = """import sys
given, answer, output = open(sys.argv[1]).read(), open(sys.argv[2]).read(), sys.stdin.read()
def check():
{body}
sys.exit(42 if check() else 43)
"""
PARTS = """
    try:
        parts = [int(word) for word in output.split()]
    except ValueError:
        return False
    return len(parts) == 2 and min(parts) >= 0 and sum(parts) == int(given)
"""
CASES = [Example(input=f"{n}\n", output=f"{n} 0\n") for n in (2, 5, 9, 30)]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (PARTS, ""),
        ("    return True", "accepts '' for '2\\n'"),
        ("    return False", "refuses '2 0\\n' for '2\\n', where it is right"),
        ("    return output.split() == answer.split() or '?' not in output and output.strip()", "changed outputs"),
        ("    return sum(map(int, output.split())) == int(given)", "ValueError: invalid literal"),
        ("    return sum(int(word) for word in output.split() if word.isdigit()) == int(given)", "accepts '2 0 ?\\n'"),
        ("    while True: pass", "of 0.5 s of CPU"),
    ],
)
def test_a_checker_that_cannot_be_relied_on_is_a_fault(cached: LocalJudge, monkeypatch, body, fault):
    monkeypatch.setattr("stepsmith.judge.checkers.custom.LIMITS", Limits(time_s=0.5))
    checker = Checker(name="custom-kattis", files=(("checker.py", PROGRAM.format(body=body)),))
    found = checker_fault(cached, Contract(interface="stdio", checker=checker), CASES)
    assert fault in found
    assert bool(found) is bool(fault)
