"""Our own problems for rehearsals are whole ones."""

import pytest

from stepsmith.core.records import Environment, Verdict
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.local import LocalJudge
from stepsmith.pipeline.rehearsal import stock_problem
from stepsmith.pipeline.stock import stock_draft
from stepsmith.synth.llm.gates import property_fault, run_twice


@pytest.mark.parametrize("environment", list(ENVIRONMENTS))
def test_a_stock_problem_passes_the_teachers_gates(judge: LocalJudge, environment: Environment) -> None:
    draft = stock_draft(environment)
    assert draft.reply is not None
    runs, fault = run_twice(judge, draft.program, draft.reply.inputs)
    assert fault is None
    assert tuple(run.output for run in runs[:5]) == draft.outputs
    if environment == "fuzzing":
        assert property_fault(judge, draft.reply, draft.outputs) == (draft.counterexample, None)
    problem = stock_problem(environment)
    rules = ENVIRONMENTS[environment]
    assert rules.judge(judge, problem, rules.golden(problem)).verdict is Verdict.AC
    assert rules.parse(problem, rules.write(rules.golden(problem))) == rules.golden(problem)
    assert stock_problem(environment) == problem
