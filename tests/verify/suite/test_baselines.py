import ast
import io

import pytest

from stepsmith.core.records import Contract, TestCase
from stepsmith.verify.suite.baselines import arguments, baselines


def test_baseline_answers_are_what_the_baseline_programs_return():
    tests = [TestCase(input=i, output=o) for i, o in [("([3, 1, 2], 4)", "6"), ("([], 0)", "0"), ("('ab', 'c')", "6")]]
    for baseline in baselines(Contract(interface="function", entry_point="f"), tests):
        scope: dict = {}
        exec(baseline.solution.code, scope)
        for test, output in zip(tests, baseline.outputs, strict=True):
            try:
                returned = scope["f"](*ast.literal_eval(test.input))
            except Exception:
                returned = None
                assert output in (None, "None")
            else:
                assert ast.literal_eval(output) == returned


def test_stdio_baseline_answers_are_what_the_programs_print(capsys, monkeypatch):
    tests = [TestCase(input="3\n1 2 3\n", output="6\n"), TestCase(input="2\nab c\n", output="6\n")]
    found = baselines(Contract(interface="stdio"), tests)
    assert {"constant", "echo", "silent", "sum after the first"} <= {b.label for b in found}
    for baseline in found:
        for test, output in zip(tests, baseline.outputs, strict=True):
            monkeypatch.setattr("sys.stdin", io.StringIO(test.input))
            try:
                exec(baseline.solution.code, {})
            except Exception:
                assert output is None
            printed = capsys.readouterr().out
            if output is not None:
                assert printed == output


def test_arguments_are_a_tuple():
    assert arguments("(1, [2])") == (1, [2])
    assert arguments("[2]") == ([2],)
    with pytest.raises((ValueError, SyntaxError)):
        arguments("f(1)")


def test_without_tests_there_are_no_baselines():
    assert baselines(Contract(interface="stdio"), []) == ()
