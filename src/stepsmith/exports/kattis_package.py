"""What both versions of the Kattis problem package have in common: tests, validators, and submissions with verdicts."""

import os
import re
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from stepsmith.core.errors import SandboxError
from stepsmith.core.records import Judgement, Problem, Solution, TestCase, Verdict
from stepsmith.exports.bundle import Bundle
from stepsmith.exports.latex import latex, latex_text
from stepsmith.judge.checkers import custom_kind
from stepsmith.judge.checkers.custom import checker_program
from stepsmith.judge.languages import language
from stepsmith.judge.pool import JudgePool
from stepsmith.judge.runs import check_names

NAMESPACE = uuid.UUID("6d1f3c1e-8a54-5c0d-9a39-6f0c6e1f7b52")  # a package's UUID follows from it and the problem's id
LICENSES = {"CC0-1.0": "cc0", "CC-BY-4.0": "cc by", "CC-BY-SA-4.0": "cc by-sa"}
FOLDERS = {  # Kattis's names of the verdicts; a package has no folder for other verdicts
    Verdict.WA: "wrong_answer",
    Verdict.TLE: "time_limit_exceeded",
    Verdict.RTE: "run_time_error",
    Verdict.MLE: "run_time_error",
}
WORDS_IN_NAME = 24  # characters of the title in the short name

_VALIDATOR = '''\
"""Input validator: exit code 42 for a legal input, 43 for another. The text below exits with 0 for a legal one."""

import sys

SOURCE = (
{lines}
)

try:
    exec(compile(SOURCE, "validator", "exec"), {{"__name__": "__main__"}})
    code = 0
except SystemExit as end:
    code = end.code or 0
except Exception:
    code = 1
sys.exit(42 if code in (0, 42) else 43)
'''


class PackageProgram(NamedTuple):
    """A program of a package, in the folder that tells its verdict."""

    folder: str
    name: str
    code: str


def refuses(problem: Problem) -> str | None:
    """Return why a problem has no package, or None. A package needs programs over stdin and an input validator."""
    contract, checker = problem.contract, problem.contract.checker
    if problem.environment != "induction":
        return "its answer is a value, not a program"
    if contract.interface != "stdio":
        return "it asks for a function, and Kattis programs read standard input"
    if not problem.validator:
        return "it has no input validator, which a Kattis package needs"
    kind = custom_kind(checker.name)
    if kind and (kind.testlib or kind.passes > 1):
        return f"its checker ({checker.name}) is not of the Kattis convention, or has several passes"
    if kind is None and checker.name.partition(":")[0] not in ("exact", "tokens", "float"):
        return f"the default output validator has nothing for the checker {checker.name}"
    return None


def short_name(problem: Problem) -> str:
    """Return the name of a problem's folder: lower-case letters and digits, unique by the problem's id."""
    words = re.sub(r"[^a-z0-9]", "", problem.title.lower())[:WORDS_IN_NAME]
    return f"{words or 'problem'}{problem.id[-8:]}"


def rights(license_: str, name: str) -> dict[str, str]:
    """Return the keys for a licence. One that Kattis does not know is ``unknown``."""
    known = LICENSES.get(license_)
    return {"license": known, "rights_owner": f"The authors of {name}"} if known else {"license": "unknown"}


def package_id(problem: Problem) -> str:
    """Return the package's UUID."""
    return str(uuid.uuid5(NAMESPACE, problem.id))


def statement_of(problem: Problem) -> str:
    """Return the statement as LaTeX, without its worked examples, which the consumer shows from ``data/sample``."""
    parts = re.split(r"^## (?:Examples?|Samples?)\b.*$", problem.statement, maxsplit=1, flags=re.MULTILINE)
    return f"\\problemname{{{latex_text(problem.title)}}}\n\n{latex(parts[0].strip())}"


def ordered_tests(problem: Problem) -> tuple[list[TestCase], list[TestCase]]:
    """Return the worked examples and the other tests, each in the problem's order."""
    shown = {example.input for example in problem.examples}
    return [test for test in problem.tests if test.input in shown], [
        test for test in problem.tests if test.input not in shown
    ]


