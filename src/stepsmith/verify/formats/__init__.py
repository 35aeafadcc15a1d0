"""Formats: problems of published data sets and packages, read as ``VerifyProblem``."""
