"""Votes over the execution matrix, golden selection, admission gates."""
