import json

import msgspec
import pytest

from stepsmith.verify.report import (
    Audit,
    DisputedLabel,
    ProblemReport,
    ReportStub,
    TestReport,
    encode_report,
    shortened,
)

REPORT = ProblemReport(
    problem_id="p", status="rejected", reason="low-confidence", detail="", method="consensus", golden=None,
    tests=(TestReport(index=0, output="1", confidence=0.5, support=1, voters=2, kind="nominal"),), suite=None,
    audit=None, executions=3, isolation="L2", digest="verify_0",
)  # fmt: skip


def test_a_report_is_a_line_of_json():
    line = encode_report(REPORT)
    assert line.endswith(b"}\n")
    row = json.loads(line)
    assert (row["suite"], row["audit"], row["golden"]) == ({}, None, None)
    assert row["tests"][0] == {
        "index": 0, "output": "1", "confidence": 0.5, "support": 1, "voters": 2, "kind": "nominal", "tie": False,
        "valid": True,
    }  # fmt: skip
    stub = msgspec.json.decode(line, type=ReportStub)
    assert (stub.problem_id, stub.digest, stub.reason) == ("p", "verify_0", "low-confidence")


@pytest.mark.parametrize(("output", "written"), [("\udcff", "\\xff"), ("é\udc80b", "é\\x80b"), ("\ud800", "\\ud800")])
def test_output_that_is_not_utf8_is_written_in_ascii(output, written):
    report = msgspec.structs.replace(REPORT, tests=(msgspec.structs.replace(REPORT.tests[0], output=output),))
    assert json.loads(encode_report(report))["tests"][0]["output"] == written


def test_audits_are_renumbered_to_the_problem():
    doubt = DisputedLabel(
        index=1, input="x", published="1", believed="2", confidence=0.9, agreeing=(0,), disagreeing=(1, 2)
    )
    audit = Audit(labels=2, confirmed=1, wrong=(doubt,), contradictions=((0, 1),), smallest=1)
    found = audit.renumbered(inputs=[3, 7], candidates=[2, 4, 6])
    assert (found.wrong[0].index, found.wrong[0].agreeing, found.wrong[0].disagreeing) == (7, (2,), (4, 6))
    assert (found.contradictions, found.smallest) == (((3, 7),), 7)


def test_long_inputs_are_shortened():
    assert shortened("x" * 200) == "x" * 200
    assert shortened("x" * 201) == "x" * 199 + "…"
