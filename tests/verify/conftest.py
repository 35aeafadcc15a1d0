import pytest
from expression_judge import ExpressionJudge

from stepsmith.core.records import Checker, Contract


@pytest.fixture
def judge() -> ExpressionJudge:
    return ExpressionJudge()


@pytest.fixture
def contract() -> Contract:
    return Contract(interface="function", entry_point="f", checker=Checker(name="literal"))
