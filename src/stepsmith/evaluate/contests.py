"""Benchmarks of programs with tests: LiveCodeBench's code generation, and rows of APPS, TACO and CodeContests.

They lie here and not in ``benchmarks`` because their rows are read by ``verify.formats``, which is above it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec

from stepsmith.benchmarks.benchmark import DataFile
from stepsmith.benchmarks.fields import field, need
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.livecodebench import date_of
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.reply_rules import extraction_rule
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.benchmarks.rules.rule_sets import OFFICIAL, RuleSet
from stepsmith.benchmarks.rules.running import Ruling, rule
from stepsmith.benchmarks.verdict import Outcome, SampleVerdict
from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.records import Solution, TestCase, TestKind, Verdict
from stepsmith.judge.protocol import Judge
from stepsmith.verify.formats.apps import apps_row
from stepsmith.verify.formats.codecontests import codecontests_row
from stepsmith.verify.formats.harness import harness_accepts
from stepsmith.verify.formats.json_rows import present
from stepsmith.verify.formats.livecodebench import livecodebench_row
from stepsmith.verify.formats.problems import VerifyProblem

_LITE = "https://huggingface.co/datasets/livecodebench/code_generation_lite"
# What each file adds, in the order of the releases: release_v6 is all six files.
INCREMENTS = (("v1", "test.jsonl", 400), ("v2", "test2.jsonl", 111), ("v3", "test3.jsonl", 101),
              ("v4", "test4.jsonl", 101), ("v5", "test5.jsonl", 167), ("v6", "test6.jsonl", 175))  # fmt: skip
_SYSTEM = (
    "You are an expert Python programmer. You will be given a question (problem specification) and will generate a "
    "correct Python program that matches the specification and passes all tests."
)
_WITH_STARTER = (
    "You will use the following starter code to write the solution to the problem and enclose your code within "
    "delimiters."
)
_ON_STDIN = (
    "Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test on the sample "
    "inputs). Enclose your code within delimiters as follows. Ensure that when the python program runs, it reads the "
    "inputs, runs the algorithm and writes output to STDOUT."
)


class LiveCodeBench:
    """Code generation, of a release or a window of contest dates.

    ``release`` is "release_v5" for everything up to v5 (880 problems), "v5" for what v5 added (167), "v4_v5" for what
    v4 to v5 added (268), or "" for the rows of whatever file is given. ``window`` is (first, last) as ISO dates, both
    included, as the official ``--start_date`` and ``--end_date``; "" is open. Raises ``CaseError`` for other words.
    """

    extraction = "last-fence"
    limits = f"{OFFICIAL.time_s:g} s a test, {OFFICIAL.time_s + 1:g} s a test and 5 s for all of them"

    def __init__(self, release: str = "", window: tuple[str, str] = ("", "")) -> None:
        parts = parts_of(release)
        self.release = release
        self.window = window
        self.problems = sum(count for _, _, count in parts) if release else 0  # before the window
        self.together = len(parts) > 1 and bool(release)
        dates = f"@{window[0]}..{window[1]}" if any(window) else ""
        self.name = "livecodebench" + (f":{release}" if release else "") + dates
        self.title = (
            "LiveCodeBench"
            + (f" {release}" if release else "")
            + (f" from {window[0] or 'the first'} to {window[1] or 'the last'}" if dates else "")
        )
        self.files: Sequence[DataFile] = [
            DataFile(name=name, source=f"{_LITE}/blob/main/{name}", problems=count, release=part)
            for part, name, count in (parts if release else parts[::-1])
        ]
        self._first, self._last = (_date(day) if day else None for day in window)
        self.outside: frozenset[str] = frozenset()  # tasks of the rows that were read last, but not of the window

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of the rows that lie in the window.

        Raises ``CaseError`` for a row that is not one of LiveCodeBench, if there are not as many rows as the release
        has, and if the window holds no problem.
        """
        found = [_livecodebench_problem(row) for row in rows]
        if self.release and len(found) != self.problems:
            files = " ".join(file.name for file in self.files)
            raise CaseError(
                f"{self.title}: {len(found)} problems, but the release has {self.problems}; give {files} together"
            )
        kept = [problem for problem in found if self._holds(problem)]
        if found and not kept:
            dates = sorted(problem.date for problem in found if problem.date)
            span = f"the file's contests are from {dates[0]} to {dates[-1]}" if dates else "the file has no dates"
            raise CaseError(f"{self.title}: no problem in this window; {span}")
        self.outside = frozenset(problem.task_id for problem in found if not self._holds(problem))
        return kept

    def _holds(self, problem: BenchmarkProblem) -> bool:
        if self._first is None and self._last is None:
            return True
        if not problem.date:
            return False
        moment = _date(dict(problem.details).get("contest_date", problem.date))
        return (self._first is None or self._first <= moment) and (self._last is None or moment <= self._last)

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return the official system message and question in one message, as for models without a system message."""
        starter = dict(problem.details).get("starter_code", "")
        words, code = (_WITH_STARTER, starter) if starter else (_ON_STDIN, "# YOUR CODE HERE")
        return (
            f"{_SYSTEM}\n\n### Question:\n{problem.statement}\n\n### Format: {words}\n```python\n{code}\n```\n\n"
            "### Answer: (use the provided format with backticks)\n\n"
        )

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the program in a completion, by the official rule."""
        return extraction_rule(self.extraction).take(completion, problem.entry_point)

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge programs by the official rules."""
        return [by_rules(judge, problem, answer, OFFICIAL, harness.time_factor) for answer in answers]


class Contests:
    """Rows of a data set of contest problems: a program must pass all tests of its row by the problem's checker.

    The data set's harness puts imports before a program and accepts some outputs that the checker does not
    (``verify.formats.harness``); here the same imports and outputs count.
    """

    extraction = "strict"
    limits = "the limits of each row"

    def __init__(
        self, name: str, title: str, row: Callable[[dict[str, object]], VerifyProblem], keys: Sequence[str], source: str
    ) -> None:
        self.name, self.title = name, title
        self._row, self._keys = row, keys
        self.files: Sequence[DataFile] = (DataFile(name=f"{name}.jsonl", source=source, problems=0),)
        self._sources: dict[str, VerifyProblem] = {}

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a file's rows. Raises ``CaseError`` for a row that is not one of this data set."""
        problems = []
        for placed in rows:
            need(placed, self._keys, self.title)
            read = _placed(placed, self._row)
            task = str(read.problem_id or f"{self.name}/{placed.number - 1}")
            self._sources[task] = read
            problems.append(_problem(read, task, placed))
        return problems

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return LiveCodeBench's words for a problem without starter code, or with a function's name."""
        code = f"def {problem.entry_point}(" if problem.interface == "function" else "# YOUR CODE HERE"
        words = _WITH_STARTER if problem.interface == "function" else _ON_STDIN
        return f"{_SYSTEM}\n\n### Question:\n{problem.statement}\n\n### Format: {words}\n```python\n{code}\n```\n"

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the program in a completion."""
        return extraction_rule(self.extraction).take(completion, problem.entry_point)

    def judge(
        self, judge: Judge, problem: BenchmarkProblem, answers: Sequence[str], harness: HarnessSettings
    ) -> list[SampleVerdict]:
        """Judge programs on the row's tests, with its limits, checker and harness."""
        read = self._sources[problem.task_id]
        return [_on_row(judge, read, problem, answer, harness.time_factor) for answer in answers]


