"""Runs untrusted programs: a small fork server behind a socket, with isolation that is proved at start.

Kept empty on purpose: the fork server imports modules of this package, and nothing else may come along.
"""
