"""Samples of a model: reading and writing the files of HumanEval (``completion``) and EvalPlus (``solution``)."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.benchmarks.rows import PlacedRow, placed_rows
from stepsmith.core.errors import CaseError
from stepsmith.core.records import Record

Form = Literal["completion", "solution", "reply"]
FORMS: tuple[Form, ...] = ("solution", "completion", "reply")
MOST_CHARACTERS = 2_000_000  # of one sample
_LISTS = ("code_list", "pred_list")
_HALF = re.compile("[\ud800-\udfff]")
_NUMBERS = ("sample", "sample_id", "completion_id")


class ModelSample(Record, frozen=True, kw_only=True):
    """One sample. ``form`` says what the text is.

    "completion" goes on from the bare prompt, "solution" is a whole answer, "reply" is a chat model's text, from which
    the answer is extracted. Half of a surrogate pair becomes a NUL: no file could hold it, and Python compiles neither.
    """

    task_id: str
    text: str
    form: Form
    truncated: bool = False  # cut off at the length limit
    tokens: int | None = None  # of the completion, where known

    def __post_init__(self) -> None:
        """Replace what is no text."""
        if _HALF.search(self.text):
            msgspec.structs.force_setattr(self, "text", _HALF.sub("\0", self.text))


def read_samples(path: Path, data: BenchmarkData, *, partial: bool = False) -> dict[str, list[ModelSample]]:
    """Return the samples of each problem, in the order of the benchmark.

    Samples of problems outside the window are left out. With ``partial``, problems may lack samples, and have different
    numbers of them. Raises ``CaseError`` for a task of another benchmark, a missing problem, unequal numbers, the same
    sample twice, and answers that are too long.
    """
    outside = {name for task_id in data.outside for name in (task_id, short_id(task_id))}
    ids = {short_id(problem.task_id): problem.task_id for problem in data.problems}
    found: dict[str, list[ModelSample]] = {problem.task_id: [] for problem in data.problems}
    numbers: Counter[tuple[str, str]] = Counter()
    for placed in _one_each(placed_rows(path, "a samples file has one JSON object a line")):
        sample = _sample(placed)
        task_id = sample.task_id if sample.task_id in found else ids.get(sample.task_id)
        if task_id is None and sample.task_id in outside:
            continue
        if task_id is None:
            first = data.problems[0].task_id
            raise CaseError(
                f"{placed.place}: {data.benchmark.title} has no task {sample.task_id!r} (its first is {first!r}); "
                "are these the samples of another benchmark?"
            )
        found[task_id].append(msgspec.structs.replace(sample, task_id=task_id))
        if number := next((str(placed.row[key]) for key in _NUMBERS if key in placed.row), ""):
            numbers[task_id, number] += 1
            if numbers[task_id, number] > 1:
                raise CaseError(
                    f"{placed.place}: sample {number} of {task_id} stands in the file twice; keep one of them"
                )
    check_counts(path, found, partial=partial)
    return {task_id: samples for task_id, samples in found.items() if samples}


def samples_of_any(path: Path) -> dict[str, list[ModelSample]]:
    """Return the samples of a file by task id, whatever they answer. Raises ``CaseError`` for what is no sample."""
    found: dict[str, list[ModelSample]] = {}
    for placed in _one_each(placed_rows(path, "a samples file has one JSON object a line")):
        sample = _sample(placed)
        found.setdefault(sample.task_id, []).append(sample)
    if not found:
        raise CaseError(f"{path} has no samples")
    return found


def check_counts(path: Path, found: dict[str, list[ModelSample]], *, partial: bool) -> None:
    """Raise ``CaseError`` where problems lack samples or have different numbers, unless that is allowed."""
    counts = {task_id: len(samples) for task_id, samples in found.items()}
    if not any(counts.values()):
        raise CaseError(f"{path} has no samples")
    if partial:
        return
    if missing := [task_id for task_id, count in counts.items() if not count]:
        raise CaseError(
            f"{path}: {len(missing)} of {len(counts)} problems have no sample (the first: {missing[0]}); "
            "add them, or score the others alone with --partial"
        )
    fewest, most = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
    if counts[fewest] != counts[most]:
        raise CaseError(
            f"{path}: {fewest} has {counts[fewest]} samples and {most} has {counts[most]}; "
            "give every problem as many, or allow different numbers with --partial"
        )


def _one_each(rows: Iterable[PlacedRow]) -> Iterator[PlacedRow]:
    """Yield a row for each sample: LiveCodeBench's ``code_list`` and ``pred_list`` hold all answers to a problem."""
    for placed in rows:
        key = next((key for key in _LISTS if isinstance(placed.row.get(key), list)), None)
        if key is None:
            yield placed
            continue
        answers = placed.row[key]
        assert isinstance(answers, list)
        named = placed.row.get("question_id", placed.row.get("id"))
        task = f"{named}/{placed.row['test_id']}" if "test_id" in placed.row else named
        for answer in answers:
            yield placed._replace(row={"task_id": task, "solution": answer})


