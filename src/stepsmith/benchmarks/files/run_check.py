# mypy: ignore-errors
# ruff: noqa: F821
"""Runs inside the sandbox, after ``harness.py``: a program that ends with its check, as ``unsafe_execute`` runs it."""


def run_sample(token: str, program: str, limit_s: float, depth: int) -> None:
    """Run one program and report whether it ended without an exception."""
    guard(program, without_open=False)
    status, text = "passed", ""
    sys.setrecursionlimit(depth)
    TIMER.start(limit_s)
    try:
        with Swallowed():
            try:
                exec(program, {})
            finally:
                TIMER.stop()
    except TimeoutException:
        status = "timed out"
    except BaseException as error:
        status, text = "failed", words(error)
        if isinstance(error, SyntaxError) and error.filename == "<string>":
            status = "syntax"
    report(token, status, text, TIMER.most, TIMER.rang)
