"""Agreement with published cases whose verdicts are known; the files lie beside the project where there are any."""

import base64
import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepsmith.core.records import Checker
from stepsmith.judge.batch import judge_case
from stepsmith.judge.cases import decode_case
from stepsmith.judge.checkers import compare
from stepsmith.judge.local import LocalJudge

DATA = Path(__file__).parents[3] / "shared" / "data"


def lines(name: str) -> list[str]:
    path = DATA / name
    return path.read_text("utf-8").splitlines() if path.exists() else []


checker_cases = lines("checker_cases.dev.jsonl")
judge_cases = lines("judge_cases.dev.jsonl")


@pytest.fixture(scope="module")
def judge() -> Iterator[LocalJudge]:
    with LocalJudge() as judge:
        yield judge


@pytest.mark.skipif(not checker_cases, reason="no checker cases beside the project")
@pytest.mark.parametrize("line", checker_cases, ids=lambda line: json.loads(line)["id"])
def test_published_checker_cases_agree(line: str) -> None:
    case = json.loads(line)
    expected, actual = case["judge_answer"], case["user_output"]
    if case.get("encoding") == "base64":
        expected, actual = (base64.b64decode(text).decode("utf-8", "surrogateescape") for text in (expected, actual))
    result = compare(Checker(name="tokens", flags=tuple(case["flags"].split())), "stdio", "", expected, actual)
    assert result.ok == (case["expected"] == "AC"), result


@pytest.mark.skipif(not judge_cases, reason="no judge cases beside the project")
@pytest.mark.parametrize("line", judge_cases, ids=lambda line: json.loads(line)["id"])
def test_published_judge_cases_agree(judge: LocalJudge, line: str) -> None:
    known = json.loads(line)
    result = judge_case(judge, decode_case(line), stop_at_first_failure=True)
    agrees = result.verdict in [known["expected_verdict"], *known["accept_also"]]
    missing = re.search(r"No module named '(\w+)", result.tests[-1].stderr if result.tests else "")
    if not agrees and missing and importlib.util.find_spec(missing[1]) is None:
        pytest.skip(f"needs the package {missing[1]}")
    assert agrees, result