def write_tests(problem: Problem, folder: Path) -> None:
    """Write ``data/sample`` and ``data/secret``."""
    for part, tests in zip(("sample", "secret"), ordered_tests(problem), strict=True):
        place = folder / "data" / part
        place.mkdir(parents=True)
        for number, test in enumerate(tests, 1):
            write_text(place / f"{number:03}.in", test.input)
            write_text(place / f"{number:03}.ans", test.output)


def write_input_validator(problem: Problem, folder: Path) -> None:
    """Write ``input_validators/validate.py``."""
    lines = "\n".join(f"    {line!r}" for line in problem.validator.splitlines(keepends=True))
    write_text(folder / "input_validators" / "validate.py", _VALIDATOR.format(lines=lines))


def write_output_validator(problem: Problem, folder: Path) -> None:
    """Write the files of a checker program into ``folder``, if the problem has one.

    Of several files the tools take ``main.*`` for the program.
    """
    if not problem.contract.checker.files:
        return
    _, ((name, source), *others) = checker_program(problem.contract.checker)
    check_names([name, *(other for other, _ in others)])  # they come with the problem, and must not leave the folder
    write_text(folder / (f"main{Path(name).suffix}" if others else name), source)
    for name, source in others:
        write_text(folder / name, source)


def output_flags(problem: Problem) -> list[str]:
    """Return the flags of the output validator that make it compare as the problem's checker does."""
    name, _, tolerance = problem.contract.checker.name.partition(":")
    if name == "float":
        return ["float_tolerance", tolerance, *problem.contract.checker.flags]
    if name == "exact":
        return ["case_sensitive", "space_change_sensitive"]
    return list(problem.contract.checker.flags)


def write_packages(bundle: Bundle, folder: Path, write_one: Callable[[Problem, Path, Bundle], None]) -> None:
    """Write a package for each problem: what ``write_one`` puts into its folder, and the submissions."""
    places = [(half, problem) for half, part in bundle.halves for problem in part]
    for (half, problem), submissions in zip(places, submissions_of(bundle.problems), strict=True):
        place = folder / half / short_name(problem)
        write_one(problem, place, bundle)
        write_submissions(submissions, place)


def write_submissions(submissions: Iterable[PackageProgram], folder: Path) -> None:
    """Write programs into their folders."""
    for one in submissions:
        write_text(folder / "submissions" / one.folder / one.name, one.code)


def submissions_of(problems: Sequence[Problem]) -> Iterator[list[PackageProgram]]:
    """Yield the submissions of each problem: its golden solution, and its wrong programs by the verdict they get.

    The programs are judged on the tests in the package's order, because a package states each submission's verdict. A
    wrong program that passes, does not compile or could not be judged (IE) is left out.
    """
    with JudgePool(len(os.sched_getaffinity(0))) as judge:
        under_way = deque(_judging(problem, judge) for problem in problems)
        for problem in problems:
            numbers: Counter[str] = Counter()
            found = [PackageProgram("accepted", f"golden{_ending(problem.golden)}", problem.golden.code)]
            for wrong, verdict in zip(problem.wrong, map(_verdict, under_way.popleft()), strict=True):
                if folder := FOLDERS.get(verdict):
                    numbers[folder] += 1
                    name = f"wrong{numbers[folder]}{_ending(wrong.solution)}"
                    found.append(PackageProgram(folder, name, wrong.solution.code))
            yield found


def _judging(problem: Problem, judge: JudgePool) -> list[Future[Judgement]]:
    sample, secret = ordered_tests(problem)
    return [
        judge.submit(wrong.solution, problem.contract, (*sample, *secret), stop_at_first_failure=True)
        for wrong in problem.wrong
    ]


def _verdict(judging: Future[Judgement]) -> Verdict:
    try:
        return judging.result().verdict
    except SandboxError:
        return Verdict.IE


def _ending(solution: Solution) -> str:
    return language(solution.language).endings[0]


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    """Write a YAML file."""
    write_text(path, yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True))


def write_text(path: Path, text: str) -> None:
    """Write a text file byte by byte as it is, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
