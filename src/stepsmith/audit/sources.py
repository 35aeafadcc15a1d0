"""Problems to audit, from everything that ``verify`` reads and from the benchmarks whose tests are code."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from stepsmith.audit.auditing import Item
from stepsmith.audit.code_suites import benchmark_item
from stepsmith.audit.findings import Place
from stepsmith.audit.patching import own_rows
from stepsmith.audit.subject import AuditItem
from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.rows import PlacedRow, placed_rows
from stepsmith.core.answers import code_blocks, strip_reasoning
from stepsmith.core.errors import CaseError
from stepsmith.core.ids import content_id
from stepsmith.evaluate.samples import ModelSample, short_id
from stepsmith.evaluate.scoring import AS_IT_IS, answers_of
from stepsmith.verify.formats.problems import Candidate, UnreadProblem, VerifyProblem
from stepsmith.verify.formats.reading import ProblemSource, count_problems, guess_format, read_numbered

# Benchmarks by the keys that only their rows have, tried in this order.
_SIGNATURES: tuple[tuple[set[str], str], ...] = (
    ({"plus_input", "assertion"}, "mbpp+"),
    ({"plus_input"}, "humaneval+"),
    ({"test_list", "test"}, "mbpp+"),
    ({"test_list"}, "mbpp"),
    ({"canonical_solution", "test", "entry_point"}, "humaneval"),
)


class Problems:
    """The problems of a source. ``samples`` are answers of models by problem id, further programs of it.

    They become candidates behind those of the source; what holds no program, and what is there already, is left out.

    ``benchmark`` is the name in ``BENCHMARKS`` for the rows of one, "" for what ``verify`` reads.
    """

    def __init__(self, source: ProblemSource, samples: Mapping[str, Sequence[ModelSample]] | None = None) -> None:
        self.source = source
        self._samples = samples or {}
        self.matched = 0  # problems that have samples, of those that were yielded
        self.benchmark = ""
        self._rows: list[PlacedRow] = []
        if source.format == "auto" and not source.path.is_dir() and source.path.suffix != ".parquet":
            self.benchmark = _guess(source.path)
            self._rows = list(placed_rows(source.path)) if self.benchmark else []

    @property
    def format(self) -> str:
        """The format as the document records it."""
        return self.benchmark or self.source.format

    def count(self) -> int | None:
        """Return how many items there are; None for a pipe."""
        return len(self._rows) if self.benchmark else count_problems(self.source)

    def items(self) -> Iterator[Item]:
        """Yield the items in order; a row that cannot be read is an ``UnreadProblem`` in its place."""
        if self.benchmark:
            yield from map(self._benchmark_row, self._rows)
            return
        for line, problem in read_numbered(self.source):
            if isinstance(problem, UnreadProblem):
                yield problem
            else:
                place = Place(source=str(self.source.path), line=line)
                answers = [_code_of(sample) for sample in self._samples_of(str(problem.problem_id))]
                yield AuditItem(problem=_joined(problem, answers), place=place)

    def rows(self) -> tuple[str, list[tuple[str, dict[str, object]]]]:
        """Return the form of the rows, and (text, value) of each: as the source has them, or in Stepsmith's own form.

        They are in the order of ``items``. A row that is not JSON is kept as its text.
        """
        path = self.source.path
        if self.benchmark:
            lines = [json.dumps(row.row, ensure_ascii=False, default=repr) for row in self._rows]
            if path.suffix == ".jsonl":
                lines = [line for line in path.read_text("utf-8").split("\n") if line.strip()]
            return self.benchmark, [(text, row.row) for text, row in zip(lines, self._rows, strict=True)]
        if path.is_file() and path.suffix != ".parquet" and self.source.format not in ("dataset", "kattis"):
            found = [(line.rstrip("\r"), _object(line)) for line in path.read_text("utf-8").split("\n") if line.strip()]
            forms = {form_of(row) for _, row in found} if self.source.format == "auto" else {self.source.format}
            if forms - {""} and forms <= {"stepsmith", "apps", "taco", ""}:
                return next(iter(forms - {""})), found
        return "stepsmith", list(own_rows(Problems(self.source).items()))  # without the samples

    def _samples_of(self, task: str) -> Sequence[ModelSample]:
        found = self._samples.get(task) or self._samples.get(short_id(task), ())
        self.matched += bool(found)
        return found

    def _benchmark_row(self, row: PlacedRow) -> Item:
        benchmark = BENCHMARKS[self.benchmark]
        try:
            (problem,) = benchmark.read([row])
            line = row.number if self.source.path.suffix in (".jsonl", ".gz") else None
            found = self._samples_of(problem.task_id)
            answers = answers_of(benchmark, problem, found, AS_IT_IS)
            item = benchmark_item(problem, Place(source=str(self.source.path), line=line))
            return msgspec.structs.replace(item, problem=_joined(item.problem, answers))
        except CaseError as error:
            task = row.row.get("task_id")
            return UnreadProblem(
                problem_id=str(task or row.number),
                reason="unreadable",
                detail=str(error),
                source=content_id("row", repr(row.row)),
            )


def _joined(problem: VerifyProblem, answers: Sequence[str | None]) -> VerifyProblem:
    """Return the problem with the programs of model samples behind its own."""
    known = {c.code for c in problem.candidates}
    codes = [code for code in dict.fromkeys(answers) if code and code not in known]
    more = (Candidate(language="python", code=code, name=f"sample {k}") for k, code in enumerate(codes))
    return msgspec.structs.replace(problem, candidates=(*problem.candidates, *more))


def _code_of(sample: ModelSample) -> str | None:
    """Return the program in a sample for a problem of no benchmark: a reply's last block of code."""
    if sample.form != "reply":
        return sample.text
    return next((block.code for block in reversed(code_blocks(strip_reasoning(sample.text)))), None)


def _object(line: str) -> dict[str, object]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def form_of(row: dict[str, object]) -> str:
    """Return the format of a row, "" for one that is unknown."""
    try:
        return guess_format(row)
    except CaseError:
        return ""


def _guess(path: Path) -> str:
    """Return the benchmark whose rows a file has, by its first row; "" if none. Pipes are left alone."""
    if not path.is_file() or str(path).startswith("/dev/"):
        return ""
    try:
        first = next(iter(placed_rows(path)), None)
    except CaseError:
        return ""  # what is wrong with its rows is said row by row
    keys = first.row.keys() if first else set()
    return next((name for signature, name in _SIGNATURES if signature <= keys), "")
