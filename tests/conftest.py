"""Fixtures that several folders share."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from stepsmith.judge.local import LocalJudge

# A loaded machine is slow, not wrong: no deadline per example, pytest-timeout still ends what hangs.
settings.register_profile("stepsmith", deadline=None)
settings.load_profile("stepsmith")


@pytest.fixture(scope="session")
def judge() -> Iterator[LocalJudge]:
    """One warm judge for all tests."""
    with LocalJudge() as judge:
        yield judge
