import json

import pytest

from stepsmith.cli.main import main

ROW = {
    "problem_id": "add", "interface": "function", "entry_point": "add", "statement": "Return the sum of two integers.",
    "inputs": ["(1, 2)", "(3, 4)", "(5, 6)"], "outputs": ["3", "8", "11"],
    "candidates": [{"language": "python", "code": "def add(a, b):\n    return a + b\n", "verdict": "AC"}],
}  # fmt: skip


@pytest.fixture
def stepsmith(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)

    def call(*words):
        monkeypatch.setattr("sys.argv", ["stepsmith", *words])
        with pytest.raises(SystemExit) as stop:
            main()
        return stop.value.code or 0, capsys.readouterr()

    return call


def test_audit_and_replay(stepsmith, tmp_path):
    (tmp_path / "rows.jsonl").write_text(json.dumps(ROW) + "\n")
    words = ("audit", "rows.jsonl", "--workers", "1", "--mutants", "2", "--inputs", "8")
    code, said = stepsmith(*words)
    assert code == 0, said
    document = json.loads((tmp_path / "audit" / "audit.json").read_text())
    assert (document["schema"], document["version"], document["complete"]) == ("stepsmith.audit", 1, True)
    (finding,) = (f for s in document["subjects"] for f in s["findings"] if f["kind"] == "reference-fails")
    (tmp_path / "empty").mkdir()
    code, said = stepsmith("audit", "replay", f"audit/audit.json#{finding['id']}")
    assert (code, said.out.splitlines()[-1]) == (0, "reproduced")
    finding["replay"]["steps"][0]["suite"]["tests"][0]["output"] = "7"
    (tmp_path / "one.json").write_text(json.dumps(finding))
    code, said = stepsmith("audit", "replay", "one.json")
    assert (code, said.out.splitlines()[-1]) == (1, "not reproduced")
    code, said = stepsmith(*words, "--fail-on", "high")
    assert code == 1
    assert "1 of 1 problems were done before" in said.err


def test_answers_of_a_model_are_further_programs(stepsmith, tmp_path):
    inputs = ("(1, 2)", "(4, 3)", "(5, 6)", "(9, 2)", "(2, 8)", "(3, 9)")
    outputs = [str(sum(map(int, text.strip("()").split(",")))) for text in inputs]
    (tmp_path / "rows.jsonl").write_text(json.dumps(ROW | {"inputs": inputs, "outputs": outputs}) + "\n")
    reply = "So:\n```python\ndef add(a, b):\n    return 0 if a == 7 else a + b\n```"
    (tmp_path / "samples.jsonl").write_text(json.dumps({"task_id": "add", "reply": reply}) + "\n")
    words = ("audit", "rows.jsonl", "--workers", "1", "--mutants", "0", "--tests", "0")
    assert stepsmith(*words, "--out", "without")[0] == 0
    assert stepsmith(*words, "--out", "with", "--samples", "samples.jsonl")[0] == 0
    kinds = {
        folder: {f["kind"] for s in json.loads((tmp_path / folder / "audit.json").read_text())["subjects"]
                 for f in s["findings"]}
        for folder in ("without", "with")
    }  # fmt: skip
    assert kinds["with"] - kinds["without"] == {"wrong-program-accepted"}


def test_samples_of_other_problems_are_refused_before_anything_runs(stepsmith, tmp_path):
    (tmp_path / "rows.jsonl").write_text(json.dumps(ROW) + "\n")
    (tmp_path / "samples.jsonl").write_text(json.dumps({"task_id": "other", "solution": "x = 1"}) + "\n")
    code, said = stepsmith("audit", "rows.jsonl", "--samples", "samples.jsonl")
    assert code == 2
    assert said.err == ("stepsmith: --samples samples.jsonl: none of its task ids is that of a problem in rows.jsonl\n")
    assert not (tmp_path / "audit").exists()


def test_a_source_that_is_not_there(stepsmith):
    code, said = stepsmith("audit", "nowhere.jsonl")
    assert code == 2
    assert said.err == "stepsmith: nowhere.jsonl does not exist\n"


def test_a_source_without_a_problem(stepsmith, tmp_path):
    (tmp_path / "rows.jsonl").write_text("no json\n")
    code, said = stepsmith("audit", "rows.jsonl", "--workers", "1")
    assert code == 2
    assert "none of 1 problems could be read. The first: line 1: not JSON" in said.err


def test_the_schema_is_printed(stepsmith):
    code, said = stepsmith("audit", "schema")
    assert code == 0
    assert "AuditDocument" in json.loads(said.out)["$defs"]
