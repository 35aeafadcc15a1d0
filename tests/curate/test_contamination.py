"""Problems of benchmarks are found, with the words they share; those that only share boilerplate are not."""

from pathlib import Path

import pytest

from stepsmith.curate.benchmark_items import BenchmarkItem
from stepsmith.curate.contamination import ContaminationHit, ContaminationRule, find_contamination
from stepsmith.curate.decisions import decide
from stepsmith.curate.duplicates import Duplicate, Duplicates
from stepsmith.curate.likeness import ProblemSketches, Resemblance
from stepsmith.curate.problem_table import ProblemTable, read_table
from tests.curate.problems import ISLANDS, LONGEST_RUN, RENAMED_ISLANDS, WORDS, made, write_set

FRAME = (
    "You are given the arguments of a function and must return its value without printing anything at all, and the "
    "answer is guaranteed to be unique for all of the hidden tests that it is judged on. "
)
ITEMS = [BenchmarkItem(name="Bench/1", text=FRAME + ISLANDS[0], program=ISLANDS[1])] + [
    BenchmarkItem(name=f"Bench/{k}", text=FRAME + f"Compute the {k}th term of sequence number {k}.")
    for k in range(2, 9)
]


def table_of(tmp_path: Path, *texts: tuple[str, str]) -> ProblemTable:
    return read_table([write_set(tmp_path / "set", [made(text, chain=str(k)) for k, text in enumerate(texts)])])


def hits_of(table: ProblemTable) -> list[ContaminationHit]:
    return find_contamination(table, ProblemSketches(table), ITEMS, ContaminationRule())


def test_a_copy_is_found_by_every_method_with_its_evidence(tmp_path: Path) -> None:
    table = table_of(tmp_path, WORDS, ("Once upon a time. " + ISLANDS[0], RENAMED_ISLANDS[1]))
    hits = hits_of(table)
    assert {hit.row for hit in hits} == {1}
    assert {hit.item for hit in hits} == {"Bench/1"}
    assert {hit.method for hit in hits if hit.counts} == {"13-grams", "8-grams", "statements", "programs"}
    shown = next(hit.evidence for hit in hits if hit.method == "13-grams")
    assert "two cells of land belong together if they share a side" in shown
    assert all(0 < hit.score <= 1 for hit in hits)


def test_boilerplate_of_the_benchmark_accuses_nobody(tmp_path: Path) -> None:
    table = table_of(tmp_path, (FRAME + WORDS[0], WORDS[1]), (FRAME + LONGEST_RUN[0], LONGEST_RUN[1]))
    assert [hit for hit in hits_of(table) if hit.counts] == []


def test_another_text_with_the_renamed_program(tmp_path: Path) -> None:
    table = table_of(tmp_path, ("Count the free lakes of a planet.", RENAMED_ISLANDS[1]))
    assert [(hit.method, hit.score) for hit in hits_of(table) if hit.counts] == [("programs", 1.0)]


def test_what_is_like_a_contaminated_problem_goes_as_well(tmp_path: Path) -> None:
    table = table_of(tmp_path, WORDS, ISLANDS, LONGEST_RUN)
    hit = ContaminationHit(
        row=1, item="Bench/1", depth="near", method="8-grams", score=0.5, evidence="land belong", counts=True
    )
    finding = Resemblance("near", 0.8, "alike")
    found = Duplicates(dropped={1: Duplicate(1, 0, finding, "it comes first")}, links=[(1, 2, finding)])
    kept, direct, linked = decide(table, found, [hit])
    assert (direct.reason, direct.match, direct.evidence) == ("contaminated", "Bench/1", "8-grams: land belong")
    assert (kept.reason, kept.evidence) == ("contaminated", f"like {table.ids[1]}, which is Bench/1: land belong")
    assert linked.decision == "dropped"


@pytest.mark.parametrize("hit_row", [0, 1, 2])
def test_what_is_recorded_as_a_duplicate_has_its_counterpart_in_the_result(tmp_path: Path, hit_row: int) -> None:
    """Three copies of one problem, of which only one has the words of the benchmark: all three go for it."""
    table = table_of(tmp_path, WORDS, ISLANDS, LONGEST_RUN, RENAMED_ISLANDS)
    finding = Resemblance("near", 0.8, "alike")
    found = Duplicates(dropped={row: Duplicate(row, 0, finding, "it comes first") for row in (1, 2)})
    hit = ContaminationHit(
        row=hit_row, item="Bench/1", depth="near", method="8-grams", score=0.5, evidence="x", counts=True
    )
    records = decide(table, found, [hit])
    assert [record.reason for record in records] == ["contaminated"] * 3 + [None]
    assert [record.reason for record in decide(table, found, [])] == [None, "duplicate", "duplicate", None]


def test_hits_that_do_not_count_drop_nothing(tmp_path: Path) -> None:
    table = table_of(tmp_path, WORDS)
    hit = ContaminationHit(row=0, item="Bench/1", depth="near", method="8-grams", score=0.1, evidence="x", counts=False)
    assert decide(table, Duplicates(), [hit])[0].decision == "kept"
