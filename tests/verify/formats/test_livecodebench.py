import base64
import json
import pickle
import zlib

import pytest

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Example
from stepsmith.verify.formats.livecodebench import livecodebench_row
from stepsmith.verify.verifier import VerifyOptions, verify_problem


def _packed(payload):
    return base64.b64encode(zlib.compress(pickle.dumps(payload))).decode()


PUBLIC = [{"input": "[1,2]\n3", "output": "[4,5]", "testtype": "functional"}]
PRIVATE = [{"input": "[null]\ntrue", "output": '"x"', "testtype": "functional"}]
ROW = {
    "question_id": "abc_1",
    "question_content": "Shift.",
    "starter_code": "class Solution:\n    def shift(self, xs, k):\n        ",
    "public_test_cases": json.dumps(PUBLIC),
    "private_test_cases": _packed(json.dumps(PRIVATE)),
    "metadata": json.dumps({"func_name": "shift"}),
    "code_list": ["class Solution: ..."],
}


def test_functional_rows():
    problem = livecodebench_row(ROW)
    assert problem.entry_point == "Solution.shift"
    assert problem.inputs == ("([1, 2], 3)", "([None], True)")
    assert problem.outputs == ("[4, 5]", "'x'")
    assert problem.kinds == ("nominal", "complex")
    assert problem.examples == (Example(input="([1, 2], 3)", output="[4, 5]"),)
    assert problem.candidates[0].verdict is None
    assert problem.harness == "livecodebench"


def test_stdin_rows_and_plain_json():
    typed = [{"input": "1\n", "output": "2\n", "testtype": "stdin"}]
    problem = livecodebench_row({**ROW, "public_test_cases": typed, "private_test_cases": json.dumps(typed)})
    assert (problem.interface, problem.inputs, problem.entry_point) == ("stdio", ("1\n", "1\n"), "shift")
    assert livecodebench_row({"question_id": 1, "metadata": {}}).examples is None


class Evil:
    def __reduce__(self):
        return print, ("unpickled",)


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (_packed(Evil()), "cannot be unpacked: the pickle holds something else than text"),
        (_packed(["a", "list"]), "cannot be unpacked: the pickle holds something else than text"),
        ("%%%", "cannot be unpacked"),
        (base64.b64encode(b"not zlib").decode(), "cannot be unpacked"),
    ],
)
def test_a_pickle_that_wants_more_than_text_is_refused(capsys, packed, words):
    with pytest.raises(CaseError, match=f"private_test_cases .*{words}"):
        livecodebench_row({**ROW, "private_test_cases": packed})
    assert capsys.readouterr().out == ""


def test_functional_tests_need_a_name():
    with pytest.raises(CaseError, match="func_name"):
        livecodebench_row({**ROW, "metadata": "{}"})


def test_programs_lean_on_the_harness(local_judge):
    code = (
        "class Solution:\n    def shift(self, xs: List[int], k: Optional[int]):\n"
        "        def deep(n): return n and deep(n - 1)\n        deep(20000)\n        return [x + 3 for x in xs]\n"
    )
    row = {**ROW, "private_test_cases": "", "code_list": [code, code]}
    report = verify_problem(livecodebench_row(row), local_judge, VerifyOptions(strength=False))
    assert report.tests[0].output == "[4, 5]"
    assert report.audit.confirmed == 1


def test_numbers_of_stdin_problems_are_compared_by_value(local_judge):
    tests = [{"input": "1\n", "output": "1.50 2\n", "testtype": "stdin"}]
    row = {**ROW, "public_test_cases": tests, "private_test_cases": "", "code_list": ["print('1.5', '2.0')"] * 2}
    report = verify_problem(livecodebench_row(row), local_judge, VerifyOptions(strength=False))
    assert (report.audit.confirmed, report.audit.wrong) == (1, ())
