from collections.abc import Iterator

import pytest

from stepsmith.core.records import Checker, Contract
from stepsmith.judge.local import LocalJudge
from tests.verify.expression_judge import ExpressionJudge


@pytest.fixture
def judge() -> ExpressionJudge:
    return ExpressionJudge()


@pytest.fixture
def contract() -> Contract:
    return Contract(interface="function", entry_point="f", checker=Checker(name="literal"))


@pytest.fixture(scope="session")
def local_judge() -> Iterator[LocalJudge]:
    with LocalJudge() as judge:
        yield judge
