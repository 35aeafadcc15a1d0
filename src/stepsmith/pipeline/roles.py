"""The roles of a run: the teacher, student and solvers that the names in a configuration stand for.

``TEACHERS`` and ``STUDENTS`` are those that work offline. Every other name is a model behind an endpoint: a table
``[models.NAME]`` or an address. A student may also be the folder of a trained policy.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.core.records import Problem
from stepsmith.judge.program import RunningJudge
from stepsmith.judge.protocol import Judge
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.models import Meter, OpenModels, check_models, is_address, with_addresses_named
from stepsmith.synth.draft import Draft, Student, Teacher
from stepsmith.synth.offline import OfflineTeacher, draft_from_problem
from stepsmith.synth.simulated import SimulatedStudent
from stepsmith.synth.two_stage.settings import tree_at
from stepsmith.train.student import POLICY, PolicyStudent, policy_name

if TYPE_CHECKING:
    from stepsmith.pipeline.endpoint_roles import EndpointRoles

TEACHERS: dict[str, Callable[[Config], Teacher]] = {
    "offline": lambda config: OfflineTeacher(
        profile=config.synth.profile,
        styles=dict(config.synth.styles),
        voters=config.voters.candidates,
        voter_skill=config.simulated.better_by(config.voters.skill_bonus),
    ),
}
STUDENTS: dict[str, Callable[[Config, Judge], Student]] = {
    "simulated": lambda config, judge: SimulatedStudent(config.simulated, judge),
}


def resolve_config(config: Config) -> Config:
    """Return ``config`` with every name resolved, after a check that its roles exist and fit together.

    Addresses become models, and the version of the prompts is filled in. Raises ``ConfigError``, and ``MachineError``
    if the extra ``llm`` or ``train`` is needed and missing.
    """
    config = _with_policy_named(config)
    synth = config.synth
    for role, name, twins in (("teacher", synth.teacher, TEACHERS), ("student", synth.student, STUDENTS)):
        trained = role == "student" and is_policy(config)
        if name not in twins and name not in config.models and not is_address(name) and not trained:
            more = ["an address", *["the folder of a trained policy"] * (role == "student")]
            known = ", ".join([*twins, *sorted(config.models), *more])
            raise ConfigError(f"unknown {role} {name!r}; available: {known}")
    if synth.method == "two-stage" and synth.teacher in TEACHERS:
        raise ConfigError("the two-stage method needs a model as teacher; name one with --teacher")
    asked = asked_models(config)
    if not asked:
        return config
    if synth.student in STUDENTS and synth.teacher not in TEACHERS:
        raise ConfigError(
            "the simulated student attempts only the offline teacher's problems; name another with --student"
        )
    if synth.solvers and synth.teacher in TEACHERS:
        raise ConfigError("solvers vote only on the problems of a model; the offline teacher has its own voters")
    config, names = with_addresses_named(config, asked)
    config = msgspec.structs.replace(
        config,
        synth=msgspec.structs.replace(
            synth,
            teacher=names.get(synth.teacher, synth.teacher),
            student=names.get(synth.student, synth.student),
            solvers=tuple(names.get(name, name) for name in synth.solvers),
            strong_solver=names.get(synth.strong_solver, synth.strong_solver),
        ),
    )
    student = config.models.get(config.synth.student)
    if student and student.batch:  # each step of the attempts would wait for a batch of its own
        config = msgspec.structs.replace(config, rating=msgspec.structs.replace(config.rating, adaptive=False))
    _keep_voters_apart(config)
    check_models(config, asked_models(config))
    version = endpoint_roles(config).prompts.version_of_all()
    config = msgspec.structs.replace(config, prompts=msgspec.structs.replace(config.prompts, version=version))
    if synth.method == "two-stage":
        config = msgspec.structs.replace(config, two_stage=config.two_stage.resolve(tree_at(config.runtime.tree)))
    return config


def asked_models(config: Config) -> list[str]:
    """Return the names of the models that a run asks; none if the run is offline."""
    names = [config.synth.teacher] * (config.synth.teacher not in TEACHERS)
    names += [config.synth.student] * (config.synth.student not in STUDENTS and not is_policy(config))
    names += config.synth.solvers
    names += [config.synth.strong_solver] * bool(config.synth.strong_solver)
    return list(dict.fromkeys(names))


def is_policy(config: Config) -> bool:
    """Return whether the student of a resolved configuration is a trained policy."""
    return config.synth.student.startswith(POLICY)


def _with_policy_named(config: Config) -> Config:
    """Return ``config`` with the folder of a policy as student replaced by its name. Raises ``ConfigError``."""
    given = config.synth.student
    if is_policy(config) and not config.runtime.policy:
        raise ConfigError(f"the folder of the student {given!r} is not known; give the folder as --student")
    if is_policy(config) or given in STUDENTS or given in config.models or is_address(given):
        return config
    folder = Path(given).expanduser()
    if not folder.is_dir():
        if os.sep in given:
            raise ConfigError(f"there is no folder {given}; give --student the folder of a training run or a model")
        return config
    if absent := [name for name in ("torch", "transformers") if find_spec(name) is None]:
        raise MachineError(f"a policy as student needs the package {absent[0]}; run pip install 'stepsmith[train]'")
    synth = msgspec.structs.replace(config.synth, student=policy_name(folder))
    runtime = msgspec.structs.replace(config.runtime, policy=str(folder.resolve()))
    return msgspec.structs.replace(config, synth=synth, runtime=runtime)


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of one chain, with a meter of their usage. ``strong_solver`` attempts problems like a student."""

    teacher: Teacher
    student: Student
    meter: Meter
    strong_solver: Student | None = None


