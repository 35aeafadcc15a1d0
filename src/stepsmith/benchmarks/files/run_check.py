# mypy: ignore-errors
# ruff: noqa: F821
"""Runs inside the sandbox, after ``harness.py``: a program that ends with its check, as ``unsafe_execute`` runs it."""


def run_sample(token: str, program: str, check_line: int, limit_s: float, depth: int) -> None:
    """Run one program, whose check begins at a line, and report whether it ended without an exception."""
    guard(program, without_open=False)
    status, text, line = "passed", "", 0
    sys.setrecursionlimit(depth)
    TIMER.program = program
    TIMER.start(limit_s)
    try:
        with Swallowed():
            try:
                exec(program, {})
            finally:
                TIMER.stop()
    except TimeoutException:
        status, text = "timed out", TIMER.why
    except BaseException as error:
        status, text = "failed", words(error)
        if isinstance(error, SyntaxError) and error.filename == "<string>" and error.__traceback__.tb_next is None:
            status = "syntax"
        line, innermost = failed_line(error.__traceback__, check_line)
        if innermost and isinstance(error, AssertionError):
            status = "wrong"
    report(token, status, text, TIMER.most, TIMER.rang, line)


def failed_line(trace: object, check_line: int) -> tuple[int, bool]:
    """Return the last line of the check that was running (0: none), and whether the exception comes from it."""
    line, innermost = 0, False
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == "<string>":
            innermost = trace.tb_lineno >= check_line
            line = trace.tb_lineno if innermost else line
        trace = trace.tb_next
    return line, innermost
