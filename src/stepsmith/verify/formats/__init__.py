"""Formats: anybody's problems, read as ``VerifyProblem``."""
