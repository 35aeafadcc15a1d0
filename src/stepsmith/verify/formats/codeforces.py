"""open-r1/codeforces: official tests, the statement in parts, and sometimes a generated checker in Python."""

import msgspec

from stepsmith.core.records import Example
from stepsmith.verify.formats.apps import stdio_checker
from stepsmith.verify.formats.json_rows import convert
from stepsmith.verify.formats.limits import megabytes, seconds
from stepsmith.verify.formats.problems import Candidate, UnsupportedError, VerifyProblem

# The data set's checkers take file names and print 1 or 0; this makes a Kattis output validator of one.
_VALIDATOR = """\
import contextlib, io, runpy, sys
given, answer = sys.argv[1:3]
with open("contestant_output.txt", "w", encoding="utf-8", errors="surrogateescape") as output:
    output.write(open(0, encoding="utf-8", errors="surrogateescape").read())
sys.argv = ["checker.py", given, answer, "contestant_output.txt"]
said = io.StringIO()
with contextlib.redirect_stdout(said):
    try:
        runpy.run_path("checker.py", run_name="__main__")
    except SystemExit:
        pass
score = float(said.getvalue())
sys.exit(42 if score == 1 else 43)
"""


class _Test(msgspec.Struct, frozen=True):
    input: str
    output: str


class _Row(msgspec.Struct):
    id: str
    title: str = ""
    description: str = ""
    input_format: str = ""
    output_format: str = ""
    interaction_format: str = ""
    note: str = ""
    time_limit: float | str | None = None
    memory_limit: float | str | None = None
    input_mode: str = "stdio"
    examples: list[_Test] = []
    official_tests: list[_Test] = []
    official_tests_complete: bool = True
    generated_checker: str = ""
    code_list: list[str] = []


def codeforces_row(row: dict[str, object]) -> VerifyProblem:
    """Read a row; samples, if any, in ``code_list``. Time limits are in seconds, memory limits in MB."""
    read = convert(row, _Row)
    if read.interaction_format:
        raise UnsupportedError("an interactive problem: the data set has no interactor for it")
    if read.input_mode != "stdio":
        raise UnsupportedError(f"its programs read and write files (input_mode {read.input_mode!r})")
    if not read.official_tests:
        raise UnsupportedError("the row holds no official tests")
    outputs = tuple(test.output for test in read.official_tests)
    left_out = () if read.official_tests_complete else ("official tests that were too long for the data set",)
    shown = {test.input for test in read.examples}
    return VerifyProblem(
        problem_id=read.id,
        interface="stdio",
        statement="\n\n".join(
            part for part in (read.title, read.description, read.input_format, read.output_format, read.note) if part
        ),
        examples=tuple(Example(input=test.input, output=test.output) for test in read.examples) or None,
        inputs=tuple(test.input for test in read.official_tests),
        outputs=outputs,
        kinds=tuple("nominal" if test.input in shown else "complex" for test in read.official_tests),
        checker="custom-kattis" if read.generated_checker else stdio_checker(outputs),
        checker_files={"main.py": _VALIDATOR, "checker.py": read.generated_checker} if read.generated_checker else {},
        time_limit_s=seconds(read.time_limit, 2.0, unit="s"),
        memory_limit_mb=megabytes(read.memory_limit, 256, unit="MB"),
        candidates=tuple(
            Candidate(language="python", code=code, name=f"code_list[{k}]") for k, code in enumerate(read.code_list)
        ),
        left_out=left_out,
    )