def by_rules(
    judge: Judge, problem: BenchmarkProblem, answer: str, rules: RuleSet, time_factor: float = 1.0
) -> SampleVerdict:
    """Return a rule set's verdict on a program. A failure of our own machinery is "not judged"."""
    try:
        ruling = rule(judge, problem, answer, rules, time_factor=time_factor)
    except SandboxError as error:
        ruling = Ruling("not judged", why=str(error))
    return SampleVerdict(
        outcome=ruling.outcome,
        message=ruling.why,
        failed_test="" if ruling.test is None else _brief(problem.tests[ruling.test].input),
        got=ruling.got,
        cpu_s=round(ruling.cpu_s, 4),
    )


SHOWN = 300  # characters of a failing test's input


def parts_of(release: str) -> list[tuple[str, str, int]]:
    """Return the files of a release as (what it added, file name, problems). Raises ``CaseError`` for another word."""
    names = [part for part, _, _ in INCREMENTS]
    first, _, last = release.removeprefix("release_").partition("_")
    if not release or release == "release_latest":
        return list(INCREMENTS)
    if release.startswith("release_") and first in names and not last:
        return list(INCREMENTS[: names.index(first) + 1])
    alone = release.startswith(first) and first in names
    if alone and (not last or (last in names and names.index(first) < names.index(last))):
        return list(INCREMENTS[names.index(first) : names.index(last or first) + 1])
    raise CaseError(f"no release {release!r} of LiveCodeBench; say release_v1 to release_v6, v1 to v6, or v4_v5")


