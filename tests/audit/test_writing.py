import json

import msgspec

from stepsmith.audit.auditing import audit_problem
from stepsmith.audit.code_suites import CODE_ENTRY, benchmark_item, check_suite
from stepsmith.audit.document import counted
from stepsmith.audit.findings import (
    AddTest,
    AuditDocument,
    DropProblem,
    DropTest,
    Finding,
    Place,
    Relabel,
    SubjectReport,
)
from stepsmith.audit.kinds import KINDS
from stepsmith.audit.page import audit_page
from stepsmith.audit.patching import EDITS, make_patch
from stepsmith.audit.sarif import sarif
from stepsmith.audit.sources import Problems
from stepsmith.audit.subject import AuditOptions
from stepsmith.audit.writing import CORRECTED, DIFF, PAGE, SARIF, write_document, write_patch
from stepsmith.benchmarks.humaneval import check_problem
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.verify.formats.reading import ProblemSource
from tests.audit.subjects import item

ROW = {
    "problem_id": "add", "interface": "function", "entry_point": "add", "statement": "Return the sum.",
    "inputs": ["(1, 2)", "(3, 4)", "(1, 2)"], "outputs": ["3", "8", "4"],
    "candidates": [{"language": "python", "code": "def add(a, b):\n    return a + b\n", "verdict": "AC"}],
}  # fmt: skip
HUMANEVAL = {
    "task_id": "HumanEval/900",
    "prompt": 'def big(n: int) -> bool:\n    """Whether n is above three.\n    >>> big(5)\n    True\n    """\n',
    "entry_point": "big",
    "canonical_solution": "    return n > 3\n",
    "test": "def check(candidate):\n" + "".join(f"    assert candidate({n}) == {n > 3}\n" for n in (5, 8, 2)),
}


def _report(*fixes, ambiguous=""):
    place = Place(source="rows.jsonl", line=3)
    found = Finding.of("wrong-label", "add", place, "m", fixes=fixes, ambiguous=ambiguous, confidence=0.97)
    return SubjectReport(subject="add", digest="d", checked=("labels",), findings=(found,))


def _document(*reports):
    return AuditDocument(
        tool="t", source="rows.jsonl", format="auto", options={}, isolation="L3", complete=True,
        counts=counted(reports), subjects=reports,
    )  # fmt: skip


def _patched(row, form, *fixes):
    patch = make_patch([(json.dumps(row), row)], [_report(*fixes)], form, "rows.jsonl")
    return [json.loads(line) for line in patch.lines], patch


def test_sarif_has_the_shape_of_the_standard():
    log = sarif(_document(_report(Relabel(test=1, output="7"))))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert {rule["id"] for rule in rules} == set(KINDS)
    assert all({"id", "shortDescription", "defaultConfiguration"} <= rule.keys() for rule in rules)
    (result,) = run["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "wrong-label"
    assert result["level"] in ("error", "warning", "note")
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "rows.jsonl"
    assert location["physicalLocation"]["region"]["startLine"] == 3
    assert result["message"]["text"]
    assert result["partialFingerprints"]
    assert run["invocations"][0]["executionSuccessful"] is True


def test_the_page_escapes_what_it_shows():
    report = SubjectReport(
        subject="<b>x</b>", digest="d", checked=(),
        findings=(Finding.of("wrong-label", "<b>x</b>", Place(source="s"), "<script>alert(1)</script>"),),
    )  # fmt: skip
    page = audit_page(_document(report))
    assert "<script>alert" not in page
    assert "Expected output that is wrong" in page


def test_fixes_of_rows_in_our_own_form():
    fixes = (Relabel(test=1, output="7"), DropTest(test=2), AddTest(input="(5, 5)", output="10"))
    (row,), patch = _patched(ROW, "stepsmith", *fixes)
    assert row["inputs"] == ["(1, 2)", "(3, 4)", "(5, 5)"]
    assert row["outputs"] == ["3", "7", "10"]
    assert ROW["outputs"] == ["3", "8", "4"]
    assert patch.diff.startswith("--- rows.jsonl\n+++ corrected.jsonl\n")
    assert patch.corrections[0].applied
    assert _patched(ROW, "stepsmith", DropProblem())[0] == []
    nothing = make_patch([(json.dumps(ROW), ROW)], [_report(*fixes, ambiguous="perhaps")], "stepsmith", "x")
    assert (nothing.diff, nothing.corrections) == ("", []), "what is ambiguous is not corrected"


def test_fixes_of_other_forms():
    assert set(EDITS) >= {"stepsmith", "apps", "humaneval", "mbpp", "humaneval+", "mbpp+"}
    added = AddTest(input="([1, 2], 'a')", output="3")
    apps = {"input_output": json.dumps({"fn_name": "f", "inputs": [[[1], "b"]], "outputs": [1]})}
    (row,), _ = _patched(apps, "apps", added)
    assert json.loads(row["input_output"])["inputs"][1] == [[1, 2], "a"]
    (row,), _ = _patched(HUMANEVAL, "humaneval", AddTest(input="(5,)", output="2"))
    assert row["test"].endswith("    assert candidate(5) == 2\n")
    mbpp = {"code": "def f(x):\n    return x", "test_list": ["assert set(f((1, 2))) == set((1, 2))"]}
    (row,), _ = _patched(mbpp, "mbpp", AddTest(input="((3,),)", output="(3,)"))
    assert row["test_list"][1] == "assert f((3,)) == (3,)"
    (row,), _ = _patched({"plus_input": [[1]]}, "humaneval+", AddTest(input="(5,)", output="2"))
    assert row["plus_input"] == [[1], [5]]


def test_a_benchmark_is_read_and_its_patch_passes_with_its_reference(judge, tmp_path):
    source = tmp_path / "he.jsonl"
    source.write_text(json.dumps(HUMANEVAL) + "\n")
    problems = Problems(ProblemSource(source))
    assert problems.format == "humaneval"
    (one,) = problems.items()
    assert one.problem.inputs == ("(5,)", "(8,)", "(2,)")
    assert CODE_ENTRY in check_suite("pass")
    assert benchmark_item(check_problem(PlacedRow("x", 1, HUMANEVAL), "HumanEval"), Place(source="s")).suite_code
    report = audit_problem(one, judge, AuditOptions(inputs=60))
    found = [f for f in report.findings if f.kind == "wrong-program-accepted"]
    assert found, "n >= 3 passes the tests"
    document = _document(report)
    write_document(tmp_path, document)
    assert {SARIF, PAGE} <= {path.name for path in tmp_path.iterdir()}
    write_patch(tmp_path, document, problems)
    (fixed,) = Problems(ProblemSource(tmp_path / CORRECTED)).items()
    again = audit_problem(fixed, judge, AuditOptions(inputs=60))
    assert again.facts["mutants_wrong"] < report.facts["mutants_wrong"]
    assert not [f for f in again.findings if f.kind == "reference-fails"]
    assert (tmp_path / DIFF).read_text()
    assert msgspec.json.decode((tmp_path / "patch.json").read_bytes())[0]["applied"] is True


def test_other_sources_are_patched_in_our_own_form(tmp_path):
    source = tmp_path / "rows.jsonl"
    source.write_text(json.dumps(ROW) + "\nnot json\n")
    form, rows = Problems(ProblemSource(source)).rows()
    assert (form, len(rows), rows[1]) == ("stepsmith", 2, ("not json", {}))
    assert item().problem.interface == "function"
