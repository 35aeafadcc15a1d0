"""A file of problems to a file of outcomes: in order, on several workers, resumable after any interruption."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import msgspec

from stepsmith.core.errors import CaseError, StoreError
from stepsmith.judge.protocol import Judge
from stepsmith.verify.formats.problems import VerifyProblem
from stepsmith.verify.report import ProblemReport, ReportStub, encode_report
from stepsmith.verify.verifier import VerifyOptions, digest_of, verify_problem

AHEAD = 4  # problems per worker that may wait behind a slow one: their outputs are held in memory


def verify_all(
    problems: Iterable[VerifyProblem], make_judge: Callable[[], Judge], options: VerifyOptions, workers: int
) -> Generator[ProblemReport, None, None]:
    """Yield one outcome per problem, in order, with a judge for each of ``workers`` problems under way at once.

    The judges are made before anything starts, so that a machine that cannot judge says so at once, and are closed at
    the end. Closing the iterator waits for the problems under way only.
    """
    idle: SimpleQueue[Judge] = SimpleQueue()
    judges: list[Judge] = []

    def one(problem: VerifyProblem) -> ProblemReport:
        judge = idle.get()
        try:
            return verify_problem(problem, judge, options)
        finally:
            idle.put(judge)

    waiting: deque[Future[ProblemReport]] = deque()
    threads = ThreadPoolExecutor(workers, thread_name_prefix="verify")
    try:
        for _ in range(workers):
            judges.append(make_judge())
            idle.put(judges[-1])
        for problem in problems:
            waiting.append(threads.submit(one, problem))
            while waiting and (len(waiting) >= workers * AHEAD or waiting[0].done()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        threads.shutdown(cancel_futures=True)
        for judge in judges:
            judge.close()


def write_outcomes(outcomes: Iterable[ProblemReport], path: Path, seen: Callable[[ProblemReport], None]) -> None:
    """Append outcomes to ``path``, one whole line at a time, each flushed before ``seen`` is told of it.

    Raises ``StoreError`` when the disk is full or the file cannot be written; whole lines stay.
    """
    try:
        with path.open("ab") as lines:
            for outcome in outcomes:
                lines.write(encode_report(outcome))
                lines.flush()
                seen(outcome)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; run the same command again to continue") from None


def already_done(path: Path, problems: Iterable[VerifyProblem], options: VerifyOptions) -> list[ReportStub]:
    """The outcomes that ``path`` holds already, after cutting off a last line that was torn.

    Raises ``CaseError`` where it holds other things than outcomes of the first of these problems under these options.
    """
    if not path.is_file():  # nothing yet, or a pipe
        return []
    decoder = msgspec.json.Decoder(ReportStub)
    expected = iter(problems)
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
                    raise CaseError(f"{where}: not an outcome of `stepsmith verify`; choose another --out") from None
                problem = next(expected, None)
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
