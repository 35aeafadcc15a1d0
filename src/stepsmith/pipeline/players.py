"""Who plays in a run: the names in a configuration, and who they stand for.

``TEACHERS`` and ``STUDENTS`` are the offline twins. Every other name is a model behind an endpoint: a table
``[models.NAME]``, or an address.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.judge.program import RunningJudge
from stepsmith.judge.protocol import Judge
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.models import Meter, Models, check_models, is_address, with_addresses_named
from stepsmith.synth.draft import Student, Teacher
from stepsmith.synth.offline import OfflineTeacher
from stepsmith.synth.simulated import SimulatedStudent

if TYPE_CHECKING:
    from stepsmith.pipeline.endpoint_players import EndpointPlayers

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


def settled(config: Config) -> Config:
    """Return ``config`` with every name resolved, after a check that its players exist and can play together.

    Addresses become models, and the version of the prompts is filled in, so that the result says what will be asked.
    Raises ``ConfigError``, and ``MachineError`` where the extra is missing.
    """
    synth = config.synth
    for role, name, twins in (("teacher", synth.teacher, TEACHERS), ("student", synth.student, STUDENTS)):
        if name not in twins and name not in config.models and not is_address(name):
            known = ", ".join([*twins, *sorted(config.models), "an address"])
            raise ConfigError(f"unknown {role} {name!r}; available: {known}.")
    asked = asked_models(config)
    if not asked:
        return config
    if synth.student in STUDENTS and synth.teacher not in TEACHERS:
        raise ConfigError("the simulated student attempts only the offline teacher's problems; name a --student.")
    if synth.solvers and synth.teacher in TEACHERS:
        raise ConfigError("solvers vote on the problems of a model; the offline teacher brings its own voters.")
    config, names = with_addresses_named(config, asked)
    config = msgspec.structs.replace(
        config,
        synth=msgspec.structs.replace(
            synth,
            teacher=names.get(synth.teacher, synth.teacher),
            student=names.get(synth.student, synth.student),
            solvers=tuple(names.get(name, name) for name in synth.solvers),
        ),
    )
    _keep_voters_apart(config)
    check_models(config, asked_models(config))
    version = _endpoint_players(config).prompts.version_of_all()
    config = msgspec.structs.replace(config, prompts=msgspec.structs.replace(config.prompts, version=version))
    if synth.method == "two-stage":
        config = msgspec.structs.replace(config, two_stage=config.two_stage.settled())
    return config


def asked_models(config: Config) -> list[str]:
    """Names of the models that a run asks; none where it is played offline."""
    names = [config.synth.teacher] * (config.synth.teacher not in TEACHERS)
    names += [config.synth.student] * (config.synth.student not in STUDENTS)
    return list(dict.fromkeys([*names, *config.synth.solvers]))


@dataclass(frozen=True, slots=True)
class Cast:
    """The teacher and the student of one chain, and what they spend."""

    teacher: Teacher
    student: Student
    meter: Meter


class Casting:
    """Makes the players of chains. ``models`` are open where some are asked."""

    def __init__(self, config: Config, judge: RunningJudge, models: Models | None) -> None:
        self._config = config
        self._judge = judge
        self._models = models
        self._endpoints = _endpoint_players(config) if models else None

    def cast(self) -> Cast:
        """Return fresh players with a meter of their own."""
        config, judge, meter, synth = self._config, self._judge, Meter(), self._config.synth
        if self._models is None or self._endpoints is None:
            return Cast(TEACHERS[synth.teacher](config), STUDENTS[synth.student](config, judge), meter)
        if synth.teacher in TEACHERS:
            teacher = TEACHERS[synth.teacher](config)
        else:
            solvers = [self._models.model(name, meter) for name in synth.solvers]
            teacher = self._endpoints.teacher(self._models.model(synth.teacher, meter), judge, solvers)
        if synth.student in STUDENTS:
            student = STUDENTS[synth.student](config, judge)
        else:
            student = self._endpoints.student(self._models.model(synth.student, meter))
        return Cast(teacher, student, meter)


def _keep_voters_apart(config: Config) -> None:
    """Refuse a student that also votes: those who settle the labels never measure difficulty."""
    student = config.models.get(config.synth.student)
    for name in config.synth.solvers:
        if student and config.models[name].weights == student.weights:
            raise ConfigError(
                f"{name!r} cannot be a solver and the student: who settles the outputs does not measure difficulty."
            )


def _endpoint_players(config: Config) -> "EndpointPlayers":
    # The one place where the extra `llm` comes in: imported here and not above, so that the base install runs.
    try:
        from stepsmith.pipeline.endpoint_players import EndpointPlayers
    except ModuleNotFoundError as missing:
        raise MachineError(f"models need the {missing.name} package: pip install 'stepsmith[llm]'") from None
    return EndpointPlayers(config)
