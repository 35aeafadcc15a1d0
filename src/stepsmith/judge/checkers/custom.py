"""Custom checkers: a program that comes with the problem decides. It runs in the sandbox like any other program.

Two conventions. Kattis output validators: ``program input answer feedback_dir/ [flags] < output``; exit code 42
accepts, 43 rejects, ``feedback_dir/judgemessage.txt`` says why. Testlib checkers: ``program input output answer
[flags]``; exit code 0 accepts, 1 (wrong), 2 (presentation), 4 (left-over output), 5 and 7 (partial) and 8 (unexpected
end) reject; the message is on stderr. A checker that ends otherwise, does not compile, crashes or runs out of time or
memory has failed: ``CheckerError``, which becomes IE and never a wrong answer.

A Kattis validator may also be interactive (see ``judge.interaction``), and may ask for another pass: it accepts and
writes ``feedback_dir/nextpass.in``, the input of the next run of the solution. Other files of the folder stay.
"""

from pathlib import PurePosixPath

import msgspec

from stepsmith.core.errors import CaseError, CheckerError, SandboxError
from stepsmith.core.records import Checker, Limits, Record, Verdict
from stepsmith.judge.checkers.result import CheckResult
from stepsmith.judge.languages import language_of
from stepsmith.judge.program import Program, ProgramRun, ProgramRunner

LIMITS = Limits(time_s=30.0, memory_mb=2048, output_mb=8.0)
ACCEPTS, REJECTS = 42, 43  # a Kattis validator's exit codes
MESSAGE = 2000  # characters of a checker's message that are kept
FEEDBACK = "feedback/"

_MAIN_NAMES = ("main", "checker", "check", "validate", "validator", "output_validator", "interactor")
_JUDGE_MESSAGE = f"{FEEDBACK}judgemessage.txt"
_NEXT_PASS = f"{FEEDBACK}nextpass.in"
_TESTLIB_REJECTS = (1, 2, 4, 5, 7, 8)

Files = tuple[tuple[str, bytes], ...]


class CustomKind(Record, frozen=True, kw_only=True):
    """What a custom checker's name says: its convention, whether it talks with the solution, how many passes it has."""

    testlib: bool = False
    interactive: bool = False
    passes: int = 1  # at most


_KINDS = {
    "custom-kattis": CustomKind(),
    "custom-testlib": CustomKind(testlib=True),
    "interactive-kattis": CustomKind(interactive=True),
}
CUSTOM = tuple(_KINDS)


def custom_kind(name: str) -> CustomKind | None:
    """Return what the name of a custom checker says; None if the checker is not custom.

    ``custom-kattis:3`` and ``interactive-kattis:3`` are checkers with at most three passes. Raises ``CaseError`` for an
    invalid number of passes.
    """
    base, colon, passes = name.partition(":")
    kind = _KINDS.get(base)
    if kind is None or not colon:
        return kind
    if kind.testlib or not passes.isdecimal() or int(passes) < 2:
        raise CaseError(f"checker {name!r}: a number of passes is 2 or more, as in 'custom-kattis:2'")
    return msgspec.structs.replace(kind, passes=int(passes))


def run_custom(runner: ProgramRunner, checker: Checker, input_text: str, expected: str, actual: str) -> CheckResult:
    """Let a custom checker decide. Raises ``CheckerError`` if it does not decide, else ``SandboxError``."""
    kind = custom_kind(checker.name)
    if kind is None or not kind.testlib:
        return run_pass(runner, checker, input_text, expected, actual)[0]
    language, sources = checker_program(checker)
    run = runner.run_program(
        Program(
            language=language,
            sources=sources,
            args=("input.txt", "output.txt", "answer.txt", *checker.flags),
            files=(("input.txt", input_text), ("answer.txt", expected), ("output.txt", actual)),
            limits=LIMITS,
        )
    )
    return _testlib_result(run)


