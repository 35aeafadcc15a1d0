"""The patch of an audit: the corrected rows in a new file, the changes as JSON, and a diff. Sources stay as they are.

Rows of Stepsmith's own form, APPS and TACO, HumanEval, MBPP and EvalPlus keep their form. What comes from elsewhere
(packages, Parquet, other forms) is written in Stepsmith's own form.
"""

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from stepsmith.audit.findings import AddTest, DropProblem, DropTest, Finding, Fix, Relabel, SubjectReport
from stepsmith.audit.subject import AuditItem
from stepsmith.core.integers import read_literal
from stepsmith.core.records import Record
from stepsmith.verify.suite.baselines import arguments

Row = dict[str, Any]
Edit = Callable[[Row, Sequence[Fix]], Row | None]


class Correction(Record, frozen=True, kw_only=True):
    """What the patch does to one problem."""

    subject: str
    line: int | None
    findings: tuple[str, ...]  # ids
    fixes: tuple[Fix, ...]
    applied: bool  # False where the row's form does not allow it


class Patch(NamedTuple):
    """The corrected rows as lines, the corrections, and a unified diff of the lines."""

    lines: list[str]
    corrections: list[Correction]
    diff: str


def make_patch(rows: Iterable[tuple[str, Row]], reports: Sequence[SubjectReport], form: str, name: str) -> Patch:
    """Return the patch of rows (text and value), which are in the order of the reports."""
    before: list[str] = []
    after: list[str] = []
    corrections: list[Correction] = []
    edit = EDITS.get(form)
    for (text, row), report in zip(rows, reports, strict=True):
        before.append(text)
        chosen = [finding for finding in report.findings if finding.fixes and not finding.ambiguous]
        fixes = (*fixes_of(chosen), *report.added)
        changed: Row | None = row
        applied = False
        if fixes and (edit is not None or any(isinstance(fix, DropProblem) for fix in fixes)):
            changed = None if any(isinstance(f, DropProblem) for f in fixes) else (edit or _kept)(dict(row), fixes)
            applied = changed != row
        if changed is not None:
            after.append(text if changed == row else json.dumps(changed, ensure_ascii=False))
        if fixes:
            ids = tuple(finding.id for finding in chosen)
            line = chosen[0].place.line if chosen else None
            corrections.append(
                Correction(subject=report.subject, line=line, findings=ids, fixes=fixes, applied=applied)
            )
    diff = difflib.unified_diff(before, after, name, "corrected.jsonl", lineterm="", n=0)
    return Patch(after, corrections, "\n".join(diff) + "\n" if before != after else "")


def fixes_of(findings: Sequence[Finding]) -> tuple[Fix, ...]:
    """Return the fixes of findings, each once. A test that is dropped is not relabelled as well."""
    found = list(dict.fromkeys(fix for finding in findings for fix in finding.fixes))
    dropped = {fix.test for fix in found if isinstance(fix, DropTest)}
    return tuple(fix for fix in found if not (isinstance(fix, Relabel) and fix.test in dropped))


def own_rows(items: Iterable[AuditItem | Any]) -> Iterator[tuple[str, Row]]:
    """Yield problems in Stepsmith's own form; what could not be read is left empty."""
    for item in items:
        row = msgspec.to_builtins(item.problem) if isinstance(item, AuditItem) else {}
        yield json.dumps(row, ensure_ascii=False), row


def _kept(row: Row, _: Sequence[Fix]) -> Row:
    return row


def _stepsmith(row: Row, fixes: Sequence[Fix]) -> Row:
    columns = {key: list(row.get(key) or ()) for key in ("inputs", "outputs", "kinds") if row.get(key)}
    _edit_lists(columns, fixes, lambda fix: fix.input, lambda output: output)
    return {**row, **columns}


def _apps(row: Row, fixes: Sequence[Fix]) -> Row:
    packed = row["input_output"]
    tests = json.loads(packed) if isinstance(packed, str) else dict(packed)
    function = bool(tests.get("fn_name"))
    columns = {key: list(tests[key]) for key in ("inputs", "outputs")}
    _edit_lists(
        columns,
        fixes,
        lambda fix: list(arguments(fix.input)) if function else fix.input,
        lambda output: read_literal(output) if function else output,
    )
    tests = {**tests, **columns}
    return {**row, "input_output": json.dumps(tests) if isinstance(packed, str) else tests}


def _edit_lists(
    columns: dict[str, list[Any]],
    fixes: Sequence[Fix],
    given: Callable[[AddTest], Any],
    output: Callable[[str], Any],
) -> None:
    """Apply fixes to parallel lists; indices are those before any change."""
    dropped = set()
    for fix in fixes:
        if isinstance(fix, Relabel) and "outputs" in columns:
            columns["outputs"][fix.test] = output(fix.output)
        elif isinstance(fix, AddTest) and "outputs" in columns:
            columns["inputs"].append(given(fix))
            columns["outputs"].append(output(fix.output))
            if "kinds" in columns:
                columns["kinds"].append("adversarial")
        elif isinstance(fix, DropTest):
            dropped.add(fix.test)
    for key in columns:
        columns[key][:] = [value for k, value in enumerate(columns[key]) if k not in dropped]


def _humaneval(row: Row, fixes: Sequence[Fix]) -> Row:
    lines = [f"    assert candidate({_call(fix.input)}) == {fix.output}\n" for fix in fixes if isinstance(fix, AddTest)]
    return {**row, "test": row["test"].rstrip() + "\n" + "".join(lines)} if lines else row


def _mbpp(row: Row, fixes: Sequence[Fix]) -> Row:
    name = row["test_list"][0].split("(")
    entry = next((part.split()[-1] for part in name if part.split()[-1:] and part.split()[-1] in row["code"]), "")
    lines = [
        f"assert {entry}({_call(fix.input)}) == {fix.output}" for fix in fixes if isinstance(fix, AddTest) and entry
    ]
    return {**row, "test_list": [*row["test_list"], *lines]} if lines else row


def _evalplus(row: Row, fixes: Sequence[Fix]) -> Row:
    added = [list(arguments(fix.input)) for fix in fixes if isinstance(fix, AddTest)]
    try:
        json.dumps(added)
    except TypeError:
        return row  # sets and complex numbers have no JSON
    plus = row["plus_input"] if isinstance(row["plus_input"], list) else []
    return {**row, "plus_input": [*plus, *added]} if added else row


def _call(text: str) -> str:
    """Return an argument tuple as it stands in a call."""
    return ", ".join(map(repr, arguments(text)))


EDITS: dict[str, Edit] = {
    "stepsmith": _stepsmith,
    "apps": _apps,
    "taco": _apps,
    "humaneval": _humaneval,
    "mbpp": _mbpp,
    "mbpp-full": _mbpp,
    "humaneval+": _evalplus,
    "mbpp+": _evalplus,
}
