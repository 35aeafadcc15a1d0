"""LiveCodeBench's rows: tests, samples and metadata as JSON texts, never the pickled form of its later releases."""

from pathlib import Path

import msgspec

from stepsmith.core.ids import content_id
from stepsmith.core.records import Problem, TestCase
from stepsmith.core.stats import band_of
from stepsmith.exports.bundle import Bundle
from stepsmith.exports.jsonl import write_lines
from stepsmith.exports.plain import not_plain, plain_tests

DATA_FILES = {"default": {"train": "train.jsonl", "test": "test.jsonl"}}
DIFFICULTY = {"easy": "easy", "easy-medium": "medium", "medium": "medium", "hard": "hard"}
CONTEST_DATE = "2000-01-01T00:00:00"  # no contest had these problems, and a clock would change the bytes
USAGE = """\
Rows of LiveCodeBench's `CodeGenerationProblem`, one a line; `golden.json` has the golden solutions as samples to score
(`[{question_id, code_list}]`).

LiveCodeBench knows three platforms and no others: `platform` says in which of their styles a problem is written, not
where it comes from. No contest had these problems; `contest_date` is 2000-01-01 for all. `difficulty` is the measured
band, with easy-medium as medium. Its harness compares texts line by line and values by equality, gives each test 6
seconds whatever the problem says, and puts many imports before each program.
"""


def refuses(problem: Problem) -> str | None:
    """Return why a problem has no row, or None: it needs a measured pass rate, and outputs compared as they are."""
    measured = problem.pass_rate
    if not (measured and measured.attempts):
        return "it has no measured pass rate, and LiveCodeBench wants a difficulty; rate it first"
    return not_plain(problem)


def write(bundle: Bundle, folder: Path) -> None:
    """Write both halves, and the golden solutions as samples."""
    for name, part in bundle.halves:
        write_lines(folder / f"{name}.jsonl", map(row, part))
    samples = [
        {"question_id": one.id, "code_list": [one.golden.code]}
        for one in bundle.problems
        if one.golden.language == "python"
    ]
    (folder / "golden.json").write_bytes(msgspec.json.encode(samples))


def row(problem: Problem) -> dict[str, str]:
    """Return exactly the fields of ``CodeGenerationProblem``. Worked examples are the public tests."""
    shown = {example.input for example in problem.examples}
    entry = problem.contract.entry_point
    return {
        "question_title": problem.title,
        "question_content": problem.statement,
        "platform": problem.style,  # the names of its platforms are those of our styles
        "question_id": problem.id,
        "contest_id": content_id("contest", problem.lineage.chain_id),
        "contest_date": CONTEST_DATE,
        "starter_code": problem.starter_code,
        "difficulty": DIFFICULTY[band_of(problem.pass_rate.rate if problem.pass_rate else 0.0)],
        "public_test_cases": _tests(problem, [test for test in problem.tests if test.input in shown]),
        "private_test_cases": _tests(problem, [test for test in problem.tests if test.input not in shown]),
        "metadata": msgspec.json.encode({"func_name": entry.rpartition(".")[2]} if entry else {}).decode(),
    }


def _tests(problem: Problem, tests: list[TestCase]) -> str:
    kind = "functional" if problem.contract.interface == "function" else "stdin"
    return msgspec.json.encode([{**one._asdict(), "testtype": kind} for one in plain_tests(problem, tests)]).decode()
