"""Training from problems to a policy: corpus, model, measurement before, SFT or RL, measurement after.

One folder per run, resumed from its last checkpoint. Everything that needs torch is imported when a run begins, so that
the command line starts without it.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.core.records import Problem
from stepsmith.curriculum import Sampler, Schedule, item_of, load_curriculum
from stepsmith.curriculum.library import AnyCurriculum
from stepsmith.judge.pool import JudgePool
from stepsmith.pipeline.machine import device_name, library_versions, peak_memory_mb
from stepsmith.pipeline.refining import Refinement, refinement, teaching
from stepsmith.store.folder_lock import CONFIG, FolderLock, write_whole
from stepsmith.store.training_log import MODEL, TRAINING, EvalResult, Step, Training, TrainingLog, read_training
from stepsmith.train.ablations import select
from stepsmith.train.corpus import Corpus, read_corpus
from stepsmith.train.grading import Grader
from stepsmith.train.settings import RlSettings, TrainConfig

if TYPE_CHECKING:
    from transformers import TrainerCallback

    from stepsmith.train.policy import Policy
    from stepsmith.train.rl import RlTrainer

CHECKPOINTS, ATTEMPTS = "checkpoints", "attempts"


class TrainObserver(Protocol):
    """Someone who watches a training run."""

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        """Training starts, or goes on after ``done`` steps of ``steps``."""
        ...

    def stepped(self, step: Step) -> None:
        """A step was logged."""
        ...

    def measured(self, measurement: EvalResult) -> None:
        """The policy was measured on held-out problems."""
        ...

    def note(self, text: str) -> None:
        """Something that takes a while begins, or something is worth knowing."""
        ...


def train(config: TrainConfig, folder: Path, observer: TrainObserver, *, resume: bool = False) -> Training:
    """Run (or resume) a training into ``folder`` and return its manifest; the policy is in ``folder/model``.

    Raises ``UserError`` for what the user can mend, ``SandboxError`` when the judge is gone and ``TrainingError`` when
    the loss is no number; the last checkpoint stays, and ``resume`` goes on from it.
    """
    _check(config)
    if resume and (folder / TRAINING).exists():
        return read_training(folder)
    from stepsmith.train.running import check_reporting, is_first, quiet_libraries, together

    quiet_libraries()
    check_reporting(config.report_to)
    first = is_first()
    workers = config.judges or max(1, len(os.sched_getaffinity(0)) // _processes())
    claim = (
        FolderLock(folder, config.fingerprint_fields(), started=CONFIG, finished=TRAINING, resume=resume)
        if first
        else None
    )
    together()
    try:
        with (
            JudgePool(workers, config.isolation, config.allow_unsafe) as judge,
            Grader(judge, config.rl.grading, workers=workers) as grader,
        ):
            return _Run(config, folder, observer if first else _Nobody(), judge, grader, first=first).train()
    finally:
        if claim:
            claim.close()


class _Nobody:
    """Who watches the other processes of a launch."""

    def started(self, config: TrainConfig, problems: int, held_out: int, steps: int, done: int) -> None:
        """Look away."""

    def stepped(self, step: Step) -> None:
        """Look away."""

    def measured(self, measurement: EvalResult) -> None:
        """Look away."""

    def note(self, text: str) -> None:
        """Look away."""


class _Run:
    """One training run, while it lasts; of several processes the ``first`` does what is done once."""

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        observer: TrainObserver,
        judge: JudgePool,
        grader: Grader,
        *,
        first: bool,
    ) -> None:
        self.config, self.folder, self.observer, self.first = config, folder, observer, first
        self.judge, self.grader = judge, grader
        self.log = TrainingLog(folder)
        self.checkpoints = folder / CHECKPOINTS
        self.attempts = Path(config.attempts) if config.attempts else folder / ATTEMPTS
        self.spent: dict[str, float] = {}
        self.tokens = 0.0

    def train(self) -> Training:
        """Do it."""
        from stepsmith.train.running import last_checkpoint, step_of, together

        config, started = self.config, time.monotonic()
        steps = config.sft.steps if config.stage == "sft" else config.rl.steps
        self.observer.note("reading and making problems")
        with self._timed("make"):
            corpus = read_corpus(config, self.judge)
            policy = self._policy(corpus)
            self._fit(corpus, policy)
        held_out = _spread(corpus.held_out, config.measure.problems)
        checkpoint = last_checkpoint(self.checkpoints)
        done = step_of(checkpoint) if checkpoint else 0
        if self.first:
            self.log.cut_after(done if checkpoint else -1)
        before = self.spent["train"] = self.log.seconds()
        self.observer.started(config, len(corpus.train), len(held_out), steps, done)
        if not checkpoint:
            self._measure(policy, held_out, 0)
        stage = self._sft if config.stage == "sft" else self._rl
        stage(corpus, policy, held_out, checkpoint)
        self._measure(policy, held_out, steps)
        if not self.first:
            together()
            return read_training(self.folder)
        policy.save(self.folder / MODEL)
        manifest = Training(
            stage=config.stage,
            versions=library_versions(),
            config=msgspec.Raw(msgspec.json.encode(config)),
            seed=config.seed,
            data_id=corpus.id,
            problems=len(corpus.train),
            held_out=len(held_out),
            left_out=dict(corpus.left_out),
            start_model=config.model.path or "from scratch",
            parameters=policy.parameters,
            device=device_name(),
            steps=steps,
            seconds=round(before + time.monotonic() - started, 1),
            tokens=self.tokens,
            spent={part: round(seconds, 2) for part, seconds in self.spent.items()},
            isolation=self.judge.isolation,
            peak_memory_mb=peak_memory_mb(),
        )
        write_whole(self.folder / TRAINING, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
        together()
        return manifest

    def _policy(self, corpus: Corpus) -> "Policy":
        """Load the model, or make one whose tokenizer is learnt from what it is going to read and write."""
        import torch

        from stepsmith.train.policy import Policy, PromptFormat, ask
        from stepsmith.train.sft import golden_reply

        config = self.config
        if config.threads:
            torch.set_num_threads(config.threads)
        prompt_format = PromptFormat(prompt=config.data.prompt, max_reply_tokens=config.rl.max_reply_tokens)
        if config.model.path:
            return Policy.open(config.model, prompt_format)
        texts = (text for problem in corpus.train for text in (ask(problem, prompt_format), golden_reply(problem)))
        return Policy.from_scratch(config.model, prompt_format, texts, config.seed)

    def _fit(self, corpus: Corpus, policy: "Policy") -> None:
        """Leave out problems whose prompts are too long, and lessons that do not fit into the context."""
        from stepsmith.train.sft import golden_reply

        config, context = self.config, policy.context
        limit = min(config.data.max_prompt_tokens, context - config.rl.max_reply_tokens)
        if not corpus.train:
            raise ConfigError("there is nothing to train on: give data.problems, or exercises")
        lengths = [len(policy.encode(policy.prompt(problem))) for problem in corpus.train]
        fitting = [problem for problem, length in zip(corpus.train, lengths, strict=True) if length <= limit]
        if not fitting:
            raise ConfigError(
                f"no prompt of {len(corpus.train)} problems has at most {limit} tokens (the shortest has "
                f"{min(lengths)}): raise data.max_prompt_tokens and, beyond {context} tokens with "
                "rl.max_reply_tokens, model.context"
            )
        corpus.left_out["prompt too long"] += len(corpus.train) - len(fitting)
        if config.stage == "sft":
            whole = [p for p in fitting if len(policy.encode(policy.prompt(p), golden_reply(p))) <= context]
            if not whole:
                raise ConfigError(f"no prompt fits into {context} tokens with its answer: raise model.context")
            corpus.left_out["answer too long"] += len(fitting) - len(whole)
            fitting = whole
        corpus.left_out += type(corpus.left_out)()  # drops zeros
        corpus.train = fitting
        corpus.held_out = [p for p in corpus.held_out if len(policy.encode(policy.prompt(p))) <= limit]

    def _measure(self, policy: "Policy", problems: Sequence[Problem], step: int) -> None:
        from stepsmith.train.evaluation import measure

        if problems and self.first:
            self.observer.note(f"measuring on {len(problems)} held-out problems")
            with self._timed("measure"):
                found = measure(
                    policy,
                    problems,
                    self.config.measure,
                    self.grader,
                    stage=self.config.stage,
                    step=step,
                    keep=self.attempts,
                )
            self.log.measured(found)
            self.observer.measured(found)

    def _sft(self, corpus: Corpus, policy: "Policy", held_out: Sequence[Problem], checkpoint: Path | None) -> None:
        from stepsmith.train.recording import Recorder
        from stepsmith.train.running import LogBeforeSaving, StopOnNonFiniteLoss
        from stepsmith.train.sft import train_sft

        recorder = Recorder(self._record, "sft", self.config.sft.steps, self.spent["train"])
        callbacks = [recorder, LogBeforeSaving(), StopOnNonFiniteLoss(), *self._at_times(policy, held_out)]
        with self._timed("train"):
            train_sft(policy, corpus.train, self.config, self.checkpoints, callbacks, checkpoint)

    def _rl(self, corpus: Corpus, policy: "Policy", held_out: Sequence[Problem], checkpoint: Path | None) -> None:
        from stepsmith.train.recording import Every, Recorder
        from stepsmith.train.rl import RlTrainer, layout_of, read_sampler, train_rl
        from stepsmith.train.running import LogBeforeSaving, StopOnNonFiniteLoss

        config, rl = self.config, self.config.rl
        problems = select(self._rated(corpus.train, policy), rl.select, config.seed)
        with self._teacher(policy, problems, corpus.held_out, checkpoint) as teacher:
            problems = teacher.pool if teacher else problems
            layout = layout_of(config, self.checkpoints)
            items = [item_of(problem, real=problem.id in corpus.real) for problem in problems]
            sampler = Sampler(items, curriculum_of(rl), layout, mix=rl.mix, seed=config.seed)
            recorder = Recorder(self._record, "rl", rl.steps, self.spent["train"])
            callbacks = [recorder, LogBeforeSaving(), StopOnNonFiniteLoss(), *self._at_times(policy, held_out)]
            spare = teacher.spare if teacher else 0
            trainer = RlTrainer(policy, problems, sampler, self.grader, config, self.checkpoints, callbacks, spare)
            recorder.watch(trainer)
            if teacher:
                trainer.add_callback(Every(rl.teacher.every, partial(self._teach, teacher, trainer)))
                trainer.new_problems = len(teacher.joined)
            if checkpoint:
                read_sampler(sampler, checkpoint)
            with self._timed("train"):
                train_rl(trainer, policy, checkpoint)

    def _teacher(
        self, policy: "Policy", problems: list[Problem], held_out: Sequence[Problem], checkpoint: Path | None
    ) -> AbstractContextManager[Refinement | None]:
        """Open the teacher in the loop, if the run has one."""
        from stepsmith.train.running import step_of

        if not self.config.rl.teacher.every:
            return nullcontext()
        done = step_of(checkpoint) if checkpoint else 0
        return refinement(self.config, self.folder, policy, problems, held_out, self.judge, done)

    def _teach(self, teacher: Refinement, trainer: "RlTrainer", step: int) -> None:
        """Hold a round, if there is training left to use it."""
        if step < self.config.rl.steps:
            with self._timed("teach"):
                said = teacher.teach(step, trainer)
            if said:
                self.observer.note(said)

    def _rated(self, problems: list[Problem], policy: "Policy") -> list[Problem]:
        """Measure the pass rates of the pool by the policy that is going to be trained."""
        from stepsmith.train.evaluation import attempt, with_rates
        from stepsmith.train.running import together

        rl, seed = self.config.rl, self.config.seed
        if not rl.initial_samples:
            return problems
        if not self.first:
            together()  # the first process makes what the others read
        self.observer.note(f"rating {len(problems)} problems by {rl.initial_samples} replies each")
        found = attempt(
            policy,
            problems,
            self.grader,
            samples=rl.initial_samples,
            temperature=rl.temperature,
            seed=seed,
            keep=self.attempts,
        )
        if self.first:
            together()
        self.spent["rate"] = found.seconds  # also where others, or this run before it was stopped, spent them
        return with_rates(problems, found)

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        """Count wall time for a part; what is measured in the middle of training does not count as training."""
        started, before = time.monotonic(), sum(self.spent.values())
        try:
            yield
        finally:
            others = sum(self.spent.values()) - before
            self.spent[part] = self.spent.get(part, 0.0) + time.monotonic() - started - others

    def _record(self, step: Step) -> None:
        self.tokens = step.tokens or self.tokens
        self.log.step(step)
        self.observer.stepped(step)

    def _at_times(self, policy: "Policy", held_out: Sequence[Problem]) -> "list[TrainerCallback]":
        """Measure every so many steps."""
        from stepsmith.train.recording import Every

        every = self.config.measure.every
        last = self.config.sft.steps if self.config.stage == "sft" else self.config.rl.steps

        def now(step: int) -> None:
            if step < last:
                self._measure(policy, held_out, step)

        return [Every(every, now)] if every else []


def _processes() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def curriculum_of(rl: RlSettings) -> AnyCurriculum:
    """Return the curriculum of a run. Raises ``ConfigError``."""
    curriculum = load_curriculum(rl.curriculum)
    if rl.empty_bands and isinstance(curriculum, Schedule):
        return msgspec.structs.replace(curriculum, empty=rl.empty_bands)
    return curriculum


def _check(config: TrainConfig) -> None:
    """Refuse what cannot work before anything is made. Raises ``ConfigError`` and ``MachineError``."""
    try:
        import torch  # noqa: F401
        import trl  # noqa: F401
    except ModuleNotFoundError as missing:
        raise MachineError(f"training needs the {missing.name} package: pip install 'stepsmith[train]'") from None
    if config.stage == "rl":
        curriculum_of(config.rl)
        if config.rl.teacher.every:
            teaching(config.rl.teacher)
        if config.rl.teacher.every and _processes() > 1:
            raise ConfigError("a teacher in the loop works in one process; set rl.teacher.every to 0 for several")
        if not config.model.path:
            raise ConfigError(
                "RL starts from a model that can answer something: give --model with a folder of `stepsmith train sft`"
            )


def _spread(problems: list[Problem], most: int) -> list[Problem]:
    """Return at most ``most`` problems (0: all), spread evenly over the list, in its order."""
    if not most or len(problems) <= most:
        return problems
    return [problems[index * len(problems) // most] for index in range(most)]
