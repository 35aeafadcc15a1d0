"""What a stage is trained and evaluated on: problem sets and exercises, with the held-out compositions kept apart."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

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
    """Problems by use; ``left_out`` counts those that could not be used, by reason."""

    train: list[Problem]
    real: set[str]  # ids of the problems in ``train`` that people wrote
    held_out: list[Problem]
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def id(self) -> str:
        """Content id of everything that is trained on."""
        return content_id("data", [problem.id for problem in self.train], sorted(self.real))


class Halves(NamedTuple):
    """Problems to train on and problems to measure on; no composition is in both."""

    train: list[Problem]
    test: list[Problem]


def read_corpus(config: TrainConfig, judge: Judge) -> Corpus:
    """Read and make the problems of a stage. Raises ``ConfigError`` for files that cannot be used.

    ``judge`` makes exercises of the environments that ask for values.
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
    if stage.exercises:
        lessons = exercises(stage.exercises, lambda c: not is_held_out(_features(c), share), judge=judge)
        # The first lessons repeat themselves (there are few short compositions); for RL every problem counts once.
        corpus.train += lessons if config.stage == "sft" else _once(lessons, seen, corpus.left_out)
    corpus.train = shape(corpus.train, stage.ablation, config.seed, judge)
    corpus.real = {problem.id for problem in people} & {problem.id for problem in corpus.train}
    if config.eval.exercises:
        corpus.held_out += _held_out_exercises(config.eval.exercises, share, judge)
    return corpus


def problems_of(places: Sequence[str]) -> Iterable[Problem]:
    """Yield the problems of folders of ``stepsmith synth`` or Parquet files."""
    for place in places:
        for file in problem_files(Path(place)):
            yield from read_problems(file)


def is_held_out(features: Sequence[str], share: float) -> bool:
    """Say whether a composition is held out: by a hash over its features in order, whatever their parameters.

    Compositions of one feature never are: without them no operation would be known.
    """
    if len(features) < 2:
        return False
    return int(content_id("held-out", list(features))[-8:], 16) / 16**8 < share


def composition_of(problem: Problem) -> list[str]:
    """Return what a problem is composed of; one that does not say is told by its chain, which stays together."""
    return [use.name for use in problem.features] or ["chain", problem.lineage.chain_id]


def _once(problems: Iterable[Problem], seen: set[str], left_out: Counter[str]) -> Iterable[Problem]:
    for problem in problems:
        if problem.id in seen:
            left_out["twice in the data"] += 1
        else:
            seen.add(problem.id)
            yield problem


def _held_out_exercises(settings: ExerciseSettings, share: float, judge: Judge) -> Iterable[Problem]:
    """Held-out exercises, and those of one feature, which training has seen with other parameters or inputs."""
    if share == 0:
        raise ConfigError("eval.exercises needs data.held_out above 0: there would be nothing held out to measure on")
    return exercises(
        settings,
        lambda c: len(c.steps) == 1 or is_held_out(_features(c), share),
        judge=judge,
    )


def _features(composition: Composition) -> list[str]:
    return [step.feature for step in composition.steps]
