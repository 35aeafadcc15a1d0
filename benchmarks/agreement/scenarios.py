"""Compare LiveCodeBench's scenarios of code execution and test output prediction with its own code, answer by answer.

    python benchmarks/agreement/scenarios.py CHECKOUT

CHECKOUT is a checkout of LiveCodeBench/LiveCodeBench. Its functions are taken out of their files and run here, on
answers that are awkward for them; so run it where that does no harm. The rules that take an answer out of a reply are
compared too. Packages that the checkout imports and that are absent here (pandas, tqdm) are not needed.
"""

import argparse
import json
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace

from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.livecodebench import CodeExecution, OutputPrediction
from stepsmith.benchmarks.reply_rules import RULES
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.judge.local import LocalJudge

CODE = "def f(xs, k=2):\n    return sorted(xs)[:k]\n"
LOOP = "def f(n):\n    while n:\n        n = n\n    return 0\n"
# (code, call, output) and answers to it
EXECUTIONS = [
    (
        (CODE, "f([3, 1, 2])", "[1, 2]"),
        [
            "[1, 2]",
            "[1,2]",
            "[1.0, 2]",
            "(1, 2)",
            "[2, 1]",
            "",
            " ",
            "f([3, 1, 2])",
            "f(xs=[3, 1, 2])",
            "sorted([2, 1])",
            "[1, 2] or 1 / 0",
            "[1, 2]\n1 / 0",
            "[1, 2]\nprint(1)",
            "[1, 2] # yes",
            "# [1, 2]",
            "[1, 2",
            "list([1, 2])",
            "[1, 2]; import sys; sys.exit(0)",
            "[1, 2]; exit()",
            "True",
            "__import__('os')._exit(0)",
            "[1, 2], 'message'",
            "np.array([1, 2])",
            "Counter([1, 2])",
            "deque([1, 2])",
            "[x for x in (1, 2)]",
            "...",
            "1 / 0",
            "None",
            "\t[1, 2]",
            "[1, 2] == [1, 2]",
            "'[1, 2]'",
            "[True, 2]",
            "[1, 2] if True else 0",
            "lambda: 0",
            "\x00",
            "é",
            "[1, 2]\r",
            "any(iter(int, 1))",
            "f",
            "input()",
            "open('x', 'w')",
            "type('E', (), {'__eq__': lambda s, o: True})()",
        ],
    ),
    (
        ("def f(s):\n    return s.upper()\n", "f('a b')", "'A B'"),
        [
            "'A B'",
            '"A B"',
            "A B",
            "'A  B'",
            "'''A B'''",
            "'a b'.upper()",
            "b'A B'",
            "'A' ' B'",
            "str.upper('a b')",
            "f('a b') ",
        ],
    ),
    ((LOOP, "f(1)", "0"), ["0", "-0", "0.0", "False", "None", "f(0)", "f(2)", "0 or f(3)", "[]"]),
    (
        ("def f():\n    return float('nan')\n", "f()", "nan"),
        ["nan", "float('nan')", "math.nan", "inf", "1"],
    ),
]
# the expected output as JSON, and answers to it
OUTPUTS = [
    (
        "[1, 2]",
        [
            "assert f([3, 1]) == [1, 2]",
            "assert f([3, 1]) == [2, 1]",
            "assert f(1) == (1, 2)",
            "[1, 2]",
            "assert [1, 2]",
            "assert f(1) is [1, 2]",
            "assert f(1) == [1, 2], 'no'",
            "assert f(1) == [1, 2] == 3",
            "assert (f(1) == [1, 2])",
            "assert not f(1) == [1, 2]",
            "assert f(1) == [1, 2] and True",
            "",
            "\n",
            "x = 1\nassert f(1) == [1, 2]",
            "# assert f(1) == 0\nassert f(1) == [1, 2]",
            "assert f(1) == 0\nassert f(1) == [1, 2]",
            "assert f(1) == [1,\n2]",
            "print(1)\n[1, 2]",
            "assert",
            "assert f(1) ==",
            "assertEqual(f(1), [1, 2])",
            "assert [1, 2] == f(1)",
            "  assert f(1) == [1, 2]",
            "assert f(1) == list((1, 2))",
            "assert f(1) == [1.0, 2.0]",
            "assert f(1) == 'assert'",
            "assert f(1) == [1, 2]  # right",
            "assert f(1) == [1, 2];",
            "f(1) == [1, 2]",
            "assert f(1) == [x for x in (1, 2)]",
            "def g(): pass\nassert f(1) == [1, 2]",
            "assert f(1) == 1 / 0",
            "assert f(1) == undefined",
            "assert f(1)\\\n == [1, 2]",
            "assert f(1) == '''\n'''",
            "assert f(1) == json",
            "assert f(1) == json.loads('[1, 2]')",
            "assert f(1) == (\n[1, 2])",
        ],
    ),
    (
        "true",
        ["assert f() == True", "assert f() == true", "assert f() == 1", "assert f()", "True", "assert f() == 'true'"],
    ),
    ("null", ["assert f() == None", "assert f() == null", "assert f() is None", "None", "", "assert f() == ()"]),
    ('"a"', ["assert f() == 'a'", 'assert f() == "a"', "assert f() == a", "'a'", "a", "assert f() == b'a'"]),
    ("2.0", ["assert f() == 2", "assert f() == 2.0", "assert f() == '2.0'", "assert f() == 1 + 1", "2"]),
    ("not json", ["assert f() == 'not json'", "not json", "None"]),
]
REPLIES = [
    "",
    "assert f(1) == 2",
    "text\nassert f(1) == 2\nassert f(1) == 3\nmore",
    "```python\nassert f(1) == 2\n```",
    "```python\n  assert f(1) == 2\n```",
    "```\nx\n```\n```python\ny\n```",
    "```Python\nx",
    "```python\nx\n```\n```\ny\n```",
    "[ANSWER]f(1) == 2[/ANSWER]",
    "f(1) == 2\nmore",
    "[ANSWER]\nf(1) == [1, 2]\n[/ANSWER] more == 3",
    "2",
    "2\n3",
    "== 2",
    "a == b == c",
    "[ANSWER]1[/ANSWER] [ANSWER]2[/ANSWER]",
    "thought == 1 [ANSWER] f(2) == 3 [/ANSWER]",
    "[/ANSWER]",
    "f(1) ==\n2",
    "``` assert",
]


