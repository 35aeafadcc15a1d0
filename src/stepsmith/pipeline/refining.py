"""The teacher in the loop of RL: it refines problems that have become too easy or too hard for the policy.

every N steps: problems with a pass rate outside the band ─► attempts of the current policy ─► teacher.refine
    ─► not held out ─► built as in synthesis (labelled, admitted, rated by the policy) ─► new ─► pool, with lineage

Each round is written to a file before training continues. A resumed run starts with the problems that had joined the
pool before its checkpoint.
"""

import random
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stepsmith.core.errors import BudgetExceeded, ConfigError, EndpointError, RunFolderError, SandboxError
from stepsmith.core.ids import content_id, derive_rng
from stepsmith.core.records import Direction, Lineage, Problem, Record, Rejection
from stepsmith.curriculum import item_of
from stepsmith.curriculum.evidence import PassCounts
from stepsmith.judge.program import RunningJudge
from stepsmith.pipeline.building import Building, build_problem
from stepsmith.pipeline.config import Config, load_config, with_changes
from stepsmith.pipeline.executor import Executor, InProcess, LocalThreads
from stepsmith.pipeline.models import Models
from stepsmith.pipeline.rating import OF_POLICY, rate
from stepsmith.pipeline.roles import RoleFactory, Roles, asked_models, resolve_config
from stepsmith.scoring.scorer import Scorer
from stepsmith.store.folder_lock import write_whole
from stepsmith.synth.draft import Draft
from stepsmith.train.corpus import is_held_out
from stepsmith.train.settings import TeacherSettings, TrainConfig
from stepsmith.train.student import POLICY, PolicyStudent

if TYPE_CHECKING:
    from stepsmith.train.policy import Policy
    from stepsmith.train.rl import RlTrainer

REFINED, TEACHER = "refined.jsonl", "teacher.json"  # in the folder of the run
IN_TRAINING = f"{POLICY}in training"
ENOUGH = 0.5  # weight of observed groups (older ones count less) from which a pass rate is trusted; our choice
JOINED = "joined"


class Round(Record, frozen=True, kw_only=True):
    """The problems that the teacher got after a step, by id, each with its result: JOINED, or why not."""

    step: int
    outcomes: dict[str, str]
    joined: tuple[Problem, ...]


class _Setting(Record, frozen=True, kw_only=True):
    """The teacher's settings in a run. ``run`` is the run's name in the ledger of model costs."""

    run: str
    config: object  # the settings that the new problems depend on


@dataclass(frozen=True, slots=True)
class _Chosen:
    """A problem for the teacher: its draft, and the pass rate that training observed."""

    problem: Problem
    draft: Draft
    counts: PassCounts


class Rounds:
    """The recorded rounds of a run. Rounds after step ``done`` are dropped, because the run resumes from that step."""

    def __init__(self, folder: Path, done: int) -> None:
        self._path = folder / REFINED
        lines = self._path.read_bytes().splitlines() if self._path.exists() else []
        try:
            rounds = [msgspec.json.decode(line, type=Round) for line in lines]
        except msgspec.DecodeError as error:
            raise RunFolderError(f"{self._path}: {error}; choose another --out to start again") from None
        self.past = [past for past in rounds if past.step <= done]

    def add(self, made: Round) -> None:
        """Append a round to the file."""
        self.past.append(made)
        write_whole(self._path, b"".join(msgspec.json.encode(past) + b"\n" for past in self.past))

    def times(self) -> Counter[str]:
        """Return how many times the teacher got each problem."""
        return Counter(problem_id for past in self.past for problem_id in past.outcomes)


