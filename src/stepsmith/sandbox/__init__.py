"""Run untrusted programs: a small fork server behind a socket, with isolation that is proved at its start.

This file is empty on purpose: the fork server imports modules of this package and must not import anything else.
"""
