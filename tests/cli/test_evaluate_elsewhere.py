"""``stepsmith eval`` beside other tools, by the command."""

import json
import sys
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from stepsmith.cli.evaluate_elsewhere import eval_app
from stepsmith.core.errors import CaseError, ConfigError
from stepsmith.evaluate.reconciling import RuleVerdict

ADD = "a, b = map(int, input().split())\nprint(a + b)"
LOOP = "import sys\nfor line in sys.stdin:\n    print(sum(map(int, line.split())))"
ROW = {
    "question_id": "abc1_a", "question_content": "Add two numbers.", "platform": "atcoder", "starter_code": "",
    "contest_date": "2024-07-01T00:00:00", "difficulty": "easy", "metadata": "{}",
    "public_test_cases": json.dumps([{"input": "1 2\n", "output": "3\n", "testtype": "stdin"}]),
    "private_test_cases": json.dumps([{"input": "5 5\n", "output": "10\n", "testtype": "stdin"}]),
}  # fmt: skip


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STEPSMITH_CACHE", str(tmp_path / "cache"))
    write(tmp_path / "lcb.jsonl", ROW)
    replies = (f"```python\n{ADD}\n```", f"```python\n{LOOP}\n```", ADD)
    write(tmp_path / "samples.jsonl", *({"task_id": "abc1_a", "reply": reply} for reply in replies))
    return tmp_path


def run(place: Path, command: str, *words: object) -> str:
    data = ("--benchmark", "livecodebench", "--data", place / "lcb.jsonl")
    result = CliRunner().invoke(eval_app, [command, *map(str, words), *map(str, data)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_reconcile_says_which_rule_makes_the_difference(place: Path) -> None:
    said = run(place, "reconcile", place / "samples.jsonl", "--workers", 1)
    assert "abc1_a, sample 1, nemo-gym: standard input. LiveCodeBench: sys.stdin is an object with `buffer`" in said
    assert "abc1_a, sample 2, verifiers: extraction." in said
    lines = (place / "samples-reconciled" / "reconciliation.jsonl").read_bytes().splitlines()
    verdicts = [msgspec.json.decode(line, type=RuleVerdict) for line in lines]
    passed: dict[str, list[bool]] = {}
    for verdict in verdicts:
        passed.setdefault(verdict.rules, []).append(verdict.passed)
    assert passed == {
        "official": [True, False, False], "lighteval": [True, True, False], "nemo-gym": [True, True, False],
        "verifiers": [True, True, True], "verl": [True, True, True], "strict": [True, True, False],
    }  # fmt: skip
    reference, *others = verdicts
    assert not reference.reason
    assert all(bool(v.reason) == (v.passed != passed["official"][v.number]) for v in others)


def test_some_rules_with_a_reference_of_ones_own(place: Path) -> None:
    said = run(place, "reconcile", place / "samples.jsonl", "--rules", "strict", "--rules", "verl", "--workers", 1)
    assert "why not as" in said
    assert "lighteval" not in said
    with pytest.raises(CaseError, match="unknown rules 'x'"):
        run(place, "reconcile", place / "samples.jsonl", "--rules", "x")


def test_a_benchmark_without_inputs_and_outputs_has_rules_of_its_own(place: Path) -> None:
    row = {"id": "sample_0", "code": "def f(x):\n    return [x]", "input": "1", "output": "[1]"}
    data = write(place / "cruxeval.jsonl", row)
    replies = ["[ANSWER]f(1) == [1][/ANSWER]", "[ANSWER]f(1) == list((1,))[/ANSWER]"]
    samples = write(place / "crux.jsonl", *({"task_id": "sample_0", "reply": reply} for reply in replies))
    words = ["reconcile", str(samples), "--benchmark", "cruxeval-o", "--data", str(data), "--workers", "1"]
    result = CliRunner().invoke(eval_app, words, catch_exceptions=False)
    assert "sample_0, sample 1, strict: comparison." in result.output
    assert "the answer is no literal" in result.output
    assert "lighteval: no rules for CRUXEval-O: lighteval 0.13.0 has no task of it" in result.output
    result = CliRunner().invoke(eval_app, [*words, "--rules", "verl"])
    assert isinstance(result.exception, CaseError)
    assert "name at least two of them (verl: verl's prime_code judges" in str(result.exception)


def test_answers_are_judged_line_by_line(place: Path) -> None:
    texts = (f"```\n{ADD}\n```", "no", f"```\n{LOOP}\n```")
    replies = [json.dumps({"task_id": "abc1_a", "reply": text}) for text in texts]
    data = ["--benchmark", "livecodebench", "--data", str(place / "lcb.jsonl")]
    printed = CliRunner().invoke(eval_app, ["answer", *data], input="\n".join(replies) + "\n")
    verdicts = [json.loads(line) for line in printed.output.splitlines()]
    assert [(verdict["passed"], verdict["outcome"]) for verdict in verdicts] == [
        (True, "passed"), (False, "no code"), (False, "crash"),
    ]  # fmt: skip
    assert verdicts[0]["answer"] == ADD
    result = CliRunner().invoke(eval_app, ["answer", *data], input='{"task_id": "x", "reply": ""}\n')
    assert "has no task 'x'" in str(result.exception)


def test_a_task_of_inspect(place: Path) -> None:
    run(place, "task", "--out", place / "task")
    compile((place / "task" / "task.py").read_text(), "task.py", "exec")
    (problem,) = map(json.loads, (place / "task" / "problems.jsonl").read_text().splitlines())
    assert problem["id"] == "abc1_a"
    assert "Add two numbers." in problem["prompt"]
    command = json.loads((place / "task" / "settings.json").read_text())["command"]
    assert command[:5] == [sys.executable, "-m", "stepsmith", "eval", "answer"]
    with pytest.raises(ConfigError, match="not a new or empty folder"):
        run(place, "task", "--out", place / "task")


def test_files_of_other_tools(place: Path) -> None:
    run(place, "convert", place / "samples.jsonl", "--to", "livecodebench", "--out", place / "custom.json")
    assert json.loads((place / "custom.json").read_text()) == [{"question_id": "abc1_a", "code_list": [ADD, LOOP, ""]}]
    run(place, "score", "--samples", place / "custom.json", "--out", place / "scored", "--workers", 1)
    run(place, "convert", place / "scored", "--to", "lm-eval-results", "--out", place / "results.json")
    results = json.loads((place / "results.json").read_text())
    (values,) = results["results"].values()
    assert values["pass@1,official"] == pytest.approx(1 / 3)
    assert results["higher_is_better"] == {"livecodebench": {"pass@1": True, "pass@2": True}}