class Refinement:
    """The teacher of one run. ``pool`` holds the problems to train on, with those that joined before step ``done``."""

    def __init__(
        self,
        config: TrainConfig,
        policy: "Policy",
        rounds: Rounds,
        pool: Sequence[Problem],
        held_out: Sequence[Problem],
        synth: Config,
        judge: RunningJudge,
        models: Models | None,
    ) -> None:
        self._config, self._settings, self._policy, self._rounds = config, config.rl.teacher, policy, rounds
        self._synth, self._judge = synth, judge
        self._student = PolicyStudent(policy, IN_TRAINING, temperature=config.rl.temperature)
        self._role_factory = RoleFactory(synth, judge, models, self._student)
        self._executor: Executor = LocalThreads(synth.runtime.chains_at_once) if models else InProcess()
        self.joined = [problem for past in rounds.past for problem in past.joined]
        self.pool = [*pool, *self.joined]
        self._known = {_identity(problem) for problem in (*self.pool, *held_out)}
        self._spent = False

    @property
    def spare(self) -> int:
        """How many problems may still join the pool, in all rounds that are left."""
        rounds = (self._config.rl.steps - 1) // self._settings.every
        return rounds * self._settings.problems

    def teach(self, step: int, trainer: "RlTrainer") -> str:
        """Refine problems after ``step`` with the current weights; return a line that reports the result.

        If the teacher fails on a problem, the others are not affected.
        """
        if self._spent:
            return ""
        chosen = self._worst(trainer)
        if not chosen:
            return f"step {step}: no problem for the teacher: all are in the band, or have too few attempts to tell"
        found = dict(self._executor.map(lambda one: (one.problem.id, self._refined(step, one)), chosen))
        outcomes: dict[str, str] = {}
        joined: list[Problem] = []
        for one in chosen:  # in this order, whichever was finished first
            result = found[one.problem.id]
            if isinstance(result, Problem):
                new = _identity(result) not in self._known
                outcomes[one.problem.id] = JOINED if new else "already there"
                joined += [result] * new
                self._known.add(_identity(result))
            elif isinstance(result, str):
                outcomes[one.problem.id] = result
        failures = [result for result in found.values() if isinstance(result, Exception)]
        self._spent = any(isinstance(failure, BudgetExceeded) for failure in failures)
        self._join(Round(step=step, outcomes=outcomes, joined=tuple(joined)), trainer)
        counts = Counter([*outcomes.values(), *["the teacher failed"] * len(failures)])
        words = ", ".join(
            f"{count} {outcome}" for outcome, count in sorted(counts.items(), key=lambda c: (c[0] != JOINED, c))
        )
        first = f" ({failures[0]})" if failures else ""
        end = "; training continues without the teacher" if self._spent else ""
        return f"step {step}: of {len(chosen)} problems given to the teacher, {words}{first}{end}"

    def _worst(self, trainer: "RlTrainer") -> list[_Chosen]:
        """Choose the problems that are farthest outside the band; problems that were refined before come last.

        A problem that has a refinement in the pool is not chosen again; the refinement may be chosen instead.
        """
        sampler, settings = trainer.sampler, self._settings
        enough = ENOUGH * self._config.rl.group_size
        times = self._rounds.times()
        parents = {problem.lineage.parent_id for problem in self.joined}
        found = []
        for problem in self.pool:
            counts = sampler.evidence.counts(problem.id, sampler.progress)
            off = round(
                max(settings.low - counts.rate, counts.rate - settings.high), 6
            )  # rounded, so that rates 0 and 1 are equally far
            if counts.attempts >= enough and off > 0 and problem.id not in parents:
                found.append((times[problem.id], -off, -counts.attempts, problem.id, problem, counts))
        chosen: list[_Chosen] = []
        for *_, problem, counts in sorted(found, key=lambda one: one[:4]):
            draft = self._role_factory.draft_from_problem(problem)
            if draft is not None and len(chosen) < settings.problems:
                chosen.append(_Chosen(problem, draft, counts))
        return chosen

    def _refined(self, step: int, chosen: _Chosen) -> Problem | str | Exception:
        """Return the new problem, or the reason why there is none, or the exception of the teacher."""
        rng = derive_rng(self._config.seed, "refine", step, chosen.problem.id)
        try:
            return self._built(chosen, self._role_factory.make(), rng)
        except (EndpointError, BudgetExceeded, SandboxError) as failure:
            return failure

    def _built(self, chosen: _Chosen, roles: Roles, rng: random.Random) -> Problem | str:
        parent, settings = chosen.problem, self._settings
        scorer = Scorer(self._judge)
        rating = rate(roles.student, chosen.draft, parent, settings.attempts, scorer, rng, OF_POLICY)
        shown = (chosen.counts.passes + rating.rate.passes) / (chosen.counts.attempts + rating.rate.attempts)
        if settings.low <= shown <= settings.high:
            return "back in the band"
        direction: Direction = "harder" if shown > settings.high else "easier"
        draft = roles.teacher.refine(chosen.draft, rating.feedback, direction, rng)
        lineage = Lineage(
            chain_id=parent.lineage.chain_id,
            turn=parent.lineage.turn + 1,
            parent_id=parent.id,
            change=draft.change,
            direction=draft.direction,
            seed_ref=parent.lineage.seed_ref,
            seed_license=parent.lineage.seed_license,
        )
        sketch = draft.write((), parent.golden, lineage)  # only to read its composition; nothing has been run yet
        if is_held_out([use.name for use in sketch.features], self._config.data.held_out):
            return "held out"
        build = Building(draft, lineage, self._synth, self._judge, scorer, rng)
        result = build_problem(build, roles.student, roles.strong_solver).result
        if isinstance(result, Rejection):
            return result.reason
        room = self._policy.context - self._config.rl.max_completion_length
        length = len(self._policy.encode(self._policy.prompt(result)))
        return result if length <= min(room, self._config.data.max_prompt_length) else "prompt too long"

    def _join(self, made: Round, trainer: "RlTrainer") -> None:
        trainer.between_steps = False  # no checkpoint in here: the pool and the record must agree
        self._rounds.add(made)
        trainer.take(made.joined)
        trainer.sampler.add(item_of(problem) for problem in made.joined)
        trainer.new_problems += len(made.joined)
        self.joined += made.joined
        self.pool += made.joined
        trainer.between_steps = True


