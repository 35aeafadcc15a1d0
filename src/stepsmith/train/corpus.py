"""The problems that a stage trains on and is evaluated on. Held-out compositions are never trained on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from stepsmith.core.errors import ConfigError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Problem
from stepsmith.judge.protocol import Judge
from stepsmith.store.dataset import read_problems
from stepsmith.store.problem_sets import problem_files
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.synth.grammar.composition import Composition
from stepsmith.train.ablations import shape
from stepsmith.train.settings import TrainConfig


@dataclass(slots=True)
class Corpus:
    """The problems of a stage, by use; ``left_out`` counts those that are not used, by reason."""

    train: list[Problem]
    real: set[str]  # ids of the problems in ``train`` that people wrote
    held_out: list[Problem]
    left_out: Counter[str] = field(default_factory=Counter)
    sets: dict[str, str] = field(default_factory=dict)  # id of a held-out problem -> the name of its set

    @property
    def id(self) -> str:
        """Content id of everything that is trained on."""
        return content_id("data", [problem.id for problem in self.train], sorted(self.real))


class Halves(NamedTuple):
    """Problems to train on and problems to measure on; no composition is in both."""

    train: list[Problem]
    test: list[Problem]


def read_corpus(config: TrainConfig, judge: Judge) -> Corpus:
    """Read the problem files of a stage and make its exercises. Raises ``ConfigError`` for files that cannot be used.

    ``judge`` runs the programs from which exercises of the other environments are derived.
    """
    share = config.data.held_out
    stage = config.sft if config.stage == "sft" else config.rl
    made = list(problems_of(config.data.problems))
    people = list(problems_of(config.data.real))
    corpus = Corpus(train=[], real=set(), held_out=[])
    seen: set[str] = set()
    for problem in (*made, *people):
        if problem.id in seen:
            corpus.left_out["twice in the data"] += 1
            continue
        seen.add(problem.id)
        (corpus.held_out if is_held_out(composition_of(problem), share) else corpus.train).append(problem)
    for settings in filter(None, (stage.exercises, stage.synthetic)):
        lessons = _made(settings, share, judge, "lessons")
        # There are few short compositions, so exercises repeat. SFT keeps the repetitions; RL uses each problem once.
        corpus.train += lessons if config.stage == "sft" else _once(lessons, seen, corpus.left_out)
    corpus.train = shape(corpus.train, stage.ablation, config.seed, judge)
    corpus.real = {problem.id for problem in people} & {problem.id for problem in corpus.train}
    if config.eval.exercises:
        corpus.held_out += _held_out_exercises(config.eval.exercises, share, judge)
    for name, settings in config.eval.sets.items():
        members = list(_held_out_exercises(settings, share, judge))
        corpus.held_out += members
        corpus.sets |= {problem.id: name for problem in members}
    return corpus


_MADE: dict[tuple[bytes, float, str], tuple[Problem, ...]] = {}  # the last MOST_MADE sets of exercises
MOST_MADE = 4  # the stages of a study train on, and are evaluated on, parts of the same exercises


def _made(settings: ExerciseSettings, share: float, judge: Judge, use: Literal["lessons", "held out"]) -> list[Problem]:
    """Make exercises, or return those that were made before: the same settings give the same ones."""

    def wanted(composition: Composition) -> bool:
        held_out = is_held_out(_features(composition), share)
        return not held_out if use == "lessons" else held_out or len(composition.steps) == 1

    key = msgspec.json.encode(settings), share, use
    made = _MADE.pop(key, None) or tuple(exercises(settings, wanted, judge=judge))
    _MADE[key] = made
    if len(_MADE) > MOST_MADE:
        del _MADE[next(iter(_MADE))]
    return list(made)


def problems_of(places: Sequence[str]) -> Iterable[Problem]:
    """Yield the problems of ``places``: folders of ``stepsmith synth`` or Parquet files."""
    for place in places:
        for file in problem_files(Path(place)):
            yield from read_problems(file)


def is_held_out(features: Sequence[str], share: float) -> bool:
    """Return whether a composition is held out: its features in order are hashed, without their parameters.

    ``share`` (0 to 1) of the compositions are held out. A composition of one feature never is, because the policy must
    see every feature in training.
    """
    if len(features) < 2:
        return False
    return int(content_id("held-out", list(features))[-8:], 16) / 16**8 < share


def composition_of(problem: Problem) -> list[str]:
    """Return the features of a problem; without features, its chain, so that a chain is held out as a whole."""
    return [use.name for use in problem.features] or ["chain", problem.lineage.chain_id]


def _once(problems: Iterable[Problem], seen: set[str], left_out: Counter[str]) -> Iterable[Problem]:
    for problem in problems:
        if problem.id in seen:
            left_out["twice in the data"] += 1
        else:
            seen.add(problem.id)
            yield problem


def _held_out_exercises(settings: ExerciseSettings, share: float, judge: Judge) -> Iterable[Problem]:
    """Make held-out exercises, and exercises of one feature, which training sees with other parameters or inputs."""
    if share == 0:
        raise ConfigError("eval.exercises needs data.held_out above 0: with 0, no exercise is held out")
    return _made(settings, share, judge, "held out")


def _features(composition: Composition) -> list[str]:
    return [step.feature for step in composition.steps]
