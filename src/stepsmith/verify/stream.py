"""A stream of problems to a file of reports: in order, on several workers, resumable after any interruption."""

from collections.abc import Callable, Generator, Iterable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from stepsmith.core.errors import CaseError, StoreError
from stepsmith.judge.executor import JudgingExecutor, in_order
from stepsmith.judge.program import RunningJudge
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
    """Append reports to ``path``, one whole line at a time, each flushed before ``seen`` is told of it.

    Raises ``StoreError`` when the disk is full or the file cannot be written; whole lines stay.
    """
    try:
        with path.open("ab") as lines:
            for report in reports:
                lines.write(encode_report(report))
                lines.flush()
                seen(report)
    except BrokenPipeError:
        raise StoreError(f"the reader of {path} has closed it") from None
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; run the same command again to continue") from None


def already_done(path: Path, problems: Iterator[Item], options: VerifyOptions) -> list[ReportStub]:
    """Return what ``path`` holds already, after cutting off a last line that was torn; takes as many ``problems``.

    Raises ``CaseError`` if the file holds other things than reports on these problems under these options.
    """
    if not path.is_file():  # nothing yet, or a pipe
        return []
    decoder = msgspec.json.Decoder(ReportStub)
    done: list[ReportStub] = []
    end = 0
    try:
        with path.open("r+b") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                where = f"{path}, line {len(done) + 1}"
                try:
                    stub = decoder.decode(line)
                except msgspec.DecodeError:
                    raise CaseError(f"{where}: not a report of `stepsmith verify`; choose another --out") from None
                problem = next(problems, None)
                if problem is None or digest_of(problem, options) != stub.digest:
                    raise CaseError(
                        f"{where}: is of other problems or other options; choose another --out, or remove the file"
                    )
                done.append(stub)
                end += len(line)
            lines.truncate(end)
    except OSError as error:
        raise StoreError(f"cannot continue {path}: {error.strerror}") from None
    return done
