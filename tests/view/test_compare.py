"""Comparing: the figures of a band, of a problem, and of data sets that have nothing in common."""

from pathlib import Path
from urllib.parse import urlencode

import pyarrow as pa
import pytest

from stepsmith.core.stats import paired
from stepsmith.store.dataset import read_problems
from stepsmith.view.compare import PAGE, changed_problems, compared
from tests.report.runs import HOSTILE, make_run
from tests.view.conftest import serving
from tests.view.test_measurements import rate


def table(rows: list[tuple[str, str | None, int, int]]) -> pa.Table:
    """Rows of (id, band, passes, attempts)."""
    columns = list(zip(*rows, strict=True)) or [[]] * 4
    return pa.table(
        {
            "id": pa.array(columns[0], pa.string()),
            "title": pa.nulls(len(rows), pa.string()),
            "environment": pa.nulls(len(rows), pa.string()),
            "band": pa.array(columns[1], pa.string()),
            "attempts": pa.array(columns[3], pa.int64()),
            "passes": pa.array(columns[2], pa.int64()),
        }
    )


BEFORE = table(
    [("a", "hard", 1, 10), ("b", "hard", 2, 10), ("c", "easy", 9, 10), ("d", None, 0, 0), ("e", "easy", 9, 9)]
)
AFTER = table(
    [("a", "medium", 9, 10), ("b", "hard", 2, 10), ("c", "easy", 8, 10), ("d", "easy", 9, 10), ("f", "easy", 1, 1)]
)


def test_bands_are_compared_pair_by_pair() -> None:
    found = compared(BEFORE, AFTER)
    assert found.sizes == (5, 5, 4, 3)
    assert [(one.name, one.test.n) for one in found.groups] == [("all problems", 3), ("easy", 1), ("hard", 2)]
    assert found.groups[0].test == paired([0.9, 0.2, 0.8], [0.1, 0.2, 0.9])
    assert found.groups[2].first == pytest.approx(0.15)
    assert found.moves == {"hard": {"medium": 1, "hard": 1}, "easy": {"easy": 1}}
    assert found.makeup["band"] == [("easy", 2, 3), ("medium", 0, 1), ("hard", 2, 1), ("not rated", 1, 0)]


def test_problems_come_in_the_order_asked_for() -> None:
    assert [one.id for one in changed_problems(BEFORE, AFTER, "", 0)] == ["a", "c", "b"]
    assert [one.id for one in changed_problems(BEFORE, AFTER, "lost", 0)] == ["c", "b", "a"]
    assert [one.id for one in changed_problems(BEFORE, AFTER, "gained", 1)] == ["b", "c"]
    first = changed_problems(BEFORE, AFTER, "", 0)[0]
    assert (first.p1, first.n1, first.p2, first.n2, first.apart) == (1, 10, 9, 10, True)
    assert changed_problems(BEFORE, AFTER, "", PAGE) == []


def test_nothing_in_common_and_nothing_at_all() -> None:
    other = table([("x", "hard", 1, 10)])
    assert compared(BEFORE, other).groups == []
    assert compared(table([]), table([])).sizes == (0, 0, 0, 0)
    twice = table([("a", "hard", 1, 10), ("a", "hard", 1, 10)])
    assert compared(twice, AFTER).sizes == (1, 5, 1, 1)


def test_the_page_shows_a_training_before_and_after(tmp_path: Path) -> None:
    run = make_run(tmp_path / "all" / "run")
    ids = [problem.id for problem in read_problems(run / "problems.parquet")]
    rate(tmp_path / "all" / "before", "small", ids, 8)
    rate(tmp_path / "all" / "after", "small", ids[:-1], 24)
    with serving(tmp_path / "all") as served:
        assert "all/before: small</option>" in served.request("/compare")[2]
        asked = {"a": "all/before: small", "b": "all/after: small", "sort": "lost", "page": "999"}
        status, _, text = served.request(f"/compare?{urlencode(asked)}")
        assert status == 200
        for told in ("+0.500", "all problems", "8/32", "24/32", "1 only there"):
            assert told in text
        assert HOSTILE not in text
        gone = urlencode({"a": "all/before: small", "b": HOSTILE})
        status, _, text = served.request(f"/compare?{gone}")
        assert (status, HOSTILE in text, "choose another one" in text) == (400, False, True)
    with serving(run) as served:
        assert "There is only 1 to compare: run" in served.request("/compare")[2]
