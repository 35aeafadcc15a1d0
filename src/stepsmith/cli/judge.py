"""``stepsmith judge``: judge a file of cases or one program, or serve the judge over HTTP."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from stepsmith.cli.executor import Executor, Servers
from stepsmith.cli.judge_view import CaseProgress, PatientConsole, case_progress, show_test
from stepsmith.cluster.connection import LOCAL
from stepsmith.cluster.fleet.shared import split_urls
from stepsmith.core.errors import CaseError, ConfigError, MachineError, StoreError
from stepsmith.core.records import Checker, Contract, Limits, Solution, TestCase, Verdict
from stepsmith.judge.arguments import check_input
from stepsmith.judge.batch import judge_all
from stepsmith.judge.cases import BadCase, CaseResult, encode_result, read_cases, resume_point, split_flags
from stepsmith.judge.checkers import check_checker, check_expected, judges_texts
from stepsmith.judge.languages import check_time_factors, language_of
from stepsmith.judge.pool import JudgePool
from stepsmith.store.progress import ProgressFile

EXIT_NOT_ACCEPTED, EXIT_INTERRUPTED = 1, 130

judge_app = typer.Typer(help="Judge programs: a file of cases, a single program, or over HTTP.", no_args_is_help=True)

Workers = Annotated[int, typer.Option(min=1, help="How many programs are judged at the same time.")]
Isolation = Annotated[
    str, typer.Option(help="Isolation level: auto (the best that works on this machine), L1, L2, L3, or L0 (unsafe).")
]
AllowUnsafe = Annotated[
    bool, typer.Option("--allow-unsafe", help="Allow isolation L0: resource limits only, programs are not confined.")
]
TimeFactors = Annotated[
    list[str] | None,
    typer.Option("--time-factor", help="LANGUAGE=NUMBER: multiply time limits of that language by it; repeatable."),
]
CPUS = len(os.sched_getaffinity(0))


@judge_app.command()
def run(
    cases: Annotated[Path, typer.Argument(help="File of cases, one JSON object per line.")],
    out: Annotated[
        Path,
        typer.Option(
            help="File for the results, in the order of the cases; if it exists, judging continues after its last line."
        ),
    ],
    workers: Workers = CPUS,
    executor: Executor = None,
    judge_servers: Servers = None,
    isolation: Isolation = "auto",
    allow_unsafe: AllowUnsafe = False,
    time_factors: TimeFactors = None,
    stop_at_first_failure: Annotated[
        bool, typer.Option("--stop-at-first-failure", help="Do not run the tests after a program's first failure.")
    ] = False,
) -> None:
    """Judge every case of a file. The same command continues an interrupted run.

    If a line cannot be judged, its result says why, and the exit code is 2.
    """
    from stepsmith.cluster.opening import open_judge  # which ``one`` need not wait for

    console = PatientConsole(stderr=True)
    total, bad = _count(cases)
    before = resume_point(out, cases)
    if before.done < total:
        opened = open_judge(
            executor or LOCAL, workers, isolation, allow_unsafe,
            time_factors=_time_factors(time_factors), servers=split_urls(judge_servers),
        )  # fmt: skip
        with (
            opened as (judge, at_once),
            _append(out) as file,
            ProgressFile(out, "judging", "cases", total, before.done) as watched,
        ):
            progress = case_progress(console, before.done, total, judge.isolation)
            left = islice(read_cases(cases), before.done, None)
            results = judge_all(judge, left, at_once, stop_at_first_failure=stop_at_first_failure)
            with progress as shown, closing(results):
                try:
                    _write(results, file, out, shown, watched)
                except KeyboardInterrupt:
                    judge.close()  # do not wait for running programs
                    raise_interrupted(console, out, shown)
        console.print(f"{out}: {shown.text()}", highlight=False, soft_wrap=True)
        bad = before.bad + shown.bad
    else:
        console.print(f"{out}: all {total} cases are judged already", highlight=False, soft_wrap=True)
    if bad:
        raise CaseError(f"{bad} of {total} cases could not be judged; `error` in their lines of {out} says why")


def _count(cases: Path) -> tuple[int, int]:
    """Return how many cases a file holds, and how many cannot be judged. Raises ``CaseError`` if none can."""
    total, bad, first = 0, 0, ""
    for case in read_cases(cases):
        total += 1
        if isinstance(case, BadCase):
            bad += 1
            first = first or case.error
    if total and bad == total:
        raise CaseError(f"{cases}, {first}; no line of this file can be judged")
    return total, bad


def _write(
    results: Iterator[CaseResult], file: FileIO, out: Path, progress: CaseProgress, watched: ProgressFile
) -> None:
    for result in results:
        try:
            left = memoryview(encode_result(result))
            while left:
                left = left[file.write(left) :]
        except OSError as error:
            raise StoreError(f"cannot write {out}: {error.strerror}; results so far stay valid") from None
        progress.judged(result.verdict)
        watched.advance(figures={"verdicts": progress.verdicts()})


def raise_interrupted(console: Console, out: Path, progress: CaseProgress) -> None:
    """Print how to continue, and exit with the code of an interruption."""
    console.print(
        f"interrupted: {out} holds {progress.done} of {progress.total} results; the same command continues after them",
        highlight=False,
        soft_wrap=True,
    )
    raise typer.Exit(EXIT_INTERRUPTED)


@judge_app.command()
def one(
    file: Annotated[Path, typer.Argument(help="File of the program.")],
    inputs: Annotated[list[Path], typer.Option("--in", help="File with a test's input; repeatable.")],
    answers: Annotated[
        list[Path], typer.Option("--ans", help="File with the expected output of a test, one for each --in.")
    ],
    language: Annotated[
        str | None, typer.Option(help="Language of the program. Default: by the ending of the file's name.")
    ] = None,
    entry_point: Annotated[
        str | None,
        typer.Option(
            help="Function, or Class.method, to call with the input as arguments (Python literals) instead of stdio."
        ),
    ] = None,
    checker: Annotated[
        str | None,
        typer.Option(help="Checker of the outputs: exact, tokens, literal, unordered, float:EPS, custom-kattis, ..."),
    ] = None,
    checker_flags: Annotated[str, typer.Option(help="Flags of the checker, in one string.")] = "",
    checker_files: Annotated[
        list[Path] | None, typer.Option("--checker-file", help="Source file of a custom checker; repeatable.")
    ] = None,
    time_limit: Annotated[float, typer.Option(min=0.01, help="Time limit of a test, in CPU seconds.")] = 2.0,
    memory_limit: Annotated[int, typer.Option(min=1, help="Memory limit of a test, in MB.")] = 512,
    isolation: Isolation = "auto",
    allow_unsafe: AllowUnsafe = False,
    time_factors: TimeFactors = None,
) -> None:
    """Judge one program and show what went wrong. The exit code is 0 if every test is accepted, else 1."""
    if len(inputs) != len(answers):
        raise CaseError(f"there are {len(inputs)} --in but {len(answers)} --ans; give one expected output per input")
    solution = Solution(language=language or language_of(file.name), code=_read(file))
    tests = [TestCase(input=_read(i), output=_read(a)) for i, a in zip(inputs, answers, strict=True)]
    contract = Contract(
        interface="function" if entry_point else "stdio",
        entry_point=entry_point,
        limits=Limits(time_s=time_limit, memory_mb=memory_limit),
        checker=Checker(
            name=checker or ("literal" if entry_point else "tokens"),
            flags=split_flags(checker_flags),
            files=tuple((path.name, _read(path)) for path in checker_files or ()),
        ),
    )
    check_checker(contract.checker, contract.interface)
    for given, answer, test in zip(inputs, answers, tests, strict=True):
        with _naming(answer):
            check_expected(contract.checker, contract.interface, test.output)
        with _naming(given):
            check_input(contract.interface, test.input)
    console = PatientConsole(soft_wrap=True, highlight=False)
    with _judge(1, isolation, allow_unsafe, time_factors) as judge:
        judgement = judge.judge(solution, contract, tests)
        for path, test, result in zip(inputs, tests, judgement.tests, strict=False):
            shown = None
            if result.verdict is Verdict.WA and judges_texts(contract.checker):
                (execution,) = judge.execute(solution, contract, [test.input])
                shown = execution.output if execution.verdict is Verdict.AC else None
            show_test(console, path.name, test, result, shown)
    if judgement.compile_output:
        console.print(judgement.compile_output.rstrip(), markup=False)
    console.print(f"{judgement.verdict} ({judgement.isolation})")
    if judgement.verdict is not Verdict.AC:
        raise typer.Exit(EXIT_NOT_ACCEPTED)


@judge_app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 picks a free one.")] = 8005,
    workers: Workers = CPUS,
    token: Annotated[
        str | None,
        typer.Option(envvar="STEPSMITH_TOKEN", help="Token that clients must send (Authorization: Bearer TOKEN)."),
    ] = None,
    isolation: Isolation = "auto",
    allow_unsafe: AllowUnsafe = False,
    time_limit: Annotated[
        float, typer.Option(min=0.1, help="Time limit of a run if the request sets none, in CPU seconds.")
    ] = 10.0,
    memory_limit: Annotated[
        int, typer.Option(min=16, help="Memory limit of a run if the request sets none, in MB.")
    ] = 512,
    max_time_limit: Annotated[
        float, typer.Option(min=0.1, help="Longest time limit that a request may set, in seconds.")
    ] = 60.0,
    max_queue: Annotated[
        int,
        typer.Option(min=1, help="Number of judgements that may wait or run; further requests get status 429 (busy)."),
    ] = 4096,
    max_body: Annotated[float, typer.Option(min=0.01, help="Largest size of a request, in MB.")] = 64.0,
    grace: Annotated[float, typer.Option(min=0, help="Seconds to finish running requests at shutdown.")] = 30.0,
    time_factors: TimeFactors = None,
) -> None:
    """Serve the judge over HTTP: Stepsmith's own API and those of code-judge, SandboxFusion and Piston."""
    try:
        from stepsmith.serve.server import listen, make_server
        from stepsmith.serve.settings import ServerSettings
    except ModuleNotFoundError as error:
        raise MachineError(f"the server needs the package {error.name}; run pip install 'stepsmith[serve]'") from None
    settings = ServerSettings(
        host=host, port=port, workers=workers, token=token or None, max_queue=max_queue, max_body_mb=max_body,
        grace_s=grace, max_time_limit_s=max_time_limit, time_limit_s=time_limit, memory_limit_mb=memory_limit,
        time_factors=_time_factors(time_factors),
    )  # fmt: skip
    console = PatientConsole(stderr=True, soft_wrap=True, highlight=False)
    with listen(settings) as listener, _judge(workers, isolation, allow_unsafe, time_factors) as judge:
        address = f"http://{host}:{listener.getsockname()[1]}"
        console.print(f"judging on {address} with {workers} workers, isolation {judge.isolation}; Ctrl-C stops")
        make_server(judge, settings).run(sockets=[listener])


@contextmanager
def _judge(workers: int, isolation: str, allow_unsafe: bool, time_factors: list[str] | None) -> Iterator[JudgePool]:
    judge = JudgePool(workers, isolation, allow_unsafe, time_factors=_time_factors(time_factors))
    try:
        yield judge
    finally:
        judge.close()


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Put the name of a file before what is wrong with it."""
    try:
        yield
    except CaseError as error:
        raise CaseError(f"{path}: {error}") from None


def _time_factors(texts: list[str] | None) -> dict[str, float]:
    return check_time_factors(dict(_time_factor(text) for text in texts or ()))


def _time_factor(text: str) -> tuple[str, float]:
    name, _, number = text.partition("=")
    try:
        return name, float(number)
    except ValueError:
        raise ConfigError(f"--time-factor {text!r} is not LANGUAGE=NUMBER, such as java=2.5") from None


@contextmanager
def _append(out: Path) -> Iterator[FileIO]:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        file = out.open("ab", buffering=0)  # unbuffered, so that every result is in the file at once
    except OSError as error:
        raise StoreError(f"cannot write {out}: {error.strerror}") from None
    with file:
        yield file


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except OSError as error:
        raise CaseError(f"cannot read {path}: {error.strerror}") from None
