"""Stepsmith: verified, difficulty-graded coding problems, and code models trained on them."""

__version__ = "0.1.0"
