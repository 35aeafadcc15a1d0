"""Problems of other data sets as ours, so that ``train``, ``export`` and the rest can use them beside synthetic ones.

Whatever ``verify`` reads can be imported, and so can our own exports ``hf``, ``jsonl``, ``lcb`` and ``kattis-*``. A
problem needs a program that passes all its tests; the first of its solutions that does becomes the golden one. Tests
without a published output are left out. Pickled tests are refused: they are not plain data.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from stepsmith.core.errors import CaseError, ConfigError, SandboxError, StoreError, UserError
from stepsmith.core.ids import content_id
from stepsmith.core.records import (
    Contract,
    Lineage,
    Problem,
    Solution,
    Style,
    TestCase,
    TestKind,
    Verdict,
    WrongSolution,
)
from stepsmith.exports.bundle import LeftOut
from stepsmith.exports.jsonl import write_lines
from stepsmith.exports.whole import whole
from stepsmith.judge.checkers import judges_texts
from stepsmith.judge.languages import language
from stepsmith.judge.protocol import Judge
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, read_rows, row_problem, write_rows
from stepsmith.store.problem_sets import problem_files
from stepsmith.store.runfolder import PROBLEMS
from stepsmith.verify.formats.problems import Candidate, UnreadProblem, VerifyProblem
from stepsmith.verify.formats.reading import ProblemSource, read_problems

LEFT_OUT = "left-out.jsonl"
OURS = {"chain_id", "golden", "seed_ref"}  # columns of our own rows
MOST_SOLUTIONS = 5  # solutions of a problem that are tried
TITLE = 80  # characters


class Imported(NamedTuple):
    """The result of an import."""

    folder: Path
    problems: int
    left_out: tuple[LeftOut, ...]


def import_problems(source: ProblemSource, out: Path, judge: Judge, *, solutions: Path | None = None) -> Imported:
    """Write the problems of a file or folder into ``out/problems.parquet``, each once, and name those left out.

    ``solutions`` is a JSON file with ``[{"question_id", "code_list"}]``, programs for problems that bring none. Raises
    ``RunFolderError`` where ``out`` is there already, ``ConfigError`` where nothing can be imported.
    """
    source = source._replace(pickles=False)
    more = read_solutions(solutions) if solutions else {}
    left_out: list[LeftOut] = []
    with whole(out) as folder:
        seen: set[str] = set()

        def kept() -> Iterator[dict[str, object]]:
            for problem in _problems(source, judge, more, left_out):
                if problem.id not in seen:
                    seen.add(problem.id)
                    yield problem_row(problem)

        write_rows(folder / PROBLEMS, PROBLEM_SCHEMA, kept())
        if not seen:
            why = f"; the first: {left_out[0].reason}" if left_out else ""
            raise ConfigError(f"none of the {len(left_out)} problems of {source.path} can be imported{why}")
        if left_out:
            write_lines(folder / LEFT_OUT, left_out)
    return Imported(out, len(seen), tuple(left_out))


def read_solutions(path: Path) -> dict[str, list[str]]:
    """Return programs by the problem's id. Raises ``ConfigError`` for a file that holds something else."""
    try:
        samples = msgspec.json.decode(path.read_bytes(), type=list[dict[str, str | list[str]]])
        return {str(one["question_id"]): list(one["code_list"]) for one in samples}
    except (OSError, KeyError, msgspec.DecodeError) as error:
        raise ConfigError(f"{path} holds no solutions, [{{question_id, code_list}}]: {error}") from None


def _problems(
    source: ProblemSource, judge: Judge, more: dict[str, list[str]], left_out: list[LeftOut]
) -> Iterator[Problem]:
    if (own := _own_rows(source)) is not None:
        yield from own
        return
    for item in read_problems(source):
        if isinstance(item, UnreadProblem):
            left_out.append(LeftOut(problem_id=str(item.problem_id), title="", reason=item.detail))
            continue
        codes = more.get(str(item.problem_id), [])
        candidates = (*item.candidates, *(Candidate(language="python", code=code) for code in codes))
        made = _problem(msgspec.structs.replace(item, candidates=candidates), source, judge)
        if isinstance(made, str):
            left_out.append(LeftOut(problem_id=str(item.problem_id), title=_title(item), reason=made))
        else:
            yield made


