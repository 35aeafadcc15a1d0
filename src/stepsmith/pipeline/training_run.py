"""One training run: corpus, policy, evaluation before, SFT or RL, evaluation after. Needs torch."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path

import msgspec
import torch
from transformers import TrainerCallback

from stepsmith.cluster.connection import LOCAL
from stepsmith.cluster.opening import open_judge
from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Problem
from stepsmith.curriculum import Sampler, item_of
from stepsmith.judge.program import RunningJudge
from stepsmith.pipeline.figures import NotedTraining
from stepsmith.pipeline.machine import device_name, library_versions, peak_memory_mb
from stepsmith.pipeline.refining import Refinement, refinement
from stepsmith.pipeline.training import NoTrainObserver, TrainObserver, processes
from stepsmith.scoring.scorer import Scorer, VerdictMemory
from stepsmith.store.folder_lock import CONFIG, FolderLock, write_whole
from stepsmith.store.progress import ProgressFile
from stepsmith.store.training_log import MODEL, TRAINING, Step, Training, TrainingLog, read_training
from stepsmith.train.ablations import select
from stepsmith.train.corpus import Corpus, read_corpus
from stepsmith.train.evaluation import evaluate, sample_rollouts, with_rates
from stepsmith.train.learning_watch import LearningWatch
from stepsmith.train.lessons import golden_reply
from stepsmith.train.policy import Policy, PromptFormat, ask
from stepsmith.train.recording import Every, Recorder
from stepsmith.train.rl import RlTrainer, layout_of, read_sampler, train_rl
from stepsmith.train.running import (
    LogBeforeSaving,
    StopOnNonFiniteLoss,
    check_reporting,
    is_first,
    last_checkpoint,
    quiet_libraries,
    step_of,
    together,
)
from stepsmith.train.settings import TrainConfig, curriculum_of
from stepsmith.train.sft import train_sft

CHECKPOINTS, ROLLOUTS = "checkpoints", "rollouts"


def run_training(config: TrainConfig, folder: Path, observer: TrainObserver, *, resume: bool) -> Training:
    """Lock the folder, open a judge and train; see ``pipeline.training.train``."""
    quiet_libraries()
    check_reporting(config.runtime.report_to)
    first = is_first()
    workers = config.runtime.judge_workers or max(1, len(os.sched_getaffinity(0)) // processes())
    fields = config.fingerprint_fields()
    lock = FolderLock(folder, fields, started=CONFIG, finished=TRAINING, resume=resume) if first else None
    together()
    try:
        with (
            _noted(config, folder, observer) if first else nullcontext(NoTrainObserver()) as noted,
            open_judge(LOCAL, workers, config.isolation, config.allow_unsafe, servers=config.runtime.judges) as opened,
            Scorer(opened[0], config.rl.rewards, workers=opened[1], memory=VerdictMemory()) as scorer,
        ):
            return _Run(config, folder, noted, opened[0], scorer, first=first).train()
    finally:
        if lock:
            lock.close()


@contextmanager
def _noted(config: TrainConfig, folder: Path, observer: TrainObserver) -> Iterator[TrainObserver]:
    """Yield an observer that also writes ``progress.json``."""
    steps = config.sft.steps if config.stage == "sft" else config.rl.steps
    with ProgressFile(folder, "training", "steps", steps) as progress:
        yield NotedTraining(observer, progress)


class _Run:
    """One training run. With several processes, only the one with ``first`` writes files and reports progress."""

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        observer: TrainObserver,
        judge: RunningJudge,
        scorer: Scorer,
        *,
        first: bool,
    ) -> None:
        self.config, self.folder, self.observer, self.first = config, folder, observer, first
        self.judge, self.scorer = judge, scorer
        self.log = TrainingLog(folder)
        self.checkpoints = folder / CHECKPOINTS
        self.rollouts = Path(config.runtime.rollouts) if config.runtime.rollouts else folder / ROLLOUTS
        self.spent: dict[str, float] = {}
        self.sets: dict[str, str] = {}
        self.tokens = 0.0

    def train(self) -> Training:
        """Run the stage and return its manifest."""
        config, started = self.config, time.monotonic()
        steps = config.sft.steps if config.stage == "sft" else config.rl.steps
        self.observer.note("reading and making problems")
        with self._timed("make"):
            corpus = read_corpus(config, self.judge)
            policy = self._policy(corpus)
            self._fit(corpus, policy)
        held_out = _spread(corpus.held_out, config.eval.problems)
        self.sets = corpus.sets
        checkpoint = last_checkpoint(self.checkpoints)
        done = step_of(checkpoint) if checkpoint else 0
        if self.first:
            self.log.cut_after(done if checkpoint else -1)
        before = self.spent["train"] = self.log.seconds()
        self.observer.started(config, len(corpus.train), len(held_out), steps, done)
        if not checkpoint:
            self._evaluate(policy, held_out, 0)
        stage = self._sft if config.stage == "sft" else self._rl
        stage(corpus, policy, held_out, checkpoint)
        self._evaluate(policy, held_out, steps)
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

    def _policy(self, corpus: Corpus) -> Policy:
        """Load the model, or make a new one, whose tokenizer is trained on the prompts and answers of the corpus."""
        config = self.config
        if config.runtime.threads:
            torch.set_num_threads(config.runtime.threads)
        prompt_format = PromptFormat(prompt=config.data.prompt, max_completion_length=config.rl.max_completion_length)
        if config.model.path:
            return Policy.open(config.model, prompt_format)
        texts = (text for problem in corpus.train for text in (ask(problem, prompt_format), self._reply(problem)))
        return Policy.from_scratch(config.model, prompt_format, texts, config.seed)

    def _reply(self, problem: Problem) -> str:
        return golden_reply(problem, reasoning=self.config.sft.reasoning)

    def _fit(self, corpus: Corpus, policy: Policy) -> None:
        """Leave out problems with too long a prompt, and for SFT those that do not fit into the context with answer."""
        config, context = self.config, policy.context
        limit = min(config.data.max_prompt_length, context - config.rl.max_completion_length)
        if not corpus.train:
            raise ConfigError("there is nothing to train on: give data.problems, or exercises")
        lengths = [len(policy.encode(policy.prompt(problem))) for problem in corpus.train]
        fitting = [problem for problem, length in zip(corpus.train, lengths, strict=True) if length <= limit]
        if not fitting:
            raise ConfigError(
                f"all prompts of {len(corpus.train)} problems are longer than {limit} tokens (the shortest has "
                f"{min(lengths)}); raise data.max_prompt_length, and model.context (now {context}) if that and "
                "rl.max_completion_length together need more"
            )
        corpus.left_out["prompt too long"] += len(corpus.train) - len(fitting)
        if config.stage == "sft":
            whole = [p for p in fitting if len(policy.encode(policy.prompt(p), self._reply(p))) <= context]
            if not whole:
                raise ConfigError(f"no prompt fits with its answer into {context} tokens; raise model.context")
            corpus.left_out["answer too long"] += len(fitting) - len(whole)
            fitting = whole
        corpus.left_out += type(corpus.left_out)()  # drops zeros
        corpus.train = fitting
        corpus.held_out = [p for p in corpus.held_out if len(policy.encode(policy.prompt(p))) <= limit]

    def _evaluate(self, policy: Policy, problems: Sequence[Problem], step: int) -> None:
        if problems and self.first:
            self.observer.note(f"evaluating on {len(problems)} held-out problems")
            with self._timed("evaluate"):
                found = evaluate(
                    policy,
                    problems,
                    self.config.eval,
                    self.scorer,
                    self.config.rl.tests,
                    stage=self.config.stage,
                    step=step,
                    keep=self.rollouts,
                    sets=self.sets,
                )
            self.log.evaluated(found)
            self.observer.evaluated(found)

    def _sft(self, corpus: Corpus, policy: Policy, held_out: Sequence[Problem], checkpoint: Path | None) -> None:
        recorder = self._recorder(corpus.train)
        callbacks = [recorder, LogBeforeSaving(), StopOnNonFiniteLoss(), *self._at_times(policy, held_out)]
        with self._timed("train"):
            train_sft(policy, corpus.train, self.config, self.checkpoints, callbacks, checkpoint)

    def _rl(self, corpus: Corpus, policy: Policy, held_out: Sequence[Problem], checkpoint: Path | None) -> None:
        config, rl = self.config, self.config.rl
        problems = select(self._rated(corpus.train, policy), rl.select, config.seed)
        with self._teacher(policy, problems, corpus.held_out, checkpoint) as teacher:
            problems = teacher.pool if teacher else problems
            layout = layout_of(config, self.checkpoints)
            items = [item_of(problem, real=problem.id in corpus.real) for problem in problems]
            sampler = Sampler(items, curriculum_of(rl), layout, mix=rl.mix, seed=config.seed)
            recorder = self._recorder(problems)
            callbacks = [recorder, LogBeforeSaving(), StopOnNonFiniteLoss(), *self._at_times(policy, held_out)]
            spare = teacher.spare if teacher else 0
            trainer = RlTrainer(policy, problems, sampler, self.scorer, config, self.checkpoints, callbacks, spare)
            recorder.watch(trainer)
            if teacher:
                trainer.add_callback(Every(rl.teacher.every, partial(self._teach, teacher, trainer)))
                trainer.new_problems = len(teacher.joined)
            if checkpoint:
                read_sampler(sampler, checkpoint)
            with self._timed("train"):
                train_rl(trainer, policy, checkpoint)

    def _teacher(
        self, policy: Policy, problems: list[Problem], held_out: Sequence[Problem], checkpoint: Path | None
    ) -> AbstractContextManager[Refinement | None]:
        """Open the teacher in the loop, if the run has one."""
        if not self.config.rl.teacher.every:
            return nullcontext()
        done = step_of(checkpoint) if checkpoint else 0
        return refinement(self.config, self.folder, policy, problems, held_out, self.judge, done)

    def _teach(self, teacher: Refinement, trainer: RlTrainer, step: int) -> None:
        """Let the teacher refine problems, unless training ends with this step."""
        if step < self.config.rl.steps:
            with self._timed("teach"):
                said = teacher.teach(step, trainer)
            if said:
                self.observer.note(said)

    def _rated(self, problems: list[Problem], policy: Policy) -> list[Problem]:
        """Measure the pass rates of the pool with the policy that is going to be trained."""
        rl, seed = self.config.rl, self.config.seed
        if not rl.initial_samples:
            return problems
        if not self.first:
            together()  # the first process writes the rollouts that the others read
        self.observer.note(f"rating {len(problems)} problems with {rl.initial_samples} completions each")
        found = sample_rollouts(
            policy,
            problems,
            self.scorer,
            rl.tests,
            samples=rl.initial_samples,
            temperature=rl.temperature,
            seed=seed,
            keep=self.rollouts,
        )
        if self.first:
            together()
        self.spent["rate"] = found.seconds  # the time when the rollouts were made, even if another run made them
        return with_rates(problems, found)

    @contextmanager
    def _timed(self, part: str) -> Iterator[None]:
        """Add the wall time of a part; an evaluation in the middle of training does not count as training."""
        started, before = time.monotonic(), sum(self.spent.values())
        try:
            yield
        finally:
            others = sum(self.spent.values()) - before
            self.spent[part] = self.spent.get(part, 0.0) + time.monotonic() - started - others

    def _recorder(self, problems: Sequence[Problem]) -> Recorder:
        """Return the callback that writes log records, with warnings where nothing can be learnt."""
        config = self.config
        watch = LearningWatch(config, problems)
        for step in self.log.steps():  # of a run that is resumed: it warns as it would have without the break
            watch.observe(step)

        def record(step: Step) -> None:
            self._record(msgspec.structs.replace(step, warnings=(*step.warnings, *watch.observe(step))))

        return Recorder(
            record, config.stage, (config.sft if config.stage == "sft" else config.rl).steps, self.spent["train"]
        )

    def _record(self, step: Step) -> None:
        self.tokens = step.tokens or self.tokens
        self.log.step(step)
        self.observer.stepped(step)

    def _at_times(self, policy: Policy, held_out: Sequence[Problem]) -> list[TrainerCallback]:
        """Return the callback that evaluates every so many steps."""
        every = self.config.eval.every
        last = self.config.sft.steps if self.config.stage == "sft" else self.config.rl.steps

        def now(step: int) -> None:
            if step < last:
                self._evaluate(policy, held_out, step)

        return [Every(every, now)] if every else []


def _spread(problems: list[Problem], most: int) -> list[Problem]:
    """Return at most ``most`` problems (0: all), spread evenly over the list, in its order."""
    if not most or len(problems) <= most:
        return problems
    return [problems[index * len(problems) // most] for index in range(most)]
