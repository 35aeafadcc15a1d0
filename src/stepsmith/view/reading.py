"""Read one problem out of a file, without reading the file."""

from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate, islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from stepsmith.core.errors import RunFolderError
from stepsmith.store.dataset import Row, problem_row
from stepsmith.view.index import chains_of
from stepsmith.view.places import ProblemFile, state_of

AT_ONCE = 16  # rows in memory


def read_row(file: ProblemFile, place: int) -> Row:
    """Return the row at ``place`` (from 0). Raises ``RunFolderError`` if the file is gone or has changed."""
    if file.running:
        problems = (problem for chain in chains_of(file.path) for problem in chain.problems)
        problem = next(islice(problems, place, None), None)
        if problem is None:
            raise changed(file)
        return problem_row(problem)
    if state_of(file.path) != file.state:
        raise changed(file)
    try:
        metadata, ends = _shape(file.path, file.state)
        group = bisect_right(ends, place)
        if group >= len(ends):
            raise changed(file)
        left = place - (ends[group - 1] if group else 0)
        with pq.ParquetFile(file.path, metadata=metadata, pre_buffer=False) as source:
            for batch in source.iter_batches(AT_ONCE, row_groups=[group], use_threads=False):
                if left < batch.num_rows:
                    row: Row = batch.slice(left, 1).to_pylist()[0]
                    return row
                left -= batch.num_rows
    except (OSError, pa.ArrowException) as error:
        raise RunFolderError(f"{file.name} cannot be read: {error}") from None
    raise changed(file)


def changed(file: ProblemFile) -> RunFolderError:
    """Return the error for a file that is not the one that was indexed."""
    if not file.path.exists():
        return RunFolderError(f"{file.name} is gone. The list will leave its problems out in a moment.")
    return RunFolderError(f"{file.name} has changed since it was read. Open the list again in a moment.")


@lru_cache(maxsize=8)
def _shape(path: Path, _state: tuple[int, int]) -> tuple[pq.FileMetaData, list[int]]:
    """Return the metadata of a file, and the ends of its row groups. They are large where groups are many."""
    metadata = pq.read_metadata(path)
    return metadata, list(accumulate(metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)))
