"""Case and result lines, and judging a stream of them: order, bounded read-ahead, our own failures as IE."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.errors import CaseError, MachineError, SandboxError
from stepsmith.core.records import Checker, Contract, Execution, Judgement, Solution, TestCase, TestResult, Verdict
from stepsmith.judge.batch import AHEAD, judge_all, judge_case
from stepsmith.judge.cases import (
    BadCase,
    Case,
    CaseResult,
    CaseTest,
    Resumed,
    decode_case,
    encode_result,
    read_cases,
    resume_point,
)

LINE = {
    "id": "a", "language": "python", "interface": "stdio", "code": "print(1)", "checker": "tokens",
    "tests": [{"input": "", "output": "1"}], "time_limit_s": 1.5,
}  # fmt: skip


class SlowJudge:
    """The code says for how long to work, or what to raise; more than one call at a time is counted."""

    isolation = "L1"

    def __init__(self) -> None:
        self.calls = 0

    def judge(
        self, solution: Solution, contract: Contract, tests: Sequence[TestCase], *, stop_at_first_failure: bool = False
    ) -> Judgement:
        self.calls += 1
        if solution.code == "lost":
            raise SandboxError("the worker was lost")
        if solution.code == "no compiler":
            raise MachineError("install a compiler")
        time.sleep(float(solution.code))
        return Judgement(verdict=Verdict.AC, tests=(TestResult(verdict=Verdict.AC),), isolation="L1")

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        return []

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        return False

    def close(self) -> None:
        return None


def a_case(number: int, code: str = "0", **changes: object) -> Case:
    fields = {
        "id": number, "language": "python", "interface": "stdio", "code": code, "checker": "tokens",
        "tests": (CaseTest(input="", output=""),), "time_limit_s": 1.0,
    }  # fmt: skip
    return Case(**(fields | changes))


def test_a_line_becomes_records_and_unknown_keys_are_ignored() -> None:
    case = decode_case(
        json.dumps(LINE | {"license": "MIT", "checker_flags": "float_tolerance 1e-6", "memory_limit_mb": 64})
    )
    assert case.solution == Solution(language="python", code="print(1)")
    assert case.contract.checker == Checker(name="tokens", flags=("float_tolerance", "1e-6"))
    assert (case.contract.limits.time_s, case.contract.limits.memory_mb) == (1.5, 64)
    assert case.test_cases == (TestCase(input="", output="1"),)
    listed = decode_case(json.dumps(LINE | {"checker_flags": ["float_tolerance", "1e-6"]}))
    assert listed.contract.checker.flags == ("float_tolerance", "1e-6")


def test_an_expected_output_near_the_output_limit_raises_it() -> None:
    big = "x" * 30_000_000
    assert a_case(1, tests=(CaseTest(input="", output=big),)).contract.limits.output_mb >= 60
    assert a_case(1, tests=(CaseTest(input="", output=big),), output_limit_mb=5.0).contract.limits.output_mb == 5


@pytest.mark.parametrize("key", ["id", "language", "interface", "code", "tests", "checker", "time_limit_s"])
def test_required_keys(key: str) -> None:
    with pytest.raises(CaseError, match=key):
        decode_case(json.dumps({k: v for k, v in LINE.items() if k != key}))


@given(st.text(), st.text(), st.text(), st.integers() | st.text())
def test_any_text_survives_a_case_line(code: str, given_input: str, output: str, name: int | str) -> None:
    line = msgspec.json.encode(a_case(0, code, id=name, tests=(CaseTest(input=given_input, output=output),)))
    case = decode_case(line)
    assert (case.id, case.code) == (name, code)
    assert case.test_cases == (TestCase(input=given_input, output=output),)


def test_the_digest_is_of_the_whole_case() -> None:
    digests = {
        a_case(1).digest, a_case(2).digest, a_case(1, "1").digest, a_case(1, time_limit_s=2.0).digest,
        a_case(1, checker="exact").digest, a_case(1, tests=()).digest, a_case(1, checker_files={"a": "b"}).digest,
    }  # fmt: skip
    assert len(digests) == 7
    assert a_case(1).digest == a_case(1).digest


@given(cut=st.integers(0, 2000))
def test_resuming_after_any_cut_keeps_whole_lines_only(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("resume")
    cases, results = folder / "cases.jsonl", folder / "results.jsonl"
    all_cases = [a_case(n) for n in range(4)]
    cases.write_bytes(b"\n".join(map(msgspec.json.encode, all_cases)))
    whole = [encode_result(CaseResult.of(case, Judgement(verdict=Verdict.AC))) for case in all_cases]
    data = b"".join(whole)[:cut]
    results.write_bytes(data)
    done = resume_point(results, cases).done
    assert done == data.count(b"\n")
    assert results.read_bytes() == b"".join(whole[:done])


def test_results_longer_than_the_cases_are_not_taken_for_theirs(tmp_path: Path) -> None:
    cases, results = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    cases.write_bytes(msgspec.json.encode(a_case(0)))
    line = encode_result(CaseResult.of(a_case(0), Judgement(verdict=Verdict.AC)))
    results.write_bytes(line * 2)
    with pytest.raises(CaseError, match="line 2"):
        resume_point(results, cases)


def test_a_line_that_cannot_be_judged_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    no_tests = json.dumps(LINE | {"id": 7, "tests": []})
    path.write_text(f"\n{json.dumps(LINE)}\n\n{{}}\n{no_tests}\n{json.dumps(LINE)}\n")
    first, empty, seven, last = read_cases(path)
    assert isinstance(first, Case)
    assert first == last
    assert isinstance(empty, BadCase)
    assert (empty.id, empty.error) == (None, "line 4: Object missing required field `id`")
    assert isinstance(seven, BadCase)
    assert (seven.id, seven.error) == (7, "line 5: no tests: a program is judged by at least one")
    with pytest.raises(CaseError, match="cannot read"):
        list(read_cases(tmp_path))


def test_a_bad_line_resumes_like_any_other(tmp_path: Path) -> None:
    cases, results = tmp_path / "cases.jsonl", tmp_path / "results.jsonl"
    cases.write_text(f"{{}}\n{json.dumps(LINE)}\n[\n")
    written = [encode_result(judge_case(SlowJudge(), case)) for case in read_cases(cases) if isinstance(case, BadCase)]
    good = encode_result(CaseResult.of(decode_case(json.dumps(LINE)), Judgement(verdict=Verdict.AC)))
    results.write_bytes(written[0] + good + written[1])
    assert resume_point(results, cases) == Resumed(done=3, bad=2)
    cases.write_text(f"{{ }}\n{json.dumps(LINE)}\n[\n")
    with pytest.raises(CaseError, match="edited since"):
        resume_point(results, cases)


def test_our_own_failures_are_ie_and_what_cannot_be_judged_has_no_verdict() -> None:
    judge = SlowJudge()
    result = judge_case(judge, a_case(1, "lost"))
    assert result.verdict is Verdict.IE
    assert "lost" in result.compile_output
    result = judge_case(judge, a_case(1, "no compiler"))
    assert (result.id, result.verdict, result.error) == (1, None, "install a compiler")
    assert b'"error"' not in encode_result(judge_case(judge, a_case(1)))


@pytest.mark.serial
def test_results_come_in_order_while_cases_run_side_by_side() -> None:
    judge = SlowJudge()
    began = time.monotonic()
    codes = ["0.4", "0", "0.4", "0", "0.4", "0"]
    results = list(judge_all(judge, (a_case(n, code) for n, code in enumerate(codes)), workers=3))
    assert [result.id for result in results] == list(range(6))
    assert time.monotonic() - began < 1.0


def test_only_so_many_cases_are_read_ahead() -> None:
    read: list[int] = []

    def cases() -> Iterator[Case]:
        for number in range(10_000):
            read.append(number)
            yield a_case(number, "0.2" if number == 0 else "0")

    results = judge_all(SlowJudge(), cases(), workers=2)
    assert next(results).id == 0
    assert len(read) <= 2 * AHEAD
    results.close()


@pytest.mark.serial
def test_leaving_early_starts_nothing_more_and_does_not_wait() -> None:
    judge = SlowJudge()
    results = judge_all(judge, (a_case(n, "0" if n == 0 else "0.5") for n in range(100)), workers=1)
    next(results)
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 0.3
    calls = judge.calls
    time.sleep(0.7)
    assert judge.calls <= calls + 1
    assert threading.active_count() < 10
