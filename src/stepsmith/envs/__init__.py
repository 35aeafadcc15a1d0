"""The environments, one file each: render a prompt, parse the answer, judge it."""

from stepsmith.core.records import Environment as EnvironmentName
from stepsmith.envs.abduction import Abduction
from stepsmith.envs.deduction import Deduction
from stepsmith.envs.environment import Answer, Environment
from stepsmith.envs.fuzzing import Fuzzing
from stepsmith.envs.induction import Induction

ENVIRONMENTS: dict[EnvironmentName, Environment] = {
    "induction": Induction(),
    "abduction": Abduction(),
    "deduction": Deduction(),
    "fuzzing": Fuzzing(),
}

__all__ = ["ENVIRONMENTS", "Answer", "Environment"]
