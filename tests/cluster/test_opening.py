import pytest

from stepsmith.cluster.opening import open_executor, open_judge
from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Contract, Solution, Verdict
from stepsmith.core.records import TestCase as Case


def test_here_a_judge_is_a_pool() -> None:
    with open_judge(workers=1) as (judge, at_once):
        solution = Solution(language="python", code="print(1)")
        assert judge.judge(solution, Contract(interface="stdio"), [Case(input="", output="1")]).verdict is Verdict.AC
        assert at_once == 1


def test_here_work_runs_in_threads() -> None:
    with open_executor("local", 1) as executor:
        assert next(iter(executor.map(lambda judge, item: (judge.isolation, item), [5])))[1] == 5


def test_an_unknown_executor_is_refused() -> None:
    with pytest.raises(ConfigError), open_judge("slurm"):
        pass
    with pytest.raises(ConfigError), open_executor("slurm", 1):
        pass
