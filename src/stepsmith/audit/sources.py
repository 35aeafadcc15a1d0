"""Problems to audit, from everything that ``verify`` reads and from the benchmarks whose tests are code."""

from collections.abc import Iterator

import msgspec

from stepsmith.audit.auditing import Item
from stepsmith.audit.findings import Place
from stepsmith.audit.subject import AuditItem
from stepsmith.verify.formats.problems import UnreadProblem
from stepsmith.verify.formats.reading import ProblemSource, count_problems, read_numbered


def read_items(source: ProblemSource) -> Iterator[Item]:
    """Yield the problems of a source in order; a row that cannot be read is an ``UnreadProblem`` in its place."""
    for line, problem in read_numbered(source):
        if isinstance(problem, UnreadProblem):
            yield problem
        else:
            yield AuditItem(problem=problem, place=Place(source=str(source.path), line=line))


def count_items(source: ProblemSource) -> int | None:
    """Return how many items ``read_items`` will yield; None for a pipe."""
    return count_problems(source)


def options_of(source: ProblemSource) -> dict[str, str | None]:
    """Return what the document records of how the source is read."""
    return {"format": source.format, "testlib": msgspec.to_builtins(str(source.testlib)) if source.testlib else None}