def write_answer_lists(path: Path, answers: Mapping[str, Sequence[str]], kind: str = "code_list") -> None:
    """Write programs as LiveCodeBench's ``custom_evaluator`` reads them: ``[{question_id, code_list}]``, by id.

    With the kind "pred_list" they are answers of its other scenarios.
    """
    rows: list[dict[str, object]] = []
    for task_id, texts in sorted(answers.items()):
        question, slash, test = task_id.rpartition("/")
        if kind == "code_list":
            named: dict[str, object] = {"question_id": task_id}
        else:
            named = {"question_id": question, "test_id": int(test)} if slash and test.isdigit() else {"id": task_id}
        rows.append({**named, kind: list(texts)})
    path.write_text(json.dumps(rows, indent=1), "utf-8")


def _sample(placed: PlacedRow) -> ModelSample:
    place, row = placed.place, placed.row
    task_id = row.get("task_id", row.get("question_id"))
    if not isinstance(task_id, str | int) or isinstance(task_id, bool):
        raise CaseError(f"{place}: a sample needs its task_id")
    form = next((form for form in FORMS if row.get(form) is not None), None)
    if form is None:
        raise CaseError(f"{place}: a sample needs a solution, a completion or a reply")
    text = row[form]
    if not isinstance(text, str):
        raise CaseError(f"{place}: {form} must be text; repeat the task_id for several samples")
    if len(text) > MOST_CHARACTERS:
        raise CaseError(
            f"{place}: the {form} has {len(text):,} characters; at most {MOST_CHARACTERS:,} are judged. "
            "Cut it at the model's token limit."
        )
    tokens = row.get("tokens")
    return ModelSample(
        task_id=str(task_id),
        text=text,
        form=form,
        truncated=row.get("truncated") is True or row.get("finish_reason") == "length",
        tokens=tokens if isinstance(tokens, int) else None,
    )


def write_samples(path: Path, samples: Iterable[ModelSample]) -> None:
    """Write samples as other tools read them: ``task_id`` with ``completion``, ``solution`` or ``reply``."""
    with path.open("w", encoding="utf-8") as file:
        for sample in samples:
            file.write(json.dumps(sample_row(sample), ensure_ascii=True) + "\n")


def sample_row(sample: ModelSample) -> dict[str, object]:
    """Return the row of a sample."""
    row: dict[str, object] = {"task_id": sample.task_id, sample.form: sample.text}
    if sample.truncated:
        row["truncated"] = True
    if sample.tokens is not None:
        row["tokens"] = sample.tokens
    return row


def total(samples: dict[str, list[ModelSample]]) -> int:
    """Return how many samples there are."""
    return sum(map(len, samples.values()))


def counts_text(counts: Sequence[int]) -> str:
    """Return "10" for equal numbers of samples per problem, "3 to 10" for others."""
    return str(min(counts)) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"


def short_id(task_id: str) -> str:
    """Return the number of a task, which some files of samples have alone: "2" for "Mbpp/2"."""
    return task_id.rpartition("/")[2]
