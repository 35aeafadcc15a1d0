"""A stream of problems to a file of reports: in order, on several workers, resumable after any interruption."""

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from pathlib import Path

from stepsmith.judge.executor import JudgingExecutor, in_order
from stepsmith.judge.program import RunningJudge
from stepsmith.store.report_lines import append_reports, reports_so_far
from stepsmith.verify.formats.problems import UnreadProblem, VerifyProblem
from stepsmith.verify.report import ProblemReport, ReportStub, encode_report
from stepsmith.verify.verifier import VerifyOptions, digest_of, verify_problem

AHEAD = 4  # problems per worker that may wait behind a slow one: their outputs are held in memory

Item = VerifyProblem | UnreadProblem


def verify_all(
    problems: Iterable[Item], executor: JudgingExecutor, options: VerifyOptions
) -> Generator[ProblemReport, None, None]:
    """Yield one report per problem, in order; the executor says how many are under way at once, and where."""
    return in_order(executor, partial(_verified, options), problems, AHEAD)


def _verified(options: VerifyOptions, judge: RunningJudge, problem: Item) -> ProblemReport:
    return verify_problem(problem, judge, options)


def write_reports(reports: Iterable[ProblemReport], path: Path, seen: Callable[[ProblemReport], None]) -> None:
    """Append reports to ``path``; see ``append_reports``."""
    append_reports(path, reports, encode_report, seen)


def already_done(path: Path, problems: Iterator[Item], options: VerifyOptions) -> list[ReportStub]:
    """Return what ``path`` holds already; see ``reports_so_far``."""
    digests = (digest_of(problem, options) for problem in problems)
    return reports_so_far(path, ReportStub, digests, "stepsmith verify")
