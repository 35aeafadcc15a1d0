from collections.abc import Iterator

import pytest

from stepsmith.judge.local import LocalJudge


@pytest.fixture(scope="package")
def judge() -> Iterator[LocalJudge]:
    with LocalJudge() as judge:
        yield judge
