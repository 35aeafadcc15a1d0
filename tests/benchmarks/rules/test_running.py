"""Our rule sets against verdicts that the harnesses' own code gave (``benchmarks/agreement``)."""

import json
import sys
from pathlib import Path

import pytest

from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rules.differences import SEVERAL, difference, score_reply
from stepsmith.benchmarks.rules.rule_sets import LIGHTEVAL, NEMO_GYM, OFFICIAL, RULE_SETS, STRICT, VERL, rule_set
from stepsmith.benchmarks.rules.running import rule, run
from stepsmith.core.errors import CaseError
from stepsmith.core.records import TestCase

FOLDER = Path(__file__).parents[3] / "benchmarks" / "agreement"
sys.path.insert(0, str(FOLDER))
from agree import problem_of  # noqa: E402
from awkward import CASES  # noqa: E402

RECORDED = json.loads((FOLDER / "recorded.json").read_text())
REPLIES = {name: (problem, reply) for name, problem, reply in CASES}
# Cases on which the harnesses differ, one or two for each reason; the whole list takes a minute: benchmarks/agreement.
CHOSEN = (
    "stdin-buffer", "stdin-loop", "open-zero", "empty-line-input", "main-guard", "main-guard-not-last", "exit", "quit",
    "sys-exit-3", "os-exit", "no-import-deque", "import-subprocess", "future-import", "text-class-solution",
    "multi-line-string", "exponent", "rough-third", "grid-one-line", "twelfth-wrong", "state-in-object",
    "nested-tuples", "close-float", "first-element", "reply-unclosed-fence", "reply-think-closed", "reply-inline-after",
)  # fmt: skip


@pytest.mark.parametrize("name", CHOSEN)
def test_verdicts_are_those_of_the_harness(judge, name):
    problem, reply = REPLIES[name]
    ours = {
        peer: score_reply(judge, problem_of(problem), reply, RULE_SETS[peer]).passed
        for peer, verdict in RECORDED[name].items()
        if verdict is not None
    }
    assert ours == {peer: verdict for peer, verdict in RECORDED[name].items() if verdict is not None}


def test_every_case_is_recorded():
    assert list(RECORDED) == [name for name, _, _ in CASES]
    assert all(verdict in (True, False, None) for verdicts in RECORDED.values() for verdict in verdicts.values())


def test_rule_sets_have_names_and_sources():
    assert all(name == rules.name and rules.source for name, rules in RULE_SETS.items())
    with pytest.raises(CaseError, match="unknown rules 'x'; give --rules once for each of: official, lighteval"):
        rule_set("x")


def test_a_ruling_names_the_first_failing_test(judge):
    problem = problem_of("many")
    ruling = rule(judge, problem, "n = int(input())\nprint(n if n != 3 else 0)", OFFICIAL)
    assert (ruling.outcome, ruling.test) == ("wrong answer", 2)
    assert "expected '3\\n', got '0\\n'" in ruling.why
    assert rule(judge, problem, "", OFFICIAL).outcome == "no code"
    assert (
        rule(judge, problem, "print(", OFFICIAL).outcome == rule(judge, problem, "print(", STRICT).outcome == "syntax"
    )
    assert rule(judge, problem, "1 / 0", OFFICIAL).outcome == "crash"


@pytest.mark.parametrize(
    "forged",
    ["'not JSON'", "'[]'", "'{}'", '\'{"stage": 1, "error": null, "results": [{"value": {"dict": 3}}]}\''],
)
def test_a_program_that_writes_the_results_itself_gains_nothing(judge, forged):
    code = (
        f"import os\nfor fd in range(3, 20):\n    try:\n        os.write(fd, {forged}.encode())\n"
        "    except OSError:\n        pass\nos._exit(0)"
    )
    assert not rule(judge, problem_of("bare"), code, OFFICIAL).passed


def test_only_values_with_a_json_form_can_be_given(judge):
    problem = BenchmarkProblem(
        task_id="t", prompt="", interface="function", entry_point="f", tests=(TestCase(input="({1},)", output="1"),)
    )
    with pytest.raises(CaseError, match="have no JSON form"):
        run(judge, problem, "def f(x): return 1", OFFICIAL, [0])
    with pytest.raises(CaseError, match="no tests"):
        rule(judge, BenchmarkProblem(task_id="t", prompt="", interface="stdio"), "x", OFFICIAL)


@pytest.mark.parametrize(
    ("name", "other", "reason"),
    [
        ("stdin-buffer", LIGHTEVAL, "standard input"),
        ("reply-unclosed-fence", VERL, "extraction"),
        ("close-float", NEMO_GYM, "comparison"),
        ("twelfth-wrong", VERL, "tests that count"),
        ("exit", VERL, "names taken away"),
        ("no-import-deque", STRICT, "imports"),
        ("main-guard-not-last", STRICT, "how the program is run"),
        ("reply-think-closed", NEMO_GYM, "reasoning shown"),
        ("plain", STRICT, None),
    ],
)
def test_a_difference_has_its_reason(judge, name, other, reason):
    problem, reply = REPLIES[name]
    found = difference(judge, problem_of(problem), reply, OFFICIAL, other)
    assert (found and found.reason) == reason
    assert found is None or (found.reason != SEVERAL and "rejects it" in found.words and other.title in found.words)
