from tests.audit.subjects import findings_of, item, reasons

FENCED = "Add.\n```python\ndef add(a, b):\n    return b + a\n```\n"


def test_a_doctest_that_the_reference_contradicts(judge):
    (found,) = findings_of(judge, item(statement="Sum.\n>>> add(2, 2)\n5\n"), "examples")
    assert (found.kind, found.ambiguous) == ("contradicting-example", "")
    assert findings_of(judge, item(statement="Sum.\n>>> add(2, 2)\n4\n"), "examples") == ()
    (found,) = findings_of(judge, item(statement="For example, add(2, 2) returns 5."), "examples")
    assert found.ambiguous
    assert reasons(judge, item())["examples"] == "no worked examples were found in the statement"
    assert reasons(judge, item(statement=""))["examples"] == "no statement"


def test_a_program_in_the_statement_that_passes(judge):
    (found,) = findings_of(judge, item(statement=FENCED), "leaks")
    assert found.kind == "answer-in-statement"
    assert findings_of(judge, item(statement=FENCED.replace("+", "-")), "leaks") == ()


def test_the_lines_of_the_reference_in_the_statement(judge):
    code = "def add(a, b):\n    total = a * 1\n    total = total + b\n    result = [total][0]\n    return result\n"
    leaking = "Sum two numbers. Do this:\n  total = a * 1\n  total = total + b\n  result = [total][0]\n"
    (found,) = findings_of(judge, item(code, statement=leaking), "leaks")
    assert "3 of the 3 lines" in found.message
    assert findings_of(judge, item(code), "leaks") == ()
