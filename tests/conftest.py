"""Fixtures that several folders share."""

from collections.abc import Iterator

import pytest

from stepsmith.judge.local import LocalJudge


@pytest.fixture(scope="session")
def judge() -> Iterator[LocalJudge]:
    """One warm judge for all tests."""
    with LocalJudge() as judge:
        yield judge
