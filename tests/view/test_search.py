"""Searches over the index: what addresses mean, and that counts are right."""

import shutil
import time
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from stepsmith.core.stats import pass_rate
from stepsmith.store.dataset import read_problems
from stepsmith.store.ratings import StudentRating, write_ratings
from stepsmith.view.index import FORM
from stepsmith.view.library import Library
from stepsmith.view.places import ServedPlaces
from stepsmith.view.search import read_search
from stepsmith.view.searcher import Searcher


@pytest.fixture(scope="module")
def searcher(run: Path) -> Searcher:
    library = Library(ServedPlaces([run]))
    found = library.current(20)
    assert found is not None
    assert FORM >= 1
    return found


def counts(searcher: Searcher, query: str, facet: str) -> dict[str, int]:
    return {one.value: one.count for one in searcher.found(read_search(parse_qsl(query))).facets.get(facet, [])}


@pytest.mark.parametrize("facet", ["environment", "band", "style", "feature"])
def test_the_counts_beside_a_filter_are_those_of_the_data(searcher: Searcher, run: Path, facet: str) -> None:
    told: Counter[str] = Counter()
    for problem in read_problems(run / "problems.parquet"):
        values = {
            "environment": [problem.environment],
            "band": [problem.pass_rate.claimed_band if problem.pass_rate else "not rated"],
            "style": [problem.style],
            "feature": {use.name for use in problem.features},
        }
        told.update(values[facet])
    found = counts(searcher, "", facet)
    assert found == {value: count for value, count in told.items() if len(told) > 1}


def test_a_count_is_what_choosing_the_value_shows(searcher: Searcher) -> None:
    for value, count in counts(searcher, "environment=induction&q=parcels", "band").items():
        address = f"environment=induction&q=parcels&band={value}"
        assert searcher.found(read_search(parse_qsl(address))).count == count
    assert counts(searcher, "environment=induction", "environment") == counts(searcher, "", "environment")


def test_every_word_must_be_there_and_anything_may_be_typed(searcher: Searcher) -> None:
    def size(words: str) -> int:
        return searcher.found(read_search([("q", words)])).count

    assert size("warehouse") > size("warehouse nowhere") == 0
    assert size("wareh") == size("warehouse") > size("arehouse") == 0
    assert size("WAREHOUSE heaviest") == size("warehouse")
    for odd in ("%", "_", "\\", '"', "';DROP TABLE problems", "\0", "é" * 999):
        size(odd)


def test_an_address_is_read_and_written_back() -> None:
    address = "q=a+b&band=hard&band=medium&environment=induction&sort=title&page=3"
    assert read_search(parse_qsl(address)).query() == address
    assert read_search(parse_qsl("sort=none&page=-1&other=1&band=")).query() == ""
    assert read_search(parse_qsl("page=99999999999999")).page == 1
    search = read_search(parse_qsl("band=hard&band=easy&page=2"))
    assert search.without("band", "hard") == "band=easy"


def test_rejected_problems_are_shown_when_asked(searcher: Searcher, run: Path) -> None:
    kept = searcher.found(read_search(())).count
    assert kept == sum(1 for _ in read_problems(run / "problems.parquet"))
    states = counts(searcher, "", "state")
    assert states.pop("kept") == kept
    rejected = [("state", reason) for reason in states]
    assert searcher.found(read_search(rejected)).count == sum(states.values()) > 0


def test_rows_come_in_the_order_asked_for(searcher: Searcher) -> None:
    rates = [row["rate"] for row in searcher.rows(read_search([("sort", "hardest")]), 0, 50, "id, rate")]
    rated = [rate for rate in rates if rate is not None]
    assert rated == sorted(rated)
    assert rates[: len(rated)] == rated


def test_a_student_brings_its_own_pass_rates_and_bands(run: Path, tmp_path: Path) -> None:
    problems = list(read_problems(run / "problems.parquet"))
    rated = [
        StudentRating(
            problem_id=problem.id, student=f"student {k % 2}", rate=pass_rate(32 * (k > 1) * (k % 2), 32), verdicts={}
        )
        for k, problem in enumerate(problems[:10])
    ]
    copy = shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "rated").mkdir()
    write_ratings(copy / "rated" / "ratings.parquet", rated)
    library = Library(ServedPlaces([copy]))
    searcher = library.current(20)
    assert searcher is not None
    assert counts(searcher, "", "student") == {"simulated": len(problems), "student 0": 5, "student 1": 5}
    assert counts(searcher, "student=student+1", "band") == {"easy": 4, "hard": 1}
    assert counts(searcher, "student=student+0&band=hard", "student")["student 0"] == 5
    assert counts(searcher, "student=student+0&band=easy", "student")["student 0"] == 0
    search = read_search([("student", "student 1"), ("sort", "hardest")])
    assert [row["rate"] for row in searcher.rows(search, 0, 50, "id, rate")] == [0.0, 1.0, 1.0, 1.0, 1.0]
    library.close()


def test_an_index_follows_its_files(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepsmith.view.library.LOOK_EVERY_S", 0.0)
    monkeypatch.setattr("stepsmith.view.library.RESTS", 0)
    copy = shutil.copytree(run, tmp_path / "run")
    library = Library(ServedPlaces([copy]))
    first = library.current(20)
    assert first is not None
    assert first.index.size > 0
    (copy / "problems.parquet").unlink()
    (copy / "rejected.parquet").unlink()
    deadline = time.monotonic() + 20
    while (now := library.current()) is first and time.monotonic() < deadline:
        time.sleep(0.02)
    assert now is not None
    assert now.index.size == 0
    library.close()


def test_a_large_index_is_kept_for_the_next_start(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepsmith.view.library.LARGE", 10)
    sizes = []
    for damaged in (False, True, False):
        library = Library(ServedPlaces([run]), tmp_path)
        searcher = library.current(20)
        assert searcher is not None
        sizes.append(searcher.found(read_search([("q", "warehouse")])).count)
        library.close()
        [kept] = tmp_path.glob("*.duckdb")
        if damaged:
            kept.write_bytes(b"not a database")
    assert len(set(sizes)) == 1
    assert sizes[0] > 0
