"""Sampling answers to a benchmark from a model: resumable, and each completion is paid for once."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.core.errors import RunFolderError
from stepsmith.core.ids import content_id
from stepsmith.core.model_outputs import ModelOutput
from stepsmith.core.records import Record
from stepsmith.evaluate.samples import ModelSample, sample_row
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message, Sampling
from stepsmith.store.folder_lock import write_whole
from stepsmith.store.progress import ProgressFile, Spent

SAMPLES, ASKED = "samples.jsonl", "asked.json"
AT_ONCE = 32  # problems that are asked about at the same time; the client adapts below it


@runtime_checkable
class BatchLLM(Protocol):
    """A model that answers ``batch`` questions together much faster than one by one.

    The other questions of a batch may change the rounding, and so the answers.
    """

    batch: int

    def complete_batch(
        self, questions: Sequence[Sequence[Message]], n: int, sampling: Sampling
    ) -> list[list[ModelOutput]]:
        """Return ``n`` completions of each question."""
        ...


class Asked(Record, frozen=True, kw_only=True):
    """What a model is asked for: a folder of samples is continued only by the same."""

    benchmark: str
    problems_id: str
    model: str
    n: int
    sampling: dict[str, str]
    prompt_hash: str


def prompt_hash(data: BenchmarkData, problems: Sequence[BenchmarkProblem]) -> str:
    """Return a hash of all prompts."""
    return content_id("prompts", tuple((one.task_id, data.benchmark.prompt(one)) for one in problems))


def sampling_text(sampling: Sampling, n: int) -> dict[str, str]:
    """Return sampling settings as a manifest has them; what is not set is the server's default."""
    fields = msgspec.to_builtins(sampling)
    return {"n": str(n)} | {name: str(value) for name, value in fields.items() if value not in (None, (), [], {}, "")}


def ask(
    data: BenchmarkData,
    problems: Sequence[BenchmarkProblem],
    llm: LLM,
    sampling: Sampling,
    asked: Asked,
    folder: Path,
    watch: Callable[[int], None] = lambda _: None,
    spent: Callable[[], Spent] | None = None,
) -> dict[str, list[ModelSample]]:
    """Return ``asked.n`` samples of each problem, and keep them in ``folder/samples.jsonl``.

    Problems that are in the file already are not asked about again. ``watch`` gets the number of problems that are
    done; ``spent`` says for ``progress.json`` what they cost. Raises ``RunFolderError`` if the folder has samples of
    other settings.
    """
    done = _continued(folder, asked)
    watch(len(done))
    with (
        ProgressFile(folder, "evaluation", "problems", len(problems), len(done)) as progress,
        (folder / SAMPLES).open("a", encoding="utf-8") as file,
        ThreadPoolExecutor(AT_ONCE) as threads,
    ):
        progress.update(note="sampling")
        if spent:
            progress.spends(spent)
        portions = _portions(data, problems, llm.batch if isinstance(llm, BatchLLM) else 1)
        jobs = [
            threads.submit(_samples, data, portion, llm, sampling, asked.n)
            for portion in portions
            if any(problem.task_id not in done for problem in portion)
        ]
        for task_id, samples in _results(jobs):
            if task_id in done:
                continue
            done[task_id] = samples
            file.write("".join(json.dumps(sample_row(sample)) + "\n" for sample in samples))
            file.flush()
            progress.advance()
            watch(len(done))
    return {problem.task_id: done[problem.task_id] for problem in problems}


def _portions(data: BenchmarkData, problems: Sequence[BenchmarkProblem], size: int) -> list[Sequence[BenchmarkProblem]]:
    """Return the problems in portions that are asked together: those with prompts of about one length.

    They do not depend on what is done already, so that an interrupted run gets the same samples.
    """
    if size == 1:
        return [(problem,) for problem in problems]
    order = sorted(problems, key=lambda problem: (len(data.benchmark.prompt(problem)), problem.task_id))
    return [order[start : start + size] for start in range(0, len(order), size)]


def _samples(
    data: BenchmarkData, portion: Sequence[BenchmarkProblem], llm: LLM, sampling: Sampling, n: int
) -> list[tuple[str, list[ModelSample]]]:
    questions = [[Message(role="user", content=data.benchmark.prompt(problem))] for problem in portion]
    if isinstance(llm, BatchLLM):
        answers = llm.complete_batch(questions, n, sampling)
    else:
        answers = [llm.complete(question, n, sampling, "evaluate") for question in questions]
    return [
        (problem.task_id, [_sample(problem, output) for output in outputs])
        for problem, outputs in zip(portion, answers, strict=True)
    ]


def _sample(problem: BenchmarkProblem, output: ModelOutput) -> ModelSample:
    return ModelSample(
        task_id=problem.task_id,
        text=output.text,
        form="reply",
        truncated=output.finish_reason == "length",
        tokens=output.usage.completion_tokens or None,
    )


def _results(jobs: list[Future[list[tuple[str, list[ModelSample]]]]]) -> Iterator[tuple[str, list[ModelSample]]]:
    try:
        for job in as_completed(jobs):
            yield from job.result()
    finally:
        for job in jobs:
            job.cancel()


def _continued(folder: Path, asked: Asked) -> dict[str, list[ModelSample]]:
    """Return the samples that a folder has, without those of a problem that was being written."""
    folder.mkdir(parents=True, exist_ok=True)
    settings, file = folder / ASKED, folder / SAMPLES
    if settings.is_file():
        try:
            before = msgspec.json.decode(settings.read_bytes(), type=Asked)
        except msgspec.DecodeError as error:
            raise RunFolderError(f"{settings} cannot be read: {error}; choose another --out") from None
        if before != asked:
            differ = [name for name in asked.__struct_fields__ if getattr(before, name) != getattr(asked, name)]
            raise RunFolderError(
                f"{folder} has samples of other settings ({', '.join(differ)}); choose another --out or delete it"
            )
    write_whole(settings, msgspec.json.encode(asked))
    found: dict[str, list[ModelSample]] = {}
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        try:
            row = json.loads(line)
        except ValueError:
            continue  # the last line of a run that was killed
        sample = ModelSample(
            task_id=row["task_id"], text=row["reply"], form="reply", truncated=row.get("truncated", False),
            tokens=row.get("tokens"),
        )  # fmt: skip
        found.setdefault(sample.task_id, []).append(sample)
    whole = {task_id: samples for task_id, samples in found.items() if len(samples) == asked.n}
    lines = [json.dumps(sample_row(sample)) + "\n" for samples in whole.values() for sample in samples]
    write_whole(file, "".join(lines).encode())
    return whole
