"""Validators, generators that are sent back, and the supply of further inputs."""

import random
import re

import pytest

from stepsmith.core.records import TestCase
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import TestInput
from stepsmith.synth.two_stage.inputs import GeneratorSupply, InputWriter, Validator
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import Sample, WrittenStatement
from tests.synth.tree.test_growing import Fixed

WITHIN = "import sys\nn = int(sys.stdin.read())\nsys.exit(0 if 1 <= n <= 100 else 1)\n"
GOOD = """```python
import json, random, sys
random.seed(int(sys.argv[1]))
for kind in ("nominal", "complex", "boundary", "stress", "adversarial"):
    for n in (random.randint(1, 100), random.randint(101, 200)):
        print(json.dumps({"kind": kind, "input": str(n)}))
```"""
PROMPTED = """[
 {"size": "edge", "input": "1"}, {"size": "LARGE", "input": "100"},
 {"size": "small", "input": "0"}, {"size": "medium", "input": 7},
]"""


def statement(validator: str = WITHIN, style: str = "codeforces", sample: str = "5\n") -> WrittenStatement:
    return WrittenStatement(
        style=style, title="T", body="B", starter_code="", entry_point="f" if style == "leetcode" else None,
        samples=(Sample(input=sample, output="1"),), validator=validator,
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_validator_says_what_is_within_the_statement(judge):
    assert Validator(judge, statement()).allowed(["1\n", "100", "0\n", "x", ""]) == [True, True, False, False, False]
    within = "def validate(n):\n    return type(n) is int and n > 0\n"
    allowed = Validator(judge, statement(within, "leetcode")).allowed(["(1,)", "(0,)", "('a',)", "(1, 2)"])
    assert allowed == [True, False, False, False]


@pytest.mark.parametrize(
    ("validator", "style", "sample", "reason"),
    [
        (WITHIN, "codeforces", "5\n", None),
        (WITHIN, "codeforces", "500\n", "sample-invalid"),
        ("import sys\nsys.exit(0)\n", "codeforces", "5\n", "validator-accepts-anything"),
        ("raise ValueError", "codeforces", "5\n", "sample-invalid"),
        ("def validate(n):\n    return n > 0\n", "leetcode", "(5,)", None),
        ("def validate(*n):\n    return True\n", "leetcode", "(5,)", "validator-accepts-anything"),
        ("def validate(n):\n    return 1\n", "leetcode", "(5,)", "sample-invalid"),
    ],
)
def test_a_validator_that_says_nothing_is_a_fault(judge, validator, style, sample, reason):
    fault = Validator(judge, statement(validator, style, sample)).fault()
    assert (fault.reason if fault else None) == reason


def test_only_valid_inputs_are_kept_and_counted_by_source(judge):
    writer = InputWriter(Fixed(PROMPTED, GOOD), judge, PromptLibrary(), TwoStageSettings())
    collected = writer.collect(statement(), "T", random.Random(1))
    kinds = {item.text: item.kind for item in collected.inputs}
    assert kinds["5\n"] == "nominal"
    assert kinds["1\n"] == "boundary"
    assert kinds["100\n"] == "stress"
    assert all(1 <= int(text) <= 100 for text in kinds)
    assert collected.counts["samples"] == (1, 1)
    assert collected.counts["prompted"] == (2, 3), "0 is outside, 7 is no text"
    kept, proposed = collected.counts["generated"]
    assert 0 < kept <= 5 < proposed
    assert collected.executions >= len(kinds)


def test_a_generator_that_fails_is_sent_back_once_with_what_it_said(judge):
    llm = Fixed("```python\nraise SystemExit('no such graph')\n```", GOOD)
    writer = InputWriter(llm, judge, PromptLibrary(), TwoStageSettings(prompted_inputs=0))
    collected = writer.collect(statement(), "T", random.Random(1))
    assert "no such graph" in llm.conversations[1][2]
    assert collected.generator
    assert not collected.notes

    llm = Fixed("```python\nraise SystemExit('no such graph')\n```")
    writer = InputWriter(llm, judge, PromptLibrary(), TwoStageSettings(prompted_inputs=0))
    collected = writer.collect(statement(), "T", random.Random(1))
    assert len(llm.conversations) == 2
    assert collected.notes == {"generated": "generator-fails (it ended in RTE: no such graph)"}
    assert collected.generator == ""
    assert collected.under_tested(100) == (
        "no input has 100 characters or more, and the generator program gave none: "
        "generator-fails (it ended in RTE: no such graph)"
    )
    assert collected.under_tested(2) == "", "the sample is as long"


def test_what_is_too_long_is_left_out_and_counted(judge):
    long = GOOD.replace("str(n)", "str(n) + ' ' * (40 if n > 100 else 0)")
    prompted = '[{"size": "large", "input": "' + "1" * 50 + '"}, {"size": "small", "input": "3"}]'
    writer = InputWriter(Fixed(prompted, long), judge, PromptLibrary(), TwoStageSettings(max_input_chars=40))
    collected = writer.collect(statement(), "T", random.Random(1))
    assert collected.too_long == 6
    assert "6 were too long" in collected.under_tested(30)
    whole = InputWriter(Fixed(PROMPTED, GOOD), judge, PromptLibrary(), TwoStageSettings())
    small = whole.collect(statement(), "T", random.Random(1))
    assert (small.too_long, small.under_tested(30)) == (0, ""), "the bounds are small, and nothing went wrong"


def test_the_supply_draws_valid_short_inputs_and_falls_back_to_a_known_one(judge):
    code = re.sub("```(python)?", "", GOOD)
    known = TestInput(text="5\n", kind="nominal")
    validator = Validator(judge, statement())
    supply = GeneratorSupply(validator, judge, code, known, TwoStageSettings())
    drawn = [supply.draw(random.Random(seed)) for seed in range(8)]
    assert all(map(supply.allows, drawn))
    assert len(set(drawn)) > 2
    broken = GeneratorSupply(validator, judge, "raise ValueError", known, TwoStageSettings())
    assert broken.draw(random.Random(1)) == "5\n"


def test_samples_in_a_statement_are_those_of_the_tests():
    shown = statement().text([TestCase(input="5\n", output="8\n")])
    assert shown.count("8") == 1