@contextmanager
def refinement(
    config: TrainConfig,
    folder: Path,
    policy: "Policy",
    pool: Sequence[Problem],
    held_out: Sequence[Problem],
    judge: RunningJudge,
    done: int,
) -> Iterator[Refinement]:
    """Open the teacher of a run that has done ``done`` steps.

    Raises ``ConfigError``, and ``RunFolderError`` if the run was started with another teacher.
    """
    synth = teaching(config.rl.teacher)
    run, names = _claimed(folder, synth), asked_models(synth)
    with ExitStack() as opened:
        models = opened.enter_context(Models(synth, names, run)) if names else None
        yield Refinement(config, policy, Rounds(folder, done), pool, held_out, synth, judge, models)


def teaching(settings: TeacherSettings) -> Config:
    """Return the synthesis configuration with which new problems are made. Raises ``ConfigError``."""
    config = with_changes(
        load_config(Path(settings.config) if settings.config else None),
        workers=None,
        allow_unsafe=None,
        synth={"teacher": settings.teacher, "student": IN_TRAINING, "attempts": settings.attempts},
        rating=msgspec.structs.asdict(OF_POLICY),
    )
    if config.synth.method == "two-stage":
        raise ConfigError(
            "rl.teacher: the two-stage method cannot refine the problems of others; use the method teacher-student"
        )
    runtime = msgspec.structs.replace(config.runtime, policy=IN_TRAINING)
    return resolve_config(msgspec.structs.replace(config, runtime=runtime))


def _claimed(folder: Path, synth: Config) -> str:
    """Return the run's name in the ledger; it stays the same after an interruption."""
    path, wanted = folder / TEACHER, msgspec.to_builtins(synth.fingerprint_fields())
    if not path.exists():
        setting = _Setting(run=uuid.uuid4().hex, config=wanted)
        write_whole(path, msgspec.json.format(msgspec.json.encode(setting), indent=1))
        return setting.run
    setting = msgspec.json.decode(path.read_bytes(), type=_Setting)
    if content_id("cfg", setting.config) != content_id("cfg", msgspec.json.decode(msgspec.json.encode(wanted))):
        raise RunFolderError(f"{folder} was started with another teacher (see {TEACHER}); restore rl.teacher.config")
    return setting.run


def _identity(problem: Problem) -> tuple[str, str]:
    """Return environment and golden program: problems that agree in both teach the same, whatever their tests."""
    return problem.environment, problem.golden.id