class RoleFactory:
    """Makes the roles of chains. ``models`` are the open models of the run, None if it asks none.

    A policy is loaded once, for the first chain. ``student`` replaces the configured student.
    """

    def __init__(
        self, config: Config, judge: RunningJudge, models: OpenModels | None, student: Student | None = None
    ) -> None:
        self._student = student
        self._loading = threading.Lock()
        self._config = config
        self._judge = judge
        self._models = models
        self._endpoints = endpoint_roles(config) if models else None

    def make(self) -> Roles:
        """Return new roles with a meter of their own."""
        config, judge, meter, synth = self._config, self._judge, Meter(), self._config.synth
        with self._loading:
            if self._student is None and is_policy(config):
                self._student = PolicyStudent.open(Path(config.runtime.policy))
        if self._models is None or self._endpoints is None:
            student = self._student or STUDENTS[synth.student](config, judge)
            return Roles(TEACHERS[synth.teacher](config), student, meter)
        if synth.teacher in TEACHERS:
            teacher = TEACHERS[synth.teacher](config)
        else:
            solvers = [self._models.model(name, meter) for name in synth.solvers]
            teacher = self._endpoints.teacher(self._models.model(synth.teacher, meter), judge, solvers)
        if self._student:
            student = self._student
        elif synth.student in STUDENTS:
            student = STUDENTS[synth.student](config, judge)
        else:
            student = self._endpoints.student(self._models.model(synth.student, meter))
        strong = None
        if synth.strong_solver:
            strong = self._endpoints.strong_solver(self._models.model(synth.strong_solver, meter))
        return Roles(teacher, student, meter, strong)

    def draft_from_problem(self, problem: Problem) -> Draft | None:
        """Return the draft that a problem was made from; None if the teacher cannot refine this problem."""
        if self._endpoints is None or self._config.synth.teacher in TEACHERS:
            return draft_from_problem(problem)
        return self._endpoints.draft_from_problem(problem)


def _keep_voters_apart(config: Config) -> None:
    """Refuse a student or a strong solver that also votes: a model that votes must not measure the difficulty.

    Deep Dive's teacher may be its own student: if nobody else votes, its program defines the outputs.
    """
    synth, models = config.synth, config.models
    two_stage = synth.method == "two-stage"
    alone = [synth.teacher] * (two_stage and not synth.solvers)  # then the teacher also writes the solutions
    beside = [synth.teacher] * (not two_stage and bool(synth.solvers) and synth.teacher in models)
    for role, name, voters in (
        ("student", synth.student, [*synth.solvers, *alone]),
        ("strong solver", synth.strong_solver, [*synth.solvers, *alone, *beside]),
    ):
        measuring = models.get(name)
        for voter in voters:
            if measuring and models[voter].weights == measuring.weights:
                raise ConfigError(
                    f"{voter!r} votes on the outputs, so it cannot also be the {role}, which measures difficulty; "
                    f"name another {role}, or solvers that are neither teacher nor {role}"
                )
    student, strong = models.get(synth.student), models.get(synth.strong_solver)
    if student and strong and (student.weights, student.sampling) == (strong.weights, strong.sampling):
        raise ConfigError(
            f"the strong solver {synth.strong_solver!r} would repeat the student's attempts; choose another model, or "
            "a [models.NAME] table with other sampling settings"
        )


def endpoint_roles(config: Config) -> "EndpointRoles":
    """Return the maker of roles around models. Raises ``MachineError`` where the extra is missing."""
    # The only import of the extra `llm`. It is here and not at the top, so that the base install works without it.
    try:
        from stepsmith.pipeline.endpoint_roles import EndpointRoles
    except ModuleNotFoundError as missing:
        raise MachineError(f"models need the package {missing.name}; run pip install 'stepsmith[llm]'") from None
    return EndpointRoles(config)