def _own_rows(source: ProblemSource) -> Iterable[Problem] | None:
    """Return the problems of a file or folder that holds our own rows, Parquet or JSON; None where it holds others'."""
    path = source.path
    if source.format not in ("auto", "dataset"):
        return None
    if path.suffix == ".jsonl" and path.is_file():
        with path.open("rb") as file:
            lines = (line for line in file if line.strip())
            first = next(lines, b"")
            return _decoded(path) if all(f'"{name}"'.encode() in first for name in OURS) else None
    if path.is_dir() and any((path / "data").glob("*.parquet")):
        path = path / "data"
    files = problem_files(path) if path.suffix == ".parquet" or any(path.glob("*.parquet")) else []
    if not files or not read_columns(files[0]) >= OURS:
        return None
    return (row_problem(row) for file in files for row in read_rows(file))


def read_columns(path: Path) -> set[str]:
    """Return the columns of a Parquet file, by its first row."""
    return set(next(iter(read_rows(path)), {}))


def _decoded(path: Path) -> Iterator[Problem]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                try:
                    yield row_problem(msgspec.json.decode(line))
                except (msgspec.DecodeError, StoreError) as error:
                    raise ConfigError(f"{path}, line {number}: {error}") from None


def _problem(item: VerifyProblem, source: ProblemSource, judge: Judge) -> Problem | str:
    """Return a problem as ours, or in words why it cannot be one."""
    outputs = item.outputs or (None,) * len(item.inputs)
    nominal: TestKind = "nominal"
    kinds = item.kinds or (nominal,) * len(item.inputs)
    tests = tuple(
        TestCase(input=given, output=output, kind=kind)
        for given, output, kind in zip(item.inputs, outputs, kinds, strict=True)
        if output is not None
    )
    if not judges_texts(item.contract.checker):
        return "it is interactive or has several passes"
    if not tests:
        return "it has no tests with a published output"
    if not item.statement.strip():
        return "it has no statement"
    golden = _golden(item, tests, judge)
    if isinstance(golden, str):
        return golden
    name = str(item.problem_id)
    validator = next((one.code for one in item.validators if language(one.language).name == "python"), "")
    return Problem(
        environment="induction",
        style=_style(item),
        title=_title(item),
        statement=item.statement,
        contract=item.contract,
        starter_code="",
        task="{}",
        features=(),
        tests=tests,
        golden=golden,
        lineage=Lineage(
            chain_id=content_id("chain", "import", source.path.name, name),
            turn=1,
            parent_id=None,
            change="",
            direction="new",
            seed_ref=f"{source.path.name}#{name}",
        ),
        examples=item.examples or (),
        wrong=tuple(_wrong(item, tests, judge)),
        validator=validator,
        provenance=(("origin", "import"), ("source", source.path.name), ("method", "published")),
    )


def _golden(item: VerifyProblem, tests: tuple[TestCase, ...], judge: Judge) -> Solution | str:
    """Return the first solution that passes all tests (those said to be right come first), or why there is none."""
    claimed = sorted(item.candidates, key=lambda one: one.verdict is not Verdict.AC)  # stable
    tried = [one for one in claimed if one.verdict in (None, Verdict.AC) and language(one.language).name == "python"]
    contract: Contract = item.contract
    said = "it brings no Python program that is said to be right"
    for one in tried[:MOST_SOLUTIONS]:
        solution = item.solution(one)
        try:
            verdict = judge.judge(solution, contract, tests, stop_at_first_failure=True).verdict
        except SandboxError as error:
            return f"it could not be judged: {error}"
        except (CaseError, UserError) as error:
            return str(error)
        if verdict is Verdict.AC:
            return solution
        said = f"none of the {len(tried[:MOST_SOLUTIONS])} programs tried passes its tests (the last: {verdict})"
    return said


def _wrong(item: VerifyProblem, tests: tuple[TestCase, ...], judge: Judge) -> Iterator[WrongSolution]:
    """Yield the programs that are said to be wrong and fail a test."""
    said = [one for one in item.candidates if one.verdict not in (None, Verdict.AC)]
    for one in [one for one in said if language(one.language).name == "python"][:MOST_SOLUTIONS]:
        solution = item.solution(one)
        try:
            judgement = judge.judge(solution, item.contract, tests, stop_at_first_failure=True)
        except SandboxError:
            continue
        if judgement.verdict not in (Verdict.AC, Verdict.CE, Verdict.IE):
            name = one.name or "a published wrong solution"
            yield WrongSolution(solution=solution, killed_by=len(judgement.tests) - 1, origin=name)


def _style(item: VerifyProblem) -> Style:
    return "leetcode" if item.interface == "function" else "codeforces"


def _title(item: VerifyProblem) -> str:
    if named := re.search(r"\\problemname\{(.+)\}", item.statement):
        return named[1][:TITLE]
    lines = (line.strip("# *") for line in item.statement.splitlines())
    return next((line for line in lines if line), str(item.problem_id))[:TITLE]
