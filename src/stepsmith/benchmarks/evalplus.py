"""EvalPlus (Liu et al. 2023, arXiv 2305.01210): HumanEval+ and MBPP+, tested by what the reference returns.

Rows come in two forms: EvalPlus' own, with ``base_input``, ``plus_input`` and ``atol``; and that of its data sets on
Hugging Face, whose ``test`` is a check program with inputs and results in it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Self

from stepsmith.benchmarks.benchmark import DataFile
from stepsmith.benchmarks.evalplus_inputs import mbpp_inputs
from stepsmith.benchmarks.fields import field, need
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.humaneval import CompletionBenchmark, check_problem, docstring
from stepsmith.benchmarks.judging import (
    ALL_INPUTS_S,
    MIN_TIME_LIMIT_S,
    REFERENCE_FACTOR,
    check_verdicts,
    inputs_verdicts,
)
from stepsmith.benchmarks.mbpp import mbpp_id
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.references import References
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.benchmarks.taking_apart import listed_assertions, name_under_test
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.core.integers import literal_text
from stepsmith.judge.protocol import Judge

_HUMANEVAL_PLUS = "https://github.com/evalplus/humanevalplus_release/releases/download/v0.1.10"
_MBPP_PLUS = "https://github.com/evalplus/mbppplus_release/releases/download/v0.2.0"

CHECK_TIMEOUT_S = 60.0  # for a check program with all inputs; EvalPlus' limit for all inputs
LIMITS = (
    f"{MIN_TIME_LIMIT_S:g} s or {REFERENCE_FACTOR:g} times the reference's time for an input, "
    f"{ALL_INPUTS_S:g} s for all inputs"
)


class EvalPlus(CompletionBenchmark, ABC):
    """What both have in common. ``dataset`` is EvalPlus' name of the data set, by which it compares some outputs."""

    title: str
    dataset: str
    limits = LIMITS

    def __init__(self) -> None:
        self.references = References()
        self.least_s = MIN_TIME_LIMIT_S

    def with_least(self, seconds: float) -> Self:
        """Return the benchmark with another shortest limit for an input; the references' outputs are shared."""
        other = copy(self)
        other.least_s = seconds
        return other

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a file's rows. Raises ``CaseError`` for a row that is not one of the benchmark's."""
        return [self._problem(row) for row in rows]

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge answers as EvalPlus does: on the base and the added inputs, against the reference's outputs.

        Rows of Hugging Face's form are judged by their check, as it stands.
        """
        if problem.check:
            return check_verdicts(judge, problem, answers, CHECK_TIMEOUT_S, harness)
        return inputs_verdicts(judge, problem, answers, self.dataset, self.references, harness, self.least_s)

    @abstractmethod
    def _problem(self, placed: PlacedRow) -> BenchmarkProblem: ...


class HumanEvalPlus(EvalPlus):
    """HumanEval+: HumanEval's problems with about 80 times as many tests (the file named Mini has fewer)."""

    name = "humaneval+"
    title = "HumanEval+"
    dataset = "humaneval"
    files: Sequence[DataFile] = (
        DataFile(
            name="HumanEvalPlus.jsonl",
            source=f"{_HUMANEVAL_PLUS}/HumanEvalPlus.jsonl.gz",
            problems=164,
            release="v0.1.10",
            md5="fe585eb4df8c88d844eeb463ea4d0302",
        ),
        DataFile(
            name="HumanEvalPlus-Mini.jsonl",
            source=f"{_HUMANEVAL_PLUS}/HumanEvalPlus-Mini.jsonl.gz",
            problems=164,
            release="v0.1.10 Mini",
            md5="401e75ad986361dccc7afecb4121e295",
        ),
        DataFile(
            name="HumanEvalPlus-NoExtreme.jsonl",
            source=f"{_HUMANEVAL_PLUS}/HumanEvalPlus-NoExtreme.jsonl.gz",
            problems=164,
            release="v0.1.10 NoExtreme",
        ),
    )

    def _problem(self, placed: PlacedRow) -> BenchmarkProblem:
        if "plus_input" not in placed.row and "np.allclose" in str(placed.row.get("test")):
            return check_problem(placed, self.title)
        need(placed, ("task_id", "prompt", "entry_point", "canonical_solution", "base_input", "plus_input"), self.title)
        base, plus = (list(map(tuple, _inputs(placed, key))) for key in ("base_input", "plus_input"))
        prompt, entry_point = field(placed, "prompt", str, ""), field(placed, "entry_point", str, "")
        return BenchmarkProblem(
            task_id=str(placed.row["task_id"]),
            prompt=prompt,
            statement=docstring(prompt, entry_point),
            entry_point=entry_point,
            reference=prompt + field(placed, "canonical_solution", str, ""),
            inputs=tuple(map(literal_text, (*base, *plus))),
            base_inputs=len(base),
            atol=field(placed, "atol", float, 0.0),
            contract=field(placed, "contract", str, ""),
        )


