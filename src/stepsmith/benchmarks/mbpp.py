"""MBPP (Austin et al. 2021, arXiv 2108.07732): write a function from one sentence; three assertions test it."""

from collections.abc import Iterable, Sequence

from stepsmith.benchmarks.benchmark import DataFile
from stepsmith.benchmarks.fields import field, need
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.humaneval import TIMEOUT_S
from stepsmith.benchmarks.judging import check_verdicts
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.benchmarks.taking_apart import listed_assertions, name_under_test
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.judge.protocol import Judge

_FOLDER = "https://github.com/google-research/google-research/tree/master/mbpp"
SANITIZED = DataFile(
    name="sanitized-mbpp.json",
    source=_FOLDER,
    problems=427,
    release="sanitized",
    sha256="8ac32b2799150228e2d745aed09c870b7e4444246d4727d1004576207ef40769",
)
FULL = DataFile(name="mbpp.jsonl", source=_FOLDER, problems=974, release="full")


class Mbpp:
    """MBPP: sanitized (427 rows with ``prompt``, ``test_imports``) or full (974 with ``text``, ``test_setup_code``)."""

    extraction = "last-block"
    limits = f"{TIMEOUT_S:g} s"

    def __init__(self, name: str, title: str, file: DataFile) -> None:
        self.name = name
        self.title = title
        self.files: Sequence[DataFile] = (file,)

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a file's rows. Raises ``CaseError`` for a row that is not one of MBPP."""
        return [_problem(row, self.title) for row in rows]

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return what a chat model is asked: the sentence, and the tests as in the paper."""
        return (
            f"You are an expert Python programmer, and here is your task: {problem.statement} "
            f"Your code should pass these tests:\n\n{problem.prompt}\n\n"
            "Answer with the program in a markdown code block."
        )

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the completion; the prompt is no program."""
        return completion

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge answers as ``code_eval`` of Hugging Face's ``evaluate`` does: as HumanEval's harness, 3 seconds."""
        return check_verdicts(judge, problem, answers, TIMEOUT_S, harness)


def _problem(placed: PlacedRow, title: str) -> BenchmarkProblem:
    need(placed, ("task_id", "code", "test_list"), title)
    statement = field(placed, "prompt", str, "") or field(placed, "text", str, "")
    code, tests = field(placed, "code", str, ""), field(placed, "test_list", list[str], [])
    imports = field(placed, "test_imports", list[str], [])
    setup = "\n".join(filter(None, (*imports, field(placed, "test_setup_code", str, ""))))
    entry_point = name_under_test(code, tests)
    return BenchmarkProblem(
        task_id=mbpp_id(placed.row["task_id"]),
        prompt="\n".join(tests),
        statement=statement,
        entry_point=entry_point,
        reference=code.replace("\r\n", "\n"),
        setup=setup,
        check="\n".join(filter(None, (setup, *tests))),
        assertions=listed_assertions(tests, entry_point),
    )


def mbpp_id(value: object) -> str:
    """Return a task's id as EvalPlus writes it: "Mbpp/2" for 2, "2" and "MBPP/2"."""
    text = str(value)
    return f"Mbpp/{text.rpartition('/')[2]}"
