import importlib.util
import time

import pytest

from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.maths import AIME, GSM8K, MATH_500, AnswerChecker
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.core.errors import CaseError, MachineError

PLAIN = HarnessSettings()

pytest.importorskip("math_verify")


@pytest.fixture(scope="module")
def checker():
    with AnswerChecker(give_up_s=15) as checker:
        yield checker


@pytest.mark.parametrize(
    ("gold", "answer", "right"),
    [
        (r"\frac{1}{2}", "0.5", True),
        (r"\left( 3, \frac{\pi}{2} \right)", r"(3, \pi/2)", True),
        (r"\text{Evelyn}", "Evelyn", True),
        ("204", "204", True),
        ("10", "11", False),
        ("[1,2)", "[1,2]", False),
    ],
)
def test_answers_are_compared_by_value(checker, gold, answer, right):
    assert checker.right(gold, answer) is right


def test_a_huge_answer_is_wrong_and_named(checker):
    assert checker.right("3", "9" * 3000) == "the answer has 3000 characters; 2000 are read"
    assert checker.right("1", "1") is True


def test_a_checker_that_hangs_is_replaced(monkeypatch):
    monkeypatch.setattr("stepsmith.benchmarks.maths._WORKER", "import time\ntime.sleep(60)")
    with AnswerChecker(give_up_s=0.2) as checker:
        started = time.monotonic()
        assert "took more than 0.2 s" in str(checker.right("1", "2"))
        assert time.monotonic() - started < 30
        monkeypatch.undo()
        checker._give_up_s = 60
        assert checker.right("1", "2/2") is True


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MachineError, match=r"need math-verify; pip install 'stepsmith\[evaluate\]'"):
        AnswerChecker()


def test_rows_of_three_kinds(judge):
    rows = (
        (
            MATH_500,
            {"problem": "p", "answer": r"\frac12", "unique_id": "test/1.json", "level": 2},
        ),
        (AIME, {"ID": "2024-I-1", "Problem": "p", "Answer": 204}),
        (GSM8K, {"question": "q", "answer": "She has 3.\n#### 1,203"}),
    )
    problems = [benchmark.read([PlacedRow("f", 1, row)])[0] for benchmark, row in rows]
    assert [(p.task_id, p.answer) for p in problems] == [
        ("test/1.json", r"\frac12"),
        ("2024-I-1", "204"),
        ("0", "1203"),
    ]
    assert problems[0].difficulty == "2"
    assert [benchmark.program(problems[0], r"So \boxed{4}, or #### 5") for benchmark, _ in rows] == ["4", "4", "5"]
    assert GSM8K.program(problems[2], "It is 7 of 9") == "9"
    outcomes = [
        verdict.outcome for verdict in AIME.judge(judge, problems[1], ["204", "205", "", r"\boxed{204}"], PLAIN)
    ]
    assert outcomes == ["passed", "wrong answer", "no code", "passed"]
    with pytest.raises(CaseError, match="not a row of AIME: it lacks problem"):
        AIME.read([PlacedRow("f", 1, {"answer": 1})])
