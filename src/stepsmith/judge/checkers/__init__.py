"""Checkers decide whether an output is right. Built-in ones compare; custom ones are programs run in the sandbox."""

from stepsmith.judge.checkers.builtin import (
    UnreadableError,
    check_checker,
    check_expected,
    compare,
    is_custom,
    judges_texts,
)
from stepsmith.judge.checkers.custom import custom_kind, run_custom, run_pass
from stepsmith.judge.checkers.result import CheckResult

__all__ = [
    "CheckResult",
    "UnreadableError",
    "check_checker",
    "check_expected",
    "compare",
    "custom_kind",
    "is_custom",
    "judges_texts",
    "run_custom",
    "run_pass",
]
