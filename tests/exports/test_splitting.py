"""Whole chains and whole compositions are held out."""

from hypothesis import given
from hypothesis import strategies as some

from stepsmith.core.records import Problem
from stepsmith.exports.splitting import halves_of
from tests.exports.exported import in_chain
from tests.records import a_problem

PLACES = some.lists(some.tuples(some.integers(0, 8), some.lists(some.sampled_from("abcd"), max_size=3)), max_size=30)


def problems_at(places: list[tuple[int, list[str]]]) -> list[Problem]:
    return [in_chain(a_problem(), f"chain_{chain}", *names, turn=k) for k, (chain, names) in enumerate(places, 1)]


@given(places=PLACES, share=some.floats(0, 1))
def test_no_chain_and_no_composition_is_in_both(places: list[tuple[int, list[str]]], share: float) -> None:
    problems = problems_at(places)
    halves = halves_of(problems, share, "both")
    assert sorted(one.title for one in (*halves.train, *halves.test)) == sorted(one.title for one in problems)
    assert len(halves.test) <= round(share * len(problems))
    chains, compositions = (
        [{what(one) for one in half} for half in halves]
        for what in (
            lambda one: one.lineage.chain_id,
            lambda one: tuple(use.name for use in one.features) if len(one.features) > 1 else None,
        )
    )
    assert not chains[0] & chains[1]
    assert not (compositions[0] & compositions[1]) - {None}


def test_the_share_is_reached_where_groups_allow_it() -> None:
    problems = problems_at([(k // 4, [f"f{k}", "g"]) for k in range(100)])
    assert len(halves_of(problems, 0.2, "both").test) == 20
    one_composition = problems_at([(k, ["f", "g"]) for k in range(10)])
    assert len(halves_of(one_composition, 0.2, "both").test) == 0
    assert len(halves_of(one_composition, 0.2, "chain").test) == 2
    one_chain = problems_at([(0, [f"f{k}", "g"]) for k in range(10)])
    assert len(halves_of(one_chain, 0.2, "both").test) == 0
    assert len(halves_of(one_chain, 0.2, "composition").test) == 2


def test_the_order_of_the_problems_does_not_matter() -> None:
    problems = problems_at([(k // 3, [f"f{k}", "g"]) for k in range(30)])
    forth, back = (halves_of(order, 0.3, "both").test for order in (problems, problems[::-1]))
    assert {one.id for one in forth} == {one.id for one in back}
    assert forth == back[::-1]
