"""LiveCodeBench's scenarios beside code generation: code execution, and test output prediction.

Both evaluators are those of LiveCodeBench 28fef95 (lcb_runner/evaluation/compute_code_execution_metrics.py and
compute_test_output_prediction_metrics.py). Code generation is ``evaluate.contests``, which reads more data sets.
"""

import ast
from collections.abc import Iterable, Sequence

import msgspec

from stepsmith.benchmarks.benchmark import DataFile
from stepsmith.benchmarks.cruxeval import filled, judged
from stepsmith.benchmarks.fields import field, need
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.reply_rules import extraction_rule
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.core.errors import CaseError
from stepsmith.core.records import TestCase
from stepsmith.judge.protocol import Judge

TIMEOUT_S = 3.0
# What the official evaluator puts before a function. It also imports NumPy and pandas, which we do only for ``np`` and
# ``pd``: pandas alone takes longer than most functions.
IMPORTS = """\
from itertools import accumulate, chain, combinations, count, permutations, product, groupby, islice, repeat
from copy import deepcopy
from string import ascii_lowercase
from math import floor, log2, log10, sqrt, comb, gcd, ceil, inf, isqrt
from bisect import bisect, bisect_left, bisect_right, insort
from heapq import heappush, heappop, heapify, merge
from random import randrange, shuffle
from re import search as re_search
from os.path import commonprefix
from typing import List, Tuple, Dict, Set, Optional, Union, Any, Callable, Iterable, Iterator, Generator
import copy, string, math, collections, bisect, heapq, functools, random, itertools, operator, re, sys
from math import log, prod
from collections import deque, defaultdict, Counter, OrderedDict
from itertools import zip_longest, cycle
from functools import reduce, cache, lru_cache, partial
from operator import itemgetter, sub, iand
"""


