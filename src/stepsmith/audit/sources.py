"""Problems to audit, from everything that ``verify`` reads and from the benchmarks whose tests are code."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from stepsmith.audit.auditing import Item
from stepsmith.audit.code_suites import benchmark_item
from stepsmith.audit.findings import Place
from stepsmith.audit.patching import own_rows
from stepsmith.audit.subject import AuditItem
from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.rows import PlacedRow, placed_rows
from stepsmith.core.errors import CaseError
from stepsmith.core.ids import content_id
from stepsmith.verify.formats.problems import Candidate, UnreadProblem
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
    """The problems of a source. ``samples`` are further programs by problem id.

    ``benchmark`` is the name in ``BENCHMARKS`` for the rows of one, "" for what ``verify`` reads.
    """

    def __init__(self, source: ProblemSource, samples: Mapping[str, tuple[Candidate, ...]] | None = None) -> None:
        self.source = source
        self._samples = samples or {}
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
                yield AuditItem(problem=problem, place=place)

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
        return "stepsmith", list(own_rows(self.items()))

    def _benchmark_row(self, row: PlacedRow) -> Item:
        benchmark = BENCHMARKS[self.benchmark]
        try:
            (problem,) = benchmark.read([row])
            line = row.number if self.source.path.suffix in (".jsonl", ".gz") else None
            return benchmark_item(
                problem, Place(source=str(self.source.path), line=line), self._samples.get(problem.task_id, ())
            )
        except CaseError as error:
            task = row.row.get("task_id")
            return UnreadProblem(
                problem_id=str(task or row.number),
                reason="unreadable",
                detail=str(error),
                source=content_id("row", repr(row.row)),
            )


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
