"""Reading the replies of both stages and of the solvers."""

import json

import pytest

from stepsmith.core.records import TestCase
from stepsmith.llm.parsing import ParseFailure
from stepsmith.synth.two_stage.plan import plan_parser
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import find_entry_point, input_text, statement_parser

LEAVES = (
    ("algorithm", "sorting", "gaps", "widest gap"),
    ("data structure", "heap", "lazy deletion", "stale entries"),
    ("optimisation", "lazy work", "deferred updates", "stale entries"),
)


def plan(**reply: object) -> str:
    return json.dumps({"strategy": "one two three four five", **reply})


def test_a_plan_is_read_loosely():
    text = plan(
        chosen=["Algorithms/Sorting/gap/widest gaps", "lazy deletion / stale entries", "algorithm/unknown"],
        uses=[{"feature": "widest gap", "use": "finds it"}],
    )
    read = plan_parser(LEAVES, 2, 4)(f"<think>hm {{</think>Sure:\n```json\n{text}\n```")
    assert not isinstance(read, ParseFailure)
    assert read.chosen == LEAVES[:2]
    assert read.chosen_uses()[0] == {"feature": "algorithm/sorting/gaps/widest gap", "use": "finds it"}
    assert plan_parser(LEAVES, 1, 1)(text).chosen == LEAVES[:1]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("no", "no-json"),
        (plan(), "wrong-schema"),
        (plan(chosen=["widest gap"]), "too-few-features"),
        (plan(chosen=["stale entries", "widest gap"]), "too-few-features"),  # two leaves end so
        (plan(chosen=["widest gap", "widest gaps"]), "too-few-features"),
        (plan(chosen=["widest gap", "lazy deletion/stale entries"], strategy="none"), "no-strategy"),
    ],
)
def test_a_plan_that_cannot_be_used(text, reason):
    assert plan_parser(LEAVES, 2, 4)(text).reason == reason  # type: ignore[union-attr]


BODY = "Count the pairs of beads whose colours differ by at most two. " * 20
PARTS = {
    "title": "# Beads",
    "statement": BODY,
    "samples": '[{"input": "1\\n2", "output": 3}, {"input": "4\\n", "output": "5"}, {"input": "4", "output": "5"}]',
    "validator": "```python\nimport sys\nsys.exit(0)\n```",
}


def written(**parts: str) -> str:
    return "\n".join(f"<{name}>\n{text}\n</{name}>" for name, text in (PARTS | parts).items() if text)


def test_a_statement_is_read_and_shown_with_the_verified_outputs():
    read = statement_parser("codeforces", TwoStageSettings())(f"<think>...</think>\n{written()}")
    assert not isinstance(read, ParseFailure)
    assert (read.title, read.interface, read.entry_point) == ("Beads", "stdio", None)
    assert [(s.input, s.output) for s in read.samples] == [("1\n2\n", "3"), ("4\n", "5")]
    assert read.validator == "import sys\nsys.exit(0)\n"
    text = read.text([TestCase(input="1\n2\n", output="77\n")])
    assert "```text\n1\n2\n```" in text
    assert "```text\n77\n```" in text


def test_a_function_statement():
    parts = written(
        starter_code="class Solution:\n    def beads(self, xs: list[int]) -> int:",
        samples='[{"input": [[1, 2]], "output": true}, {"input": "([3],)", "output": null}]',
        validator="def validate(xs):\n    return True",
    )
    read = statement_parser("leetcode", TwoStageSettings())(parts)
    assert not isinstance(read, ParseFailure)
    assert read.contract(1.0).entry_point == "Solution.beads"
    assert [(s.input, s.output) for s in read.samples] == [("([1, 2],)", "True"), ("([3],)", "None")]
    assert "beads([1, 2])" in read.text([TestCase(input="([1, 2],)", output="True")])


@pytest.mark.parametrize(
    ("style", "parts", "reason"),
    [
        ("codeforces", {"statement": ""}, "no-statement"),
        ("codeforces", {"statement": "Add two numbers."}, "statement-too-short"),
        ("codeforces", {"statement": BODY + "Use a Segment Tree."}, "hint-in-statement"),
        ("codeforces", {"statement": BODY + "It runs in O(n log n)."}, "hint-in-statement"),
        ("codeforces", {"statement": BODY + "As in the previous problem, n is odd."}, "not-alone"),
        ("codeforces", {"samples": "none"}, "no-samples"),
        ("codeforces", {"samples": '[{"input": "1", "output": "2"}]'}, "too-few-samples"),
        ("codeforces", {"validator": "def ("}, "no-validator"),
        ("leetcode", {"starter_code": "x = 1", "validator": "def validate(): pass"}, "no-entry-point"),
        ("leetcode", {"starter_code": "def f(x):", "validator": "def check(): pass"}, "no-validator"),
    ],
)
def test_a_statement_that_cannot_be_used(style, parts, reason):
    read = statement_parser(style, TwoStageSettings())(written(**parts))
    assert isinstance(read, ParseFailure)
    assert read.reason == reason


def test_entry_points():
    assert find_entry_point("class A:\n    def __init__(self): ...\n    def go(self): ...\n") == "A.go"
    assert find_entry_point("import x\ndef f(a):\n    pass\n") == "f"
    assert find_entry_point("def f(a):") == "f"
    assert find_entry_point("f = 1") is None


def test_inputs_as_stored():
    assert input_text([[1], "a"], "function") == "([1], 'a')"
    assert input_text("[1], 'a'", "function") == "([1], 'a')"
    assert input_text("os.system()", "function") is None
    assert input_text(7, "function") is None
    assert input_text("1 2", "stdio") == "1 2\n"
    assert input_text(["1"], "stdio") is None


def test_stdio_problems_have_no_starter_code_and_simpler_solutions_are_optional():
    for more, found in (
        ("", ()),
        ("<simpler_solution>\n```python\nprint(1)\n```\n</simpler_solution>", ("print(1)\n",)),
    ):
        read = statement_parser("codeforces", TwoStageSettings())(written() + more)
        assert not isinstance(read, ParseFailure), read.detail
        assert read.starter_code == ""
        assert read.simpler == found
    broken = written() + "<simpler_solution>\nwhile so weiter\n</simpler_solution>"
    assert statement_parser("codeforces", TwoStageSettings())(broken).simpler == ()  # type: ignore[union-attr]
