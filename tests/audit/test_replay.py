import msgspec
import pytest

from stepsmith.audit.acceptance import first_failed
from stepsmith.audit.auditing import audit_problem
from stepsmith.audit.document import AUDIT, counted, json_schema, read_audit
from stepsmith.audit.findings import AuditDocument, Finding, Place
from stepsmith.audit.replay import find_finding, replay_finding
from stepsmith.audit.steps import Contains, Disagree, Fails, Gives, Passes, ProgramReplay, Refused, Suite, SuiteTest
from stepsmith.audit.stream import encode_report
from stepsmith.audit.subject import AuditOptions
from stepsmith.audit.words import short
from stepsmith.core.errors import CaseError
from stepsmith.core.records import Checker, Contract, Solution
from stepsmith.verify.formats.problems import InputValidator
from tests.audit.subjects import findings_of, item

CONTRACT = Contract(interface="function", entry_point="add", checker=Checker(name="literal"))
RIGHT = Solution(language="python", code="def add(a, b):\n    return a + b\n")
WRONG = Solution(language="python", code="def add(a, b):\n    return a - b\n")
SUITE = Suite(contract=CONTRACT, tests=(SuiteTest(input="(1, 0)", output="1"), SuiteTest(input="(1, 2)", output="3")))


def _finding(*steps):
    return Finding.of("wrong-label", "p", Place(source="x"), "m", replay=ProgramReplay(steps=steps))


def _holds(judge, step):
    (shown,) = replay_finding(_finding(step), judge)
    return shown.holds


def test_each_step_holds_only_where_it_is_true(judge):
    assert _holds(judge, Passes(says="", program=RIGHT, suite=SUITE))
    assert not _holds(judge, Passes(says="", program=WRONG, suite=SUITE))
    assert _holds(judge, Fails(says="", program=WRONG, suite=SUITE))
    assert first_failed(judge, SUITE, WRONG) == 1
    given = {"says": "", "contract": CONTRACT, "input": "(1, 2)", "output": "3"}
    assert _holds(judge, Gives(program=RIGHT, **given))
    assert not _holds(judge, Gives(program=WRONG, **given))
    assert _holds(judge, Disagree(says="", contract=CONTRACT, input="()", first="1", second="2"))
    assert not _holds(judge, Disagree(says="", contract=CONTRACT, input="()", first="1", second="1.0"))
    validator = InputValidator(language="python", code="def validate(a, b):\n    return a > 0\n")
    assert _holds(judge, Refused(says="", validator=validator, interface="function", input="(0, 1)"))
    assert not _holds(judge, Refused(says="", validator=validator, interface="function", input="(1, 1)"))
    assert _holds(judge, Contains(says="", text="a  b\nc", passage="b c"))


def test_a_suite_of_code(judge):
    contract = Contract(interface="function", entry_point="run", checker=Checker(name="literal"))
    suite = Suite(contract=contract, tests=(), code="def run():\n    assert add(1, 2) == 3\n    return 'passed'\n")
    assert first_failed(judge, suite, RIGHT) is None
    assert first_failed(judge, suite, WRONG) == 0


def test_a_finding_is_found_by_file_and_id(judge, tmp_path):
    (finding,) = findings_of(judge, item(outputs=("3", "8", "7")), "reference")
    alone = tmp_path / "one.json"
    alone.write_bytes(msgspec.json.encode(finding))
    assert find_finding(str(alone)) == finding
    report = audit_problem(item(outputs=("3", "8", "7")), judge, AuditOptions())
    (tmp_path / "findings.jsonl").write_bytes(encode_report(report) + b'{"torn')
    document = AuditDocument(
        tool="t", source="s", format="auto", options={}, isolation="L3", complete=True,
        counts=counted([report]), subjects=(report,),
    )  # fmt: skip
    (tmp_path / AUDIT).write_bytes(msgspec.json.encode(document))
    for place in (tmp_path, tmp_path / AUDIT, tmp_path / "findings.jsonl"):
        assert find_finding(f"{place}#{finding.id[:6]}") == finding
        assert read_audit(place).findings[0] == report.findings[0]
    with pytest.raises(CaseError, match="has no finding F-zz"):
        find_finding(f"{tmp_path}#F-zz")
    with pytest.raises(CaseError, match="does not exist"):
        find_finding(str(tmp_path / "no"))
    (tmp_path / AUDIT).write_text('{"schema": "stepsmith.audit", "version": 99}')
    with pytest.raises(CaseError, match="has version 99"):
        read_audit(tmp_path)
    assert b'"AuditDocument"' in json_schema()


def test_long_values_are_shortened():
    assert short("a\nb\n") == "a\\nb"
    assert len(short("x" * 1000, 60)) == 60
