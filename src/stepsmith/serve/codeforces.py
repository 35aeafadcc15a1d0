"""Jobs in the format of open-r1's Codeforces package for Piston: a program and one test, graded 1 or 0.

The files are the program, ``input.txt``, ``grader_config`` (``TIME_LIMIT`` seconds, ``MEMORY_LIMIT`` MB, ``INPUT_MODE``
stdio or file), ``correct_output.txt`` and ``checker.py``. The answer's stdout is ``1`` or ``0`` and its exit code 0
where the program ended normally. Unlike in the package, the program never shares a folder or a process with the
correct output.
"""

import re

from stepsmith.core.errors import CaseError
from stepsmith.core.records import Limits, Verdict
from stepsmith.judge import languages
from stepsmith.judge.program import Program, ProgramRun, ProgramRunner

CONFIG, INPUT, ANSWER, CHECKER, OUTPUT = "grader_config", "input.txt", "correct_output.txt", "checker.py", "output.txt"
TIMED_OUT, OUT_OF_MEMORY = 124, 134  # exit codes of the package's own runner
CHECKER_LIMITS = Limits(time_s=10.0, memory_mb=2048)
_YES_NO = re.compile(r"\b(yes|no)\b", re.IGNORECASE | re.ASCII)

Files = tuple[tuple[str, bytes], ...]


def is_job(files: Files) -> bool:
    """Return whether files have this format."""
    names = {name for name, _ in files}
    return {CONFIG, INPUT} <= names


def grade(runner: ProgramRunner, language: str, files: Files, hard_limits: Limits) -> ProgramRun:
    """Run the program on the input and grade its output; ``hard_limits`` are those of the request.

    Raises ``CaseError`` if the correct output is missing: the program's output would then be taken for its grade.
    """
    held = {name: content.decode("utf-8", "replace") for name, content in files[1:]}
    if ANSWER not in held:
        raise CaseError(f"no {ANSWER}: there is nothing to judge by; leave out {CONFIG} to only run the program")
    config = _config(held[CONFIG])
    from_file = config.get("INPUT_MODE") == "file"
    test_input = held[INPUT].replace("\r\n", "\n")
    run = runner.run_program(
        Program(
            language=language,
            sources=((languages.language(language).main, files[0][1].decode("utf-8", "replace")),),
            stdin="" if from_file else test_input,
            files=((INPUT, test_input),) if from_file else (),
            collect=(OUTPUT,) if from_file else (),
            limits=Limits(
                time_s=min(hard_limits.time_s, _number(config, "TIME_LIMIT", hard_limits.time_s)),
                wall_s=hard_limits.wall_s,
                memory_mb=int(_number(config, "MEMORY_LIMIT", hard_limits.memory_mb)),
                output_mb=max(Limits().output_mb, 4 * len(held.get(ANSWER, "")) / 1e6),
            ),
        )
    )
    if run.verdict in (Verdict.CE, Verdict.IE):
        return run
    if run.verdict is not Verdict.AC:
        return failed(run, config.get("TIME_LIMIT", ""), config.get("MEMORY_LIMIT", ""))
    printed = dict(run.files).get(OUTPUT, b"").decode("utf-8", "replace") if from_file else run.stdout
    if CHECKER in held:
        return _checked(runner, run, held, test_input, printed)
    right = _words(printed) == _words(held[ANSWER])
    return said(
        run, "1\n" if right else "0\n", "Output is correct (diff)\n" if right else "Output isn't correct (diff)\n"
    )


def _checked(runner: ProgramRunner, run: ProgramRun, held: dict[str, str], test_input: str, printed: str) -> ProgramRun:
    check = runner.run_program(
        Program(
            language="python",
            sources=((CHECKER, held[CHECKER]),),
            args=(INPUT, ANSWER, OUTPUT),
            files=(
                (INPUT, test_input),
                (ANSWER, _without_blank_lines(held[ANSWER])),
                (OUTPUT, _without_blank_lines(printed)),
            ),
            limits=CHECKER_LIMITS,
        )
    )
    if check.verdict is Verdict.IE:
        return check
    right = "".join(check.stdout.split()) in ("1", "100")
    word = "Output is correct (checker)\n" if right else "Output isn't correct (checker)\n"
    code = 0 if check.verdict is Verdict.AC else check.exit_code or 1
    return said(run, "1\n" if right else "0\n", check.stderr + word, code)


def said(run: ProgramRun, stdout: str, stderr: str, code: int = 0) -> ProgramRun:
    """Return the run with the grader's output instead of the program's."""
    return ProgramRun(
        verdict=Verdict.AC if code == 0 else Verdict.RTE,
        stdout=stdout,
        stderr=stderr,
        exit_code=code,
        cpu_s=run.cpu_s,
        wall_s=run.wall_s,
        peak_mb=run.peak_mb,
        compile_s=run.compile_s,
        compile_output=run.compile_output,
    )


def failed(run: ProgramRun, seconds: str, megabytes: str) -> ProgramRun:
    """Return a run that did not end normally as score 0, with the messages that open-r1 looks for."""
    if run.verdict is Verdict.TLE:
        return said(run, "0\n", f"Time limit exceeded ({seconds}s)\n", TIMED_OUT)
    if run.verdict is Verdict.MLE:
        return said(run, "0\n", f"Memory limit exceeded ({megabytes}MB)\n", OUT_OF_MEMORY)
    code = run.exit_code or 128 + (run.signal or 0)
    return said(run, "0\n", f"{run.stderr}\nRuntime error with exit code {code}\n", code)


def _config(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {key.strip(): value.strip().strip("\"'") for key, equals, value in pairs if equals}


def _number(config: dict[str, str], key: str, default: float) -> float:
    try:
        value = float(config.get(key, ""))
    except ValueError:
        return default
    return value if value > 0 else default


def _words(text: str) -> list[str]:
    """The words that the package compares: white space does not count, nor does the case of yes and no."""
    return _YES_NO.sub(lambda found: found[0].upper(), text).split()


def _without_blank_lines(text: str) -> str:
    return "".join(f"{line}\n" for line in text.replace("\r\n", "\n").split("\n") if line)
