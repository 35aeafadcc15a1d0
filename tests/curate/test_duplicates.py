"""Which problems go and which copy stays."""

from collections.abc import Sequence
from pathlib import Path

from stepsmith.core.records import Problem
from stepsmith.curate.duplicates import Duplicates, DuplicateSearch, Ranking, exact_duplicates
from stepsmith.curate.likeness import Likeness, NearRule, ProblemSketches, Resemblance
from stepsmith.curate.problem_table import read_table
from tests.curate.problems import ISLANDS, LONGEST_RUN, RENAMED_ISLANDS, WORDS, made, write_set


def found_in(tmp_path: Path, problems: Sequence[Problem], rule: NearRule = NearRule()) -> Duplicates:  # noqa: B008
    table = read_table([write_set(tmp_path / "set", problems)])
    ranking = Ranking(table)
    found = exact_duplicates(table, ranking)
    sketches = ProblemSketches(table)

    def verify(row: int, rival: int, likeness: Likeness) -> Resemblance | None:
        return sketches.near(row, rival, likeness) if likeness.is_near(rule) else None

    DuplicateSearch(table, ranking, found, sketches.likeness, verify).run(lambda rows: [sketches.pairs(rows, rule)])
    return found


def test_across_chains_the_later_copy_goes(tmp_path: Path) -> None:
    found = found_in(tmp_path, [made(ISLANDS, chain="a"), made(WORDS, chain="b"), made(ISLANDS, chain="c")])
    (duplicate,) = found.dropped.values()
    assert (duplicate.row, duplicate.kept, duplicate.why) == (2, 0, "it comes first")
    assert duplicate.finding.depth == "exact"


def test_the_copy_in_the_longer_chain_stays(tmp_path: Path) -> None:
    found = found_in(
        tmp_path,
        [made(ISLANDS, chain="a"), made(RENAMED_ISLANDS, chain="b"), made(WORDS, chain="b", turn=2)],
    )
    (duplicate,) = found.dropped.values()
    assert (duplicate.row, duplicate.kept) == (0, 1)
    assert duplicate.why == "its chain has 2 problems, the other's 1"
    assert duplicate.finding.depth == "near"
    assert duplicate.finding.score == 1.0
    assert "they share: def @ ( @ , @ ) : @ = set ( )" in duplicate.finding.evidence


def test_the_copy_with_a_measured_pass_rate_stays(tmp_path: Path) -> None:
    bare = made(ISLANDS, chain="a")
    bare = bare.__class__(**{**{n: getattr(bare, n) for n in bare.__struct_fields__}, "pass_rate": None})
    found = found_in(tmp_path, [bare, made(ISLANDS, chain="b")])
    (duplicate,) = found.dropped.values()
    assert (duplicate.row, duplicate.why) == (0, "it has a measured pass rate")


def test_stepping_stones_stay_and_are_linked(tmp_path: Path) -> None:
    found = found_in(tmp_path, [made(ISLANDS, chain="a"), made(RENAMED_ISLANDS, chain="a", turn=2), made(WORDS)])
    assert found.dropped == {}
    assert [link[:2] for link in found.links] == [(0, 1)]


def test_an_exact_copy_in_its_own_chain_goes(tmp_path: Path) -> None:
    found = found_in(tmp_path, [made(ISLANDS, chain="a"), made(ISLANDS, chain="a")])
    assert list(found.dropped) == [1]


def test_other_environments_are_other_problems(tmp_path: Path) -> None:
    found = found_in(tmp_path, [made(ISLANDS, chain="a"), made(RENAMED_ISLANDS, chain="b", environment="fuzzing")])
    assert found.dropped == {}


def test_different_problems_stay(tmp_path: Path) -> None:
    found = found_in(tmp_path, [made(text, chain=str(k)) for k, text in enumerate((ISLANDS, WORDS, LONGEST_RUN))])
    assert (found.dropped, found.links) == ({}, [])


def test_alike_statements_with_other_programs_are_no_duplicates(tmp_path: Path) -> None:
    other = (ISLANDS[0], LONGEST_RUN[1] + WORDS[1])
    found = found_in(tmp_path, [made(ISLANDS, chain="a"), made(other, chain="b")])
    assert found.dropped == {}


def test_many_copies_all_go_but_one(tmp_path: Path) -> None:
    """More copies than the window of a bucket holds."""
    code = ISLANDS[1]
    copies = [made((ISLANDS[0] + f" Good luck number {k}.", code), chain=str(k)) for k in range(60)]
    found = found_in(tmp_path, [*copies, made(WORDS, chain="w")])
    assert len(found.dropped) == 59
    assert {duplicate.kept for duplicate in found.dropped.values()} == {0}


def test_who_went_has_a_counterpart_that_stays(tmp_path: Path) -> None:
    """a is like b and b is like c, but a is not like c: c stays."""
    words = [f"word{k}" for k in range(120)]
    texts = [(" ".join(words[start : start + 100]), "def solve(x):\n    return x\n") for start in (0, 10, 20)]
    found = found_in(tmp_path, [made(text, chain=str(k)) for k, text in enumerate(texts)])
    assert {row: duplicate.kept for row, duplicate in found.dropped.items()} == {1: 0}
