"""Custom checkers: a program in the problem's own files decides, in the sandbox like any other program.

Two conventions. Kattis output validators: ``program input answer feedback_dir/ [flags] < output``; exit code 42
accepts, 43 rejects, ``feedback_dir/judgemessage.txt`` says why. Testlib checkers: ``program input output answer
[flags]``; exit code 0 accepts, 1 (wrong), 2 (presentation), 4 (left-over output), 5 and 7 (partial) and 8 (unexpected
end) reject; the word is on stderr. Anything else, a checker that does not compile, crashes or runs out of time or
memory, is a failure of the judge's side: ``SandboxError``, which becomes IE and never a wrong answer.
"""

from pathlib import PurePosixPath

from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.records import Checker, Limits, Verdict
from stepsmith.judge.checkers.result import CheckResult
from stepsmith.judge.languages import language_of
from stepsmith.judge.program import Program, ProgramRun, ProgramRunner

LIMITS = Limits(time_s=30.0, memory_mb=2048, output_mb=8.0)
MESSAGE = 2000  # characters of a checker's word that are kept

_MAIN_NAMES = ("main", "checker", "check", "validate", "validator", "output_validator")
_JUDGE_MESSAGE = "feedback/judgemessage.txt"
_TESTLIB_REJECTS = (1, 2, 4, 5, 7, 8)


def run_custom(runner: ProgramRunner, checker: Checker, input_text: str, expected: str, actual: str) -> CheckResult:
    """Let a custom checker decide. Raises ``SandboxError`` where it does not come to a decision."""
    kattis = checker.name == "custom-kattis"
    language, sources = checker_program(checker)
    run = runner.run_program(
        Program(
            language=language,
            sources=sources,
            args=(
                ("input.txt", "answer.txt", "feedback/", *checker.flags)
                if kattis
                else ("input.txt", "output.txt", "answer.txt", *checker.flags)
            ),
            stdin=actual if kattis else "",
            files=(
                ("input.txt", input_text),
                ("answer.txt", expected),
                ("feedback/", "") if kattis else ("output.txt", actual),
            ),
            collect=(_JUDGE_MESSAGE,) if kattis else (),
            limits=LIMITS,
        )
    )
    return _kattis_result(run) if kattis else _testlib_result(run)


def checker_program(checker: Checker) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the language of a checker's files, told by their endings, and the files with the main one first.

    Raises ``CaseError`` where no file, or files of two languages, could be the program.
    """
    kinds = {name: _language(name) for name, _ in checker.files}
    languages = sorted({language for language in kinds.values() if language})
    if len(languages) != 1:
        found = " and ".join(languages) or "none"
        raise CaseError(f"checker_files must hold a program in one language (.py, .cpp, .cc, .c); found {found}")
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


def _kattis_result(run: ProgramRun) -> CheckResult:
    word = dict(run.files).get(_JUDGE_MESSAGE, b"").decode("utf-8", "replace").strip()[:MESSAGE]
    if run.verdict in (Verdict.AC, Verdict.RTE) and run.signal is None and run.exit_code in (42, 43):
        return CheckResult(ok=run.exit_code == 42, message=word)
    raise _undecided(run, "42 or 43", word)


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
        return SandboxError(f"the checker does not compile: {run.compile_output.strip()[:MESSAGE]}")
    if run.signal is not None:
        end = f"was killed by signal {run.signal}"
    elif run.exit_code is not None:
        end = f"ended with exit code {run.exit_code}, not {codes}"
    else:
        end = f"did not end ({run.verdict})"
    details = "; ".join(text for text in (run.message, word, run.stderr.strip()[-MESSAGE:]) if text)
    return SandboxError(f"the checker {end}: {details or 'it said nothing'}")
