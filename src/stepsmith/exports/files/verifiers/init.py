"""Coding problems of Stepsmith as a task set."""

from .taskset import ProblemsTaskset

__all__ = ["ProblemsTaskset"]