class MbppPlus(EvalPlus):
    """MBPP+: 378 problems of MBPP with about 35 times as many tests."""

    name = "mbpp+"
    title = "MBPP+"
    dataset = "mbpp"
    files: Sequence[DataFile] = (
        DataFile(
            name="MbppPlus.jsonl",
            source=f"{_MBPP_PLUS}/MbppPlus.jsonl.gz",
            problems=378,
            release="v0.2.0",
            md5="ee43ecabebf20deef4bb776a405ac5b1",
        ),
    )

    def _problem(self, placed: PlacedRow) -> BenchmarkProblem:
        if "plus_input" not in placed.row and "test_list" in placed.row and "test" in placed.row:
            return self._with_check(placed)
        need(placed, ("task_id", "prompt", "entry_point", "canonical_solution", "base_input", "plus_input"), self.title)
        task_id = mbpp_id(placed.row["task_id"])
        base, plus = (mbpp_inputs(task_id, _inputs(placed, key)) for key in ("base_input", "plus_input"))
        prompt, entry_point = field(placed, "prompt", str, ""), field(placed, "entry_point", str, "")
        assertions = [line for line in field(placed, "assertion", str, "").splitlines() if line.strip()]
        return BenchmarkProblem(
            task_id=task_id,
            prompt=prompt,
            statement=prompt.strip().strip('"').strip().partition("\nassert")[0],
            entry_point=entry_point,
            reference=prompt + field(placed, "canonical_solution", str, ""),
            assertions=listed_assertions(assertions, entry_point),
            inputs=tuple(map(literal_text, (*base, *plus))),
            base_inputs=len(base),
            atol=field(placed, "atol", float, 0.0),
            contract=field(placed, "contract", str, ""),
        )

    def _with_check(self, placed: PlacedRow) -> BenchmarkProblem:
        """Return the problem of a row of the data set on Hugging Face: MBPP's keys, and a program ``test``."""
        need(placed, ("task_id", "prompt", "code", "test_list", "test"), self.title)
        code, tests = field(placed, "code", str, ""), field(placed, "test_list", list[str], [])
        entry_point, statement = name_under_test(code, tests), field(placed, "prompt", str, "")
        shown = "\n".join((statement, *tests[:1]))
        return BenchmarkProblem(
            task_id=mbpp_id(placed.row["task_id"]),
            prompt=f'"""\n{shown}\n"""\n',
            statement=statement,
            entry_point=entry_point,
            reference=code,
            setup="\n".join(field(placed, "test_imports", list[str], [])),
            check=field(placed, "test", str, ""),
            assertions=listed_assertions(tests, entry_point),
        )


def _inputs(placed: PlacedRow, key: str) -> list[list[object]]:
    """Return lists of arguments; Mbpp/793 has an empty object where it has none."""
    return [] if placed.row.get(key) == {} else field(placed, key, list[list[object]], [])
