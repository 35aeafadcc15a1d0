from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.core.records import BANDS, UNDECIDED, Lineage, Problem
from stepsmith.report.chains import choose
from stepsmith.report.figures import grain_of
from stepsmith.report.survey import CHAIN_LIMIT, CONFIDENCE_EDGES, ChainFacts, Survey, survey
from stepsmith.store.dataset import (
    PROBLEM_SCHEMA,
    REJECTION_SCHEMA,
    Row,
    problem_row,
    read_problems,
    read_rows,
    write_rows,
)
from tests.records import a_problem
from tests.report.runs import make_run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"))


def claimed(problem: Problem) -> str:
    return problem.pass_rate.band or UNDECIDED if problem.pass_rate else ""


def test_counts_are_those_of_the_records(run: Path) -> None:
    found = survey(run)
    problems = list(read_problems(run / "problems.parquet"))
    rejects = list(read_rows(run / "rejected.parquet"))
    assert (found.kept, found.rejected) == (len(problems), len(rejects))
    assert found.by_band == Counter((claimed(p), p.environment) for p in problems if p.pass_rate)
    assert found.rated == Counter((p.environment, p.pass_rate.passes, 32) for p in problems if p.pass_rate)
    assert found.reasons == Counter(row["reason"] for row in rejects)
    assert sum(found.rated_rejects.values()) == sum(row["reason"] == "too-easy" for row in rejects)
    assert found.features == Counter(
        (f.category, f.name, claimed(p)) for p in problems for f in p.features if p.pass_rate
    )
    assert found.kinds == Counter(test.kind for p in problems for test in p.tests)
    assert found.confidence.total() == sum(len(p.tests) for p in problems)
    assert found.confidence[1.0] == sum(test.confidence == 1.0 for p in problems for test in p.tests)
    for turn, facts in found.turns.items():
        kept = [p for p in problems if p.lineage.turn == turn]
        assert facts.kept == len(kept)
        assert facts.share_kept == len(kept) / (len(kept) + sum(row["turn"] == turn for row in rejects))
        assert sorted(facts.rates.elements()) == sorted(p.pass_rate.rate for p in kept if p.pass_rate)
    rates = sorted(float(dict(p.provenance)["kill_rate"]) for p in problems)
    assert [rate for rate, _ in found.weakest] == rates[:10]


def test_chains_know_what_they_hold(run: Path) -> None:
    found = survey(run)
    barren = found.chains["chain_0009"]
    assert (barren.kept, barren.rejected, barren.hardest, barren.environments) == (0, 5, "none", {"abduction"})
    first = found.chains["chain_0000"]
    assert first.number == 1
    assert first.kept + first.rejected == 5
    first_kept = [p for p in read_problems(run / "problems.parquet") if p.lineage.chain_id == "chain_0000"]
    assert first.bands == {claimed(p) for p in first_kept} - {UNDECIDED}


def test_facts_are_kept_of_the_chains_that_the_page_may_show(tmp_path: Path) -> None:
    """Memory does not grow with the number of chains; all are counted."""

    def rows(chains: Iterable[int]) -> Iterator[Row]:
        for number in chains:
            lineage = Lineage(
                chain_id=f"c{number}", turn=1, parent_id=None, change="", direction="start", seed_ref="a.py"
            )
            yield problem_row(a_problem(statement=str(number), lineage=lineage))

    many = range(0, 2 * CHAIN_LIMIT + 8, 2)
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, rows(many))
    rejects = ({"reason": "too-easy", "detail": "", **row} for row in rows(range(4)))
    write_rows(tmp_path / "rejected.parquet", REJECTION_SCHEMA, rejects)
    found = survey(tmp_path)
    assert found.chain_count == len(many) + 2
    assert list(found.chains) == [f"c{number}" for number in [*many[:CHAIN_LIMIT], 1, 3]]
    assert (found.chains["c2"].number, found.chains["c2"].kept, found.chains["c2"].rejected) == (2, 1, 1)
    assert (found.chains["c3"].number, found.chains["c3"].kept) == (len(many) + 2, 0)


def test_evidence_is_numbers_only_when_all_values_are(tmp_path: Path) -> None:
    values = ["0.5", "nan", "1e3"]
    rows = [
        problem_row(a_problem(statement=text, provenance=(("mixed", text), ("number", "2")), pass_rate=None))
        for text in values
    ]
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, rows)
    make_run(tmp_path / "other")
    (tmp_path / "other" / "rejected.parquet").rename(tmp_path / "rejected.parquet")
    found = survey(tmp_path)
    assert not found.evidence["mixed"].numeric
    assert found.evidence["number"].numeric
    assert list(found.evidence["number"].numbers) == [2.0, 2.0, 2.0]
    assert found.by_band == {(None, "induction"): 3}
    assert not found.rated


def test_foreign_files_are_refused_in_one_line(run: Path, tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"problems\.parquet does not exist"):
        survey(tmp_path)
    (tmp_path / "problems.parquet").write_bytes(b"PAR1 nonsense")
    with pytest.raises(RunFolderError, match="cannot be read as Parquet"):
        survey(tmp_path)
    rows = ({"id": str(row["id"])} for row in read_rows(run / "problems.parquet"))
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, rows)
    with pytest.raises(StoreError, match="written by another version"):
        survey(tmp_path)


def test_the_grain_follows_the_attempts() -> None:
    for counts, grain in ([(8, 8)], 8), ([(3, 32), (4, 31)], 32), ([(500, 1000)], 32):
        found = Survey()
        found.rated.update(("induction", passes, attempts) for passes, attempts in counts)
        assert grain_of(found) == grain


chains = st.lists(
    st.tuples(st.sampled_from(["induction", "fuzzing"]), st.sampled_from([*BANDS, "none"])), max_size=60
).map(
    lambda kinds: [
        ChainFacts(f"c{i}", i + 1, environments={environment}, bands=set() if band == "none" else {band})  # type: ignore[arg-type]
        for i, (environment, band) in enumerate(kinds)
    ]
)


@given(chains, st.integers(0, 40))
def test_chosen_chains_spread_evenly(facts: list[ChainFacts], limit: int) -> None:
    chosen = choose(facts, limit)
    assert len(chosen) == len(set(chosen)) == min(limit, len(facts))
    assert choose(facts, limit + 5)[: len(chosen)] == chosen
    stratum = {chain.id: (*chain.environments, chain.hardest) for chain in facts}
    taken = Counter(stratum[chain] for chain in chosen)
    for key, size in Counter(stratum.values()).items():
        assert taken[key] == size or all(taken[key] >= count - 1 for count in taken.values())


def test_confidence_bins_are_ordered() -> None:
    assert list(CONFIDENCE_EDGES) == sorted(CONFIDENCE_EDGES)