def run_pass(
    runner: ProgramRunner, checker: Checker, input_text: str, expected: str, actual: str, feedback: Files = ()
) -> tuple[CheckResult, Files]:
    """Let a Kattis validator decide on one pass; return its decision and the files of its feedback folder.

    ``feedback`` are the files that an earlier pass left there. Raises as ``run_custom`` does.
    """
    run = runner.run_program(
        msgspec.structs.replace(kattis_program(checker, input_text, expected, feedback), stdin=actual)
    )
    if run.verdict in (Verdict.AC, Verdict.RTE) and run.signal is None and run.exit_code in (ACCEPTS, REJECTS):
        return CheckResult(ok=run.exit_code == ACCEPTS, message=judge_message(run.files)), run.files
    raise _undecided(run, f"{ACCEPTS} or {REJECTS}", judge_message(run.files))


def kattis_program(checker: Checker, input_text: str, expected: str, feedback: Files = ()) -> Program:
    """Return the program of a Kattis validator, with everything but its standard input."""
    language, sources = checker_program(checker)
    return Program(
        language=language,
        sources=sources,
        args=("input.txt", "answer.txt", FEEDBACK, *checker.flags),
        files=(("input.txt", input_text), ("answer.txt", expected), (FEEDBACK, ""), *feedback),
        collect=(FEEDBACK,),
        limits=LIMITS,
    )


def judge_message(feedback: Files) -> str:
    """Return the message that a Kattis validator left for the judges."""
    return dict(feedback).get(_JUDGE_MESSAGE, b"").decode("utf-8", "replace").strip()[:MESSAGE]


def next_pass(feedback: Files) -> tuple[str | None, Files]:
    """Return the input of the next pass (None: there is no other) and the files that stay in the feedback folder."""
    found = dict(feedback).get(_NEXT_PASS)
    text = None if found is None else found.decode("utf-8", "surrogateescape")
    return text, tuple(file for file in feedback if file[0] != _NEXT_PASS)


def checker_program(checker: Checker) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the language of a checker's files, told by their endings, and the files with the main one first.

    Raises ``CaseError`` if no file, or files of two languages, could be the program.
    """
    kinds = {name: _language(name) for name, _ in checker.files}
    languages = sorted({language for language in kinds.values() if language})
    if len(languages) != 1:
        found = " and ".join(languages) or "none"
        raise CaseError(f"checker_files must hold a program in one language (.py, .cpp, .java, ...); found {found}")
    (language,) = languages
    programs = [item for item in checker.files if kinds[item[0]] == language]
    programs.sort(key=lambda item: PurePosixPath(item[0]).stem.lower() not in _MAIN_NAMES)  # stable
    ordered = (*programs, *(item for item in checker.files if kinds[item[0]] != language))
    folder = programs[0][0].rpartition("/")[0] + "/"  # Python finds modules beside the main file, in the current folder
    return language, tuple((name.removeprefix(folder), text) for name, text in ordered)


def _language(name: str) -> str | None:
    try:
        return language_of(name)
    except CaseError:  # a header, or data
        return None


def _testlib_result(run: ProgramRun) -> CheckResult:
    word = run.stderr.strip()[-MESSAGE:]
    if run.verdict in (Verdict.AC, Verdict.RTE) and run.signal is None:
        if run.exit_code == 0:
            return CheckResult(ok=True, message=word)
        if run.exit_code in _TESTLIB_REJECTS:
            return CheckResult(ok=False, message=word or f"the checker's exit code was {run.exit_code}")
    raise _undecided(run, "0, 1 or 2", word)


def _undecided(run: ProgramRun, codes: str, word: str) -> SandboxError:
    if run.verdict is Verdict.CE:
        return CheckerError(f"the checker does not compile: {run.compile_output.strip()[:MESSAGE]}")
    if run.signal is not None:
        end = f"was killed by signal {run.signal}"
    elif run.exit_code is not None:
        end = f"ended with exit code {run.exit_code}, not {codes}"
    else:
        end = f"did not end ({run.verdict})"
    details = "; ".join(text for text in (run.message, word, run.stderr.strip()[-MESSAGE:]) if text)
    ours = SandboxError if run.verdict is Verdict.IE else CheckerError
    return ours(f"the checker {end}: {details or 'it said nothing'}")
