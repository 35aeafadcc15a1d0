"""Worked reasoning: true, without the answer's code block, and only where the grammar can write it."""

import msgspec
import pytest

from stepsmith.core.records import Environment
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.pool import JudgePool
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.synth.worked import worked_reasoning

PLACES: dict[Environment, float] = {"induction": 1.0, "deduction": 1.0, "abduction": 1.0}


@pytest.fixture(scope="module")
def problems():
    settings = ExerciseSettings(count=30, steps={"1": 1.0, "2": 1.0, "3": 1.0}, environments=PLACES)
    with JudgePool(1) as judge:
        return list(exercises(settings, judge=judge))


def test_the_reasoning_ends_with_what_the_program_returns(problems) -> None:
    for problem in problems:
        shown = (problem.examples or problem.tests)[0]
        *lines, last = worked_reasoning(problem).rstrip().splitlines()
        assert len(lines) == len(problem.features)  # a line of beginning, and all operations but the last
        assert last.endswith(shown.output)


def test_the_answer_after_it_is_still_read(problems) -> None:
    assert {problem.environment for problem in problems} == set(PLACES)
    for problem in problems:
        environment = ENVIRONMENTS[problem.environment]
        bare = environment.write(environment.golden(problem))
        with_reasoning = worked_reasoning(problem) + "\n" + bare
        assert environment.parse(problem, with_reasoning) == environment.parse(problem, bare) is not None


def test_what_the_grammar_did_not_write_has_no_reasoning(problems) -> None:
    foreign = msgspec.structs.replace(problems[0], provenance=())
    assert worked_reasoning(foreign) == ""
