"""Rows made for reinforcement learning: DeepCoder, Eurus-2-RL (PRIME), and PrimeIntellect's verifiable coding problems.

Their tests are JSON text in one column, in one of three shapes: parallel lists as in APPS, a list of tests as in
LiveCodeBench, or a list of ``{type: stdin_stdout | function_call, input, output, fn_name?}``.
"""

import re

import msgspec

from stepsmith.core.errors import CaseError
from stepsmith.core.integers import read_literal
from stepsmith.core.records import Verdict
from stepsmith.verify.formats.apps import TestLists, problem_of_lists, programs
from stepsmith.verify.formats.harness import HarnessName
from stepsmith.verify.formats.json_rows import convert, decode_json, present
from stepsmith.verify.formats.livecodebench import LiveCodeBenchTest, livecodebench_problem
from stepsmith.verify.formats.problems import Candidate, UnsupportedError, VerifyProblem

TIME_LIMIT_S = 12.0  # of DeepCoder's reward function, per test


class _DeepCoderRow(msgspec.Struct):
    problem: str
    tests: object
    solutions: object = None
    starter_code: str = ""
    metadata: object = None
    problem_id: str | int | None = None
    id: str | int | None = None


def deepcoder_row(row: dict[str, object]) -> VerifyProblem:
    """Read a row of DeepCoder's data set; its solutions, often fenced in Markdown, are claimed to be right."""
    read = convert(row, _DeepCoderRow)
    return _problem(
        read.tests,
        problem_id=next((value for value in (read.problem_id, read.id) if value is not None), ""),
        statement=read.problem,
        starter_code=read.starter_code,
        metadata=read.metadata,
        solutions=programs(read.solutions),
    )


class _RewardModel(msgspec.Struct):
    ground_truth: object
    style: str = "rule"


class _PrimeRow(msgspec.Struct):
    reward_model: _RewardModel
    prompt: object = None
    ability: str = "code"
    data_source: str = ""
    extra_info: dict[str, object] = {}


def prime_row(row: dict[str, object]) -> VerifyProblem:
    """Read a row of Eurus-2-RL or of another data set in verl's columns with tests as its ground truth."""
    read = convert(row, _PrimeRow)
    if read.ability not in ("", "code", "coding"):
        raise UnsupportedError(f"a problem of ability {read.ability!r}; only code is verified")
    index = read.extra_info.get("index", "")
    return _problem(
        read.reward_model.ground_truth,
        problem_id=f"{read.data_source}/{index}" if read.data_source and index != "" else "",
        statement=_user_message(read.prompt),
        solutions=[],
    )


class _VerificationInfo(msgspec.Struct):
    test_cases: list[dict[str, object]]
    language: str = "python"


class _PrimeIntellectRow(msgspec.Struct):
    verification_info: object
    prompt: str = ""
    problem_id: str | int = ""
    gold_standard_solution: str = ""


def primeintellect_row(row: dict[str, object]) -> VerifyProblem:
    """Read a row of PrimeIntellect's verifiable coding problems, whose info is JSON or a Python dictionary as text."""
    read = convert(row, _PrimeIntellectRow)
    info = convert(_json_or_literal(read.verification_info), _VerificationInfo)
    if info.language != "python":
        raise UnsupportedError(f"a problem in {info.language}; only Python rows are read")
    return _problem(
        info.test_cases,
        problem_id=read.problem_id,
        statement=read.prompt,
        solutions=[read.gold_standard_solution] if read.gold_standard_solution else [],
    )


def _problem(
    tests: object,
    *,
    problem_id: str | int,
    statement: str,
    solutions: list[str],
    starter_code: str = "",
    metadata: object = None,
) -> VerifyProblem:
    """Return the problem of tests in any of the shapes."""
    tests = _json_or_literal(tests)
    candidates = tuple(
        Candidate(language="python", code=_unfenced(code), verdict=Verdict.AC, name=f"solutions[{k}]")
        for k, code in enumerate(solutions)
    )
    if isinstance(tests, list) and any(isinstance(test, dict) and "testtype" in test for test in tests):
        cases = convert([present(test) if isinstance(test, dict) else test for test in tests], list[LiveCodeBenchTest])
        named = [case.metadata.get("func_name") for case in cases] + [_func_name(metadata)]
        return livecodebench_problem(
            [],
            cases,
            problem_id=problem_id,
            statement=statement,
            starter_code=starter_code,
            entry_point=next((name for name in named if name), None),
            candidates=candidates,
        )
    harness: HarnessName = "prime"
    if isinstance(tests, list):
        lists = _test_lists(tests)
    elif isinstance(tests, dict) and "inputs" in tests:
        lists = _with_parsed_arguments(convert(present(tests), TestLists))
    else:
        raise UnsupportedError("its tests are code of their own, not inputs and outputs")
    return problem_of_lists(
        lists,
        harness,
        problem_id=problem_id,
        statement=f"{statement}\n{starter_code}",
        candidates=candidates,
        time_limit_s=TIME_LIMIT_S,
    )


class _TypedTest(msgspec.Struct):
    input: object
    output: object
    type: str = "stdin_stdout"
    fn_name: str | None = None


def _test_lists(tests: list[object]) -> TestLists:
    cases = convert([present(test) if isinstance(test, dict) else test for test in tests], list[_TypedTest])
    names = {case.fn_name for case in cases if case.type == "function_call"}
    if len(names) > 1 or (names and any(case.type != "function_call" for case in cases)):
        raise UnsupportedError("its tests call different functions, or mix calls and standard input")
    lists = TestLists(
        inputs=[case.input for case in cases],
        outputs=[case.output for case in cases],
        fn_name=next(iter(names), None),
    )
    return _with_parsed_arguments(lists)


def _with_parsed_arguments(tests: TestLists) -> TestLists:
    """Return the tests of a function with their values read, where they are JSON text: one argument a line."""
    if not tests.fn_name:
        return tests
    return TestLists(
        inputs=[_arguments(value) for value in tests.inputs],
        outputs=[decode_json(value) if isinstance(value, str) else value for value in tests.outputs],
        fn_name=tests.fn_name,
    )


def _arguments(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [decode_json(line) for line in value.split("\n") if line.strip()]


def _json_or_literal(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return decode_json(value)
    except CaseError as error:
        try:
            return read_literal(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            raise error from None


def _func_name(metadata: object) -> object:
    if isinstance(metadata, str):
        metadata = decode_json(metadata) if metadata.strip() else None
    return metadata.get("func_name") if isinstance(metadata, dict) else None


def _user_message(prompt: object) -> str:
    """Return the text of the last user message of a prompt, or the prompt where it is text."""
    if isinstance(prompt, list):
        messages = [m for m in prompt if isinstance(m, dict) and m.get("role", "user") == "user"]
        prompt = messages[-1].get("content") if messages else ""
    return prompt if isinstance(prompt, str) else ""


def _unfenced(code: str) -> str:
    """Return a program without the Markdown fence around it."""
    fenced = re.fullmatch(r"\s*```[^\n]*\n(.*?)\n?```\s*", code, re.DOTALL)
    return fenced[1] + "\n" if fenced else code