class CodeExecution:
    """What a call of a contest function returns (rows with ``code``, ``input`` and ``output``)."""

    limits = f"{TIMEOUT_S:g} s"
    files: Sequence[DataFile] = (
        DataFile(
            name="execution-v2.jsonl",
            source="https://huggingface.co/datasets/livecodebench/execution-v2 (its rows as JSON Lines or Parquet)",
            problems=479,
        ),
    )

    def __init__(self, *, cot: bool = False) -> None:
        self.name = "livecodebench-execution" + ("-cot" if cot else "")
        self.title = "LiveCodeBench code execution" + (" with thoughts" if cot else "")
        self.extraction = "code-execution" + ("-cot" if cot else "")

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a file's rows. Raises ``CaseError`` for a row that is not one of this scenario."""
        return [self._problem(row) for row in rows]

    def _problem(self, placed: PlacedRow) -> BenchmarkProblem:
        need(placed, ("id", "code", "input", "output", "function_name"), self.title)
        code, given, output = (field(placed, key, str, "") for key in ("code", "input", "output"))
        return BenchmarkProblem(
            task_id=str(placed.row["id"]),
            prompt=filled(self.extraction, code=code, input=given),
            statement=code,
            entry_point=field(placed, "function_name", str, ""),
            interface="text",
            reference=output,
            answer=output,
            difficulty=field(placed, "difficulty", str, ""),
            date=date_of(placed),
            details=(("code", code), ("input", given), ("output", output)),
        )

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return the official prompt, without its system message."""
        return problem.prompt

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the answer in a completion of the prompt."""
        return extraction_rule(self.extraction).take(completion, "")

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge answers as the official evaluator does: ``assert OUTPUT == ANSWER`` after imports and the function."""
        facts = dict(problem.details)
        refused = [facts["input"] in answer for answer in answers]
        programs = [
            f"{_imports(facts['code'] + answer)}\n{facts['code']}\nassert {facts['output']} == {answer}"
            for answer in answers
        ]
        return judged(judge, problem, programs, refused, "it repeats the call", TIMEOUT_S, harness)


class OutputPrediction:
    """What a function of a contest must return for an input (rows with ``test``, ``starter_code``)."""

    name = "livecodebench-test-output"
    title = "LiveCodeBench test output prediction"
    extraction = "test-output"
    limits = f"{TIMEOUT_S:g} s; the official evaluator has none"
    files: Sequence[DataFile] = (
        DataFile(
            name="test_generation.jsonl",
            source="https://huggingface.co/datasets/livecodebench/test_generation (its rows as JSON Lines or Parquet)",
            problems=442,
        ),
    )

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a file's rows. Raises ``CaseError`` for a row that is not one of this scenario."""
        return [self._problem(row) for row in rows]

    def _problem(self, placed: PlacedRow) -> BenchmarkProblem:
        need(placed, ("question_id", "question_content", "test", "test_id", "starter_code"), self.title)
        try:
            text = placed.row["test"]
            (test,) = msgspec.json.decode(text) if isinstance(text, str) else text  # type: ignore[misc]
            given, expected = str(test["input"]), str(test["output"])
        except (ValueError, TypeError, KeyError, msgspec.DecodeError) as error:
            raise CaseError(f"{placed.place}: test: not a list of one test with input and output ({error})") from None
        statement = field(placed, "question_content", str, "")
        starter = field(placed, "starter_code", str, "")
        name = field(placed, "function_name", str, "") or _function_of(starter)
        call = f"{name}({', '.join(given.split(chr(10)))})"
        return BenchmarkProblem(
            task_id=f"{placed.row['question_id']}/{placed.row['test_id']}",
            prompt=(
                f"Problem:\n{statement}Function:\n```\n{starter}\n```\nPlease complete the following test case:\n\n"
                f"```\nassert {call} == # TODO\n```\n"
            ),
            statement=statement,
            entry_point=name,
            interface="text",
            reference=f"assert {call} == {expected}",
            answer=expected,
            tests=(TestCase(input=given, output=expected),),
            difficulty=field(placed, "difficulty", str, ""),
            date=date_of(placed),
        )

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return the official words for every model, after the system message of chat models."""
        return _SYSTEM + "\n\n" + problem.prompt

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the assertion in a completion."""
        return extraction_rule(self.extraction).take(completion, "")

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge assertions as the official evaluator does: the value right of ``==`` is that of the JSON output."""
        programs = [
            f"import json\nassert eval({asserted(answer)!r}) == json.loads({problem.answer!r})" for answer in answers
        ]
        return judged(judge, problem, programs, [False] * len(answers), "", TIMEOUT_S, harness)


def asserted(answer: str) -> str:
    """Return the expression that an assertion equates with the call; words that are no expression where it has none."""
    lines = answer.splitlines()
    if len(lines) > 1:
        answer = next((line for line in lines if not line.startswith("#") and "assert" in line), answer)
    answer = answer.strip()
    if "assert" not in answer:
        return answer
    try:
        body = ast.parse(answer).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return "Invalid syntax"
    test = body[0].test if body and isinstance(body[0], ast.Assert) else None
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.Eq):
        return "Not an equality assertion"
    return ast.get_source_segment(answer, test.comparators[0]) or "None"


def date_of(placed: PlacedRow) -> str:
    """Return a row's ``contest_date`` as an ISO date, whether it is text or a time stamp; "" without one."""
    value = placed.row.get("contest_date")
    return str(value)[:10] if value is not None else ""


_SYSTEM = (
    "You are a helpful programming assistant and an expert Python programmer. You are helping a user to write a test "
    "case to help to check the correctness of the function. The user has written a input for the testcase. You will "
    "calculate the output of the testcase and write the whole assertion statement in the markdown code block with the "
    "correct output."
)


def _imports(text: str) -> str:
    packages = {"np": "numpy", "pd": "pandas"}
    used = [f"import {package} as {name}" for name, package in packages.items() if f"{name}." in text]
    return "\n".join([IMPORTS, *used])


def _function_of(starter: str) -> str:
    try:
        tree = ast.parse(starter + "\n        pass")
    except (SyntaxError, ValueError):
        return ""
    return next((node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)), "")