def _livecodebench_problem(placed: PlacedRow) -> BenchmarkProblem:
    need(placed, ("question_id", "question_content", "public_test_cases", "private_test_cases"), "LiveCodeBench")
    read = _placed(placed, livecodebench_row)
    problem = _problem(read, str(placed.row["question_id"]), placed)
    content, starter = field(placed, "question_content", str, ""), field(placed, "starter_code", str, "")
    return msgspec.structs.replace(
        problem,
        prompt=content,
        statement=content,
        date=date_of(placed),
        features=tuple(filter(None, (field(placed, "platform", str, ""),))),
        details=(
            *problem.details,
            ("starter_code", starter),
            ("contest_date", str(placed.row.get("contest_date") or "")),
            ("title", field(placed, "question_title", str, "")),
        ),
    )


def _placed(placed: PlacedRow, row: Callable[[dict[str, object]], VerifyProblem]) -> VerifyProblem:
    try:
        read = row(present(placed.row))
    except (CaseError, ValueError, TypeError, RecursionError) as error:
        raise CaseError(f"{placed.place}: {error}") from None
    if not read.inputs or read.outputs is None or None in read.outputs:
        raise CaseError(f"{placed.place}: a problem without tests, or with a test without output, cannot be scored")
    return read


def _problem(read: VerifyProblem, task: str, placed: PlacedRow) -> BenchmarkProblem:
    nominal: tuple[TestKind, ...] = ("nominal",)
    kinds = read.kinds or nominal * len(read.inputs)
    return BenchmarkProblem(
        task_id=task,
        prompt=read.statement,
        statement=read.statement,
        entry_point=read.entry_point or "" if read.interface == "function" else "",
        interface=read.interface,
        tests=tuple(
            TestCase(input=given, output=output or "", kind=kind)
            for given, output, kind in zip(read.inputs, read.outputs or (), kinds, strict=True)
        ),
        difficulty=str(placed.row.get("difficulty") or ""),
        details=(
            ("checker", read.contract.checker.name),
            ("time_s", str(read.time_limit_s)),
            ("memory_mb", str(read.memory_limit_mb)),
            ("harness", read.harness or ""),
        ),
    )


def _on_row(judge: Judge, read: VerifyProblem, problem: BenchmarkProblem, code: str, factor: float) -> SampleVerdict:
    """Judge a program on a row: a process for each test, and its checker or what its harness accepts beside it."""
    if not code.strip():
        return SampleVerdict(outcome="no code", message="no code was found in the reply")
    program = read.runnable(Solution(language="python", code=code))
    contract = read.contract
    limits = msgspec.structs.replace(contract.limits, time_s=contract.limits.time_s * factor)
    contract = msgspec.structs.replace(contract, limits=limits)
    judgement = judge.judge(program, contract, problem.tests, stop_at_first_failure=True)
    verdict, test = judgement.verdict, len(judgement.tests) - 1
    message = judgement.compile_output if verdict is Verdict.CE else judgement.tests[-1].message
    cpu_s = sum(result.cpu_s for result in judgement.tests)
    while (
        verdict is Verdict.WA and read.harness is not None
    ):  # go on where the harness accepts what the checker rejects
        given, expected = problem.tests[test].input, problem.tests[test].output
        (run,) = judge.execute(program, contract, [given])
        if run.verdict is not Verdict.AC or not harness_accepts(read.harness, read.interface, expected, run.output):
            break
        rest = problem.tests[test + 1 :]
        if not rest:
            verdict = Verdict.AC
            break
        judgement = judge.judge(program, contract, rest, stop_at_first_failure=True)
        verdict, test = judgement.verdict, test + len(judgement.tests)
        message = judgement.tests[-1].message
        cpu_s += sum(result.cpu_s for result in judgement.tests)
    return SampleVerdict(
        outcome=_OUTCOMES[verdict],
        message=message,
        failed_test="" if verdict in (Verdict.AC, Verdict.CE) else _brief(problem.tests[test].input),
        cpu_s=round(cpu_s, 4),
    )


_OUTCOMES: dict[Verdict, Outcome] = {
    Verdict.AC: "passed", Verdict.WA: "wrong answer", Verdict.TLE: "time limit", Verdict.MLE: "memory limit",
    Verdict.OLE: "crash", Verdict.RTE: "crash", Verdict.CE: "syntax", Verdict.IE: "not judged",
}  # fmt: skip


def _brief(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        raise CaseError(f"{text!r} is not a date; write it as 2024-08-01") from None


APPS = Contests(
    "apps", "APPS", apps_row, ("question", "input_output"), "https://huggingface.co/datasets/codeparrot/apps"
)
TACO = Contests("taco", "TACO", apps_row, ("question", "input_output"), "https://huggingface.co/datasets/BAAI/TACO")
CODE_CONTESTS = Contests(
    "codecontests",
    "CodeContests",
    codecontests_row,
    ("name", "description", "public_tests"),
    "https://huggingface.co/datasets/deepmind/code_contests",
)
