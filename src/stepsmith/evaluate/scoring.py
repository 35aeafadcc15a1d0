"""Score the samples of a benchmark: equal answers once, in parallel, with what is known from earlier runs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import NamedTuple

from stepsmith.benchmarks.benchmark import Benchmark
from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.benchmarks.extraction import EXTRACTIONS
from stepsmith.benchmarks.harness import RULES, HarnessSettings
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.verdict import Outcome, SampleVerdict
from stepsmith.core.errors import ConfigError, SandboxError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Record
from stepsmith.evaluate.samples import ModelSample
from stepsmith.evaluate.verdict_cache import VerdictCache
from stepsmith.judge.protocol import Judge

AS_IT_IS = "official"  # the extraction that changes nothing: the answer is the text, or the prompt and the text
CHUNK = 25  # answers to one problem that are judged in one go


class ScoredSample(Record, frozen=True, kw_only=True):
    """One sample with its verdict. ``number`` counts the samples of a problem from 0."""

    task_id: str
    number: int
    outcome: Outcome
    message: str = ""
    failed_test: str = ""
    got: str = ""
    cpu_s: float = 0.0
    parts: tuple[tuple[str, bool], ...] = ()
    characters: int = 0
    tokens: int | None = None
    answer_id: str = ""  # equal for equal answers to one problem

    @property
    def passed(self) -> bool:
        """Whether the sample is right."""
        return self.outcome == "passed"


class ScoringProgress(NamedTuple):
    """How far scoring is, with the verdicts of the problems so far as (passed, judged) by problem."""

    done: int
    total: int
    tallies: Mapping[str, tuple[int, int]]


def answers_of(
    benchmark: Benchmark, problem: BenchmarkProblem, samples: Sequence[ModelSample], extraction: str
) -> list[str | None]:
    """Return the answer in each sample; None where a reply has none. Raises ``ConfigError`` for an unknown rule."""
    if extraction != AS_IT_IS and extraction not in EXTRACTIONS:
        raise ConfigError(f"there is no extraction {extraction!r}; there are {', '.join((AS_IT_IS, *EXTRACTIONS))}")
    return [_answer(benchmark, problem, sample, extraction) for sample in samples]


def _answer(benchmark: Benchmark, problem: BenchmarkProblem, sample: ModelSample, extraction: str) -> str | None:
    rule = extraction
    if rule == AS_IT_IS and sample.form == "reply":
        rule = benchmark.extraction
    if rule == AS_IT_IS:
        return benchmark.program(problem, sample.text) if sample.form == "completion" else sample.text
    return EXTRACTIONS[rule](problem, sample.text)


def score_samples(
    data: BenchmarkData,
    samples: Mapping[str, Sequence[ModelSample]],
    judge: Judge,
    harness: HarnessSettings,
    *,
    extraction: str = AS_IT_IS,
    workers: int = 1,
    cache: VerdictCache | None = None,
    watch: Callable[[ScoringProgress], None] = lambda _: None,
) -> list[ScoredSample]:
    """Return the verdict on each sample, by problem and number. ``judge`` must take calls from ``workers`` threads.

    Raises ``SandboxError`` if some samples could not be judged, because a score without them would be wrong.
    """
    problems = {problem.task_id: problem for problem in data.problems}
    answers = {
        task_id: answers_of(data.benchmark, problems[task_id], some, extraction) for task_id, some in samples.items()
    }
    keys = {
        task_id: [None if answer is None else content_id("verdict", RULES, data.benchmark.name, problem_id, answer)
                  for answer in given]
        for task_id, given in answers.items()
        for problem_id in [content_id("task", problems[task_id])]
    }  # fmt: skip
    todo = _distinct(answers, keys)
    known = cache.lookup(list(todo)) if cache is not None else {}
    left: dict[str, list[tuple[str, str]]] = {}
    for key, (task_id, answer) in todo.items():
        if key not in known:
            left.setdefault(task_id, []).append((key, answer))
    counts = _Tallies(samples, keys)
    watch(counts.progress(known))
    with ThreadPoolExecutor(workers, thread_name_prefix="evaluate") as threads:
        jobs = [
            threads.submit(_judged, data.benchmark, problems[task_id], chunk, judge, harness)
            for task_id, some in left.items()
            for chunk in _chunks(some)
        ]
        try:
            for verdicts in _results(jobs):
                if cache is not None:
                    cache.store(verdicts)
                known.update(verdicts)
                watch(counts.progress(known))
        except KeyboardInterrupt:
            judge.close()  # samples that hang would keep the threads for minutes
            raise
    if lost := [key for key, verdict in known.items() if verdict.outcome == "not judged"]:
        why = known[lost[0]].message
        raise SandboxError(
            f"{len(lost)} answers could not be judged ({why}); run `stepsmith doctor`, then the same command: "
            "verdicts that were found are kept"
        )
    return [
        _scored(task_id, number, sample, answers[task_id][number], key, known)
        for task_id, some in samples.items()
        for number, (sample, key) in enumerate(zip(some, keys[task_id], strict=True))
    ]


def _distinct(
    answers: Mapping[str, Sequence[str | None]], keys: Mapping[str, Sequence[str | None]]
) -> dict[str, tuple[str, str]]:
    """Return the different answers, as (task, answer) by key."""
    return {
        key: (task_id, answer)
        for task_id, given in answers.items()
        for key, answer in zip(keys[task_id], given, strict=True)
        if key is not None and answer is not None
    }


def _chunks(items: list[tuple[str, str]]) -> Iterator[list[tuple[str, str]]]:
    """Deal items to chunks in the order of their hashes, so that slow ones, which stand in a row or come back at a
    fixed distance, do not keep one worker busy.
    """
    items = sorted(items)
    count = -(-len(items) // CHUNK)
    for first in range(count):
        yield items[first::count]


def _judged(
    benchmark: Benchmark,
    problem: BenchmarkProblem,
    chunk: list[tuple[str, str]],
    judge: Judge,
    harness: HarnessSettings,
) -> dict[str, SampleVerdict]:
    verdicts = benchmark.judge(judge, problem, [answer for _, answer in chunk], harness)
    return {key: verdict for (key, _), verdict in zip(chunk, verdicts, strict=True)}


def _results(jobs: list[Future[dict[str, SampleVerdict]]]) -> Iterator[dict[str, SampleVerdict]]:
    """Yield results as they come; cancel what has not started if one fails or the user stops."""
    try:
        for job in as_completed(jobs):
            yield job.result()
    finally:
        for job in jobs:
            job.cancel()


def _scored(
    task_id: str,
    number: int,
    sample: ModelSample,
    answer: str | None,
    key: str | None,
    known: Mapping[str, SampleVerdict],
) -> ScoredSample:
    verdict = SampleVerdict(outcome="no code") if key is None else known[key]
    outcome = verdict.outcome
    if outcome != "passed" and sample.truncated:
        outcome = "truncated"
    elif outcome != "passed" and not sample.text.strip():
        outcome = "no code"
    return ScoredSample(
        task_id=task_id,
        number=number,
        outcome=outcome,
        message=verdict.message,
        failed_test=verdict.failed_test,
        got=verdict.got,
        cpu_s=verdict.cpu_s,
        parts=verdict.parts,
        characters=len(sample.text),
        tokens=sample.tokens,
        answer_id="" if answer is None else content_id("answer", answer),
    )


class _Tallies:
    """Counts the samples whose verdict is known."""

    def __init__(self, samples: Mapping[str, Sequence[ModelSample]], keys: Mapping[str, Sequence[str | None]]) -> None:
        self._keys = keys
        self._total = sum(map(len, samples.values()))
        self._waiting = {task_id: set(filter(None, some)) for task_id, some in keys.items()}
        self._tallies: dict[str, tuple[int, int]] = {}
        self._done = 0

    def progress(self, known: Mapping[str, SampleVerdict]) -> ScoringProgress:
        """Return the counts; a problem is counted when all its samples have a verdict."""
        for task_id in list(self._waiting):
            if self._waiting[task_id] <= known.keys():
                some = self._keys[task_id]
                passed = sum(key is not None and known[key].passed for key in some)
                self._tallies[task_id] = passed, len(some)
                self._done += len(some)
                del self._waiting[task_id]
        return ScoringProgress(self._done, self._total, self._tallies)