def official(checkout: Path):
    """Return the checkout's two evaluators and its module of extraction rules."""
    sys.path.insert(0, str(checkout))
    if find_spec("pandas") is None:
        sys.modules["pandas"] = ModuleType("pandas")  # the prelude of code execution imports it; no answer uses it
    for name in ("tqdm", "lcb_runner.lm_styles", "lcb_runner.evaluation.pass_k_utils"):
        sys.modules[name] = ModuleType(name)  # not needed for single verdicts, and they import much
    sys.modules["tqdm"].tqdm = list  # type: ignore[attr-defined]
    sys.modules["lcb_runner.lm_styles"].LMStyle = SimpleNamespace(CodeLLaMaInstruct="llama", GenericBase="base")  # type: ignore[attr-defined]
    sys.modules["lcb_runner.evaluation.pass_k_utils"].compute_metrics_from_results = None  # type: ignore[attr-defined]
    package = ModuleType("lcb_runner.evaluation")
    package.__path__ = [str(checkout / "lcb_runner" / "evaluation")]  # without its __init__, which imports everything
    sys.modules["lcb_runner.evaluation"] = package
    from lcb_runner.evaluation.compute_code_execution_metrics import evaluate_score
    from lcb_runner.evaluation.compute_test_output_prediction_metrics import check_testcase_output
    from lcb_runner.utils import extraction_utils

    return evaluate_score, check_testcase_output, extraction_utils


def executions(judge, evaluate_score):
    for (code, call, output), answers in EXECUTIONS:
        row = {"id": "x", "code": code, "input": call, "output": output, "function_name": "f"}
        benchmark = CodeExecution()
        (problem,) = benchmark.read([PlacedRow("rows", 1, row)])
        verdicts = benchmark.judge(judge, problem, answers, HarnessSettings())
        for answer, verdict in zip(answers, verdicts, strict=True):
            # alone, an answer that repeats the call counts as false; beside others it is left out
            (theirs,) = evaluate_score(([answer], (code, call, output)))
            yield "code execution", answer, bool(theirs), verdict


def outputs(judge, check_testcase_output):
    for expected, answers in OUTPUTS:
        tests = json.dumps([{"input": "1", "output": expected, "testtype": "functional"}])
        row = {
            "question_id": "q", "question_content": "", "test": tests, "test_id": 0,
            "starter_code": "def f(x):", "function_name": "f",
        }  # fmt: skip
        benchmark = OutputPrediction()
        (problem,) = benchmark.read([PlacedRow("rows", 1, row)])
        verdicts = benchmark.judge(judge, problem, answers, HarnessSettings())
        for answer, verdict in zip(answers, verdicts, strict=True):
            yield "test output", answer, bool(check_testcase_output(answer, expected)), verdict


def extracted(module):
    for reply in REPLIES:
        yield "test-output", reply, module.extract_test_output_code(reply), RULES["test-output"].take(reply, "")
        for cot in (False, True):
            name = "code-execution" + ("-cot" if cot else "")
            yield name, reply, module.extract_execution_code(reply, None, cot=cot), RULES[name].take(reply, "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    checkout = parser.parse_args().checkout.resolve()
    evaluate_score, check_testcase_output, module = official(checkout)
    alike: dict[str, int] = {}
    with LocalJudge() as judge:
        ours = [*executions(judge, evaluate_score), *outputs(judge, check_testcase_output)]
    for name, text, theirs, found in [
        *((name, answer, theirs, verdict.passed) for name, answer, theirs, verdict in ours),
        *extracted(module),
    ]:
        if theirs == found:
            alike[name] = alike.get(name, 0) + 1
        else:
            print(f"{name}: {text!r}: official {theirs!r}, ours {found!r}")
    print(f"alike: {alike}")


if __name__ == "__main__":
    main()
