"""CRUXEval (Gu et al. 2024, arXiv 2401.03065): the input or the output of a short function ``f``.

The official evaluator (cruxeval 190faf1, evaluation/utils_general.py) runs ``assert OUTPUT == ANSWER`` after the
function, with 3 seconds. A reply that repeats the call instead of its value, or that calls no ``f``, is wrong without
a run.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

import msgspec

from stepsmith.benchmarks.benchmark import DataFile
from stepsmith.benchmarks.fields import field, need
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.judging import check_verdicts
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.reply_rules import extraction_rule
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.judge.protocol import Judge

TIMEOUT_S = 3.0
FILE = DataFile(
    name="cruxeval.jsonl",
    source="https://github.com/facebookresearch/cruxeval/blob/main/data/cruxeval.jsonl",
    problems=800,
    sha256="8368b81047dc5014e4caf5a2f97604eff7644e0ecd7415e3ceeb184bbc2e0c96",
)


class CruxEval:
    """CRUXEval-I ("input") or CRUXEval-O ("output"); ``cot`` asks for the thoughts before the answer."""

    limits = f"{TIMEOUT_S:g} s"
    files: Sequence[DataFile] = (FILE,)

    def __init__(self, task: str, *, cot: bool = False) -> None:
        self.task = task
        self.name = f"cruxeval-{task[0]}" + ("-cot" if cot else "")
        self.title = f"CRUXEval-{task[0].upper()}" + (" with thoughts" if cot else "")
        self.extraction = f"cruxeval-{task}"
        self._template = f"cruxeval-{task}" + ("-cot" if cot else "")

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a file's rows. Raises ``CaseError`` for a row that is not one of CRUXEval."""
        return [self._problem(row) for row in rows]

    def _problem(self, placed: PlacedRow) -> BenchmarkProblem:
        need(placed, ("id", "code", "input", "output"), "CRUXEval")
        code, given, output = (field(placed, key, str, "") for key in ("code", "input", "output"))
        return BenchmarkProblem(
            task_id=str(placed.row["id"]),
            prompt=filled(self._template, code=code, input=given, output=output),
            statement=code,
            entry_point="f",
            interface="text",
            reference=f"f({given})" if self.task == "input" else output,
            answer=f"f({given})" if self.task == "input" else output,
            details=(("code", code), ("input", given), ("output", output)),
        )

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return the official prompt."""
        return problem.prompt

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the answer in a completion of the prompt."""
        return extraction_rule(self.extraction).take(completion, "")

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge answers as the official evaluator does."""
        facts = dict(problem.details)
        call = f"f({facts['input']})"
        refused = ["f(" not in answer if self.task == "input" else call in answer for answer in answers]
        why = "it calls no `f`" if self.task == "input" else "it repeats the call in place of its value"
        programs = [f"{facts['code']}\nassert {facts['output']} == {answer}" for answer in answers]
        return judged(judge, problem, programs, refused, why, TIMEOUT_S, harness)


def judged(
    judge: Judge,
    problem: BenchmarkProblem,
    programs: Sequence[str],
    refused: Sequence[bool],
    why: str,
    limit_s: float,
    harness: HarnessSettings,
) -> list[SampleVerdict]:
    """Run the programs that are not refused. An answer that fails its assertion is wrong, not crashed."""
    allowed = [program for program, no in zip(programs, refused, strict=True) if not no]
    ran = iter(check_verdicts(judge, problem, allowed, limit_s, harness))
    return [
        SampleVerdict(outcome="wrong answer", message=why) if no else _assertion_failed(next(ran)) for no in refused
    ]


def _assertion_failed(verdict: SampleVerdict) -> SampleVerdict:
    failed = verdict.outcome == "crash" and verdict.message.startswith("AssertionError")
    return msgspec.structs.replace(verdict, outcome="wrong answer") if failed else verdict


def filled(template: str, **values: str) -> str:
    """Return a prompt's template with these values in place of their names in braces, which nothing else has."""
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], _template(template))


@cache
def _template(name: str) -> str:
    return files("stepsmith.benchmarks").joinpath("files", "prompts", f"{name}.txt").read_text("utf-8")
