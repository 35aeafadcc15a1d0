"""Chains go towards the stones that they lack, and the paper's rule is a value of ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Band, Direction
from stepsmith.synth.progression import CHAIN_AIMS, STONE_OF, Progression, Range

OURS, PAPER, DOWN = Progression(), Progression(easier_below=0.0), Progression(hard_first=True)
HARD, MEDIUM, EASY = (0.10, 0.35), (0.35, 0.65), (0.65, 0.97)

rates = st.integers(0, 32).map(lambda passes: passes / 32)
bands = st.frozensets(st.sampled_from(list(STONE_OF)))


@pytest.mark.parametrize(
    ("progression", "rate", "held", "direction", "aim"),
    [
        (OURS, 0.9, [], "harder", MEDIUM),
        (OURS, 0.9, ["medium"], "harder", HARD),  # not the same band again
        (OURS, 0.5, [], "harder", HARD),
        (OURS, 0.5, ["hard", "medium"], "easier", EASY),
        (OURS, 0.5, ["hard", "medium", "easy-medium"], "sideways", None),
        (OURS, 0.2, ["hard"], "easier", MEDIUM),
        (OURS, 0.2, ["hard", "medium"], "easier", EASY),  # not the same band again
        (OURS, 0.2, ["hard", "easy"], "easier", MEDIUM),
        (OURS, 0.2, ["hard", "medium", "easy"], "sideways", None),
        (OURS, 0.3, ["medium", "easy"], "harder", HARD),  # nothing easier is missing
        (OURS, 0.0, [], "easier", MEDIUM),
        (OURS, 0.0, ["medium"], "easier", EASY),
        (PAPER, 0.0, [], "easier", MEDIUM),
        (PAPER, 0.2, [], "harder", HARD),  # at 0 alone it says "easier"
        (PAPER, 0.2, ["hard"], "easier", MEDIUM),  # in between, what the chain lacks
        (DOWN, 0.7, [], "harder", CHAIN_AIMS["hard"]),
        (DOWN, 0.1, ["hard"], "easier", CHAIN_AIMS["medium"]),
        (DOWN, 0.1, ["hard", "medium"], "easier", CHAIN_AIMS["easy"]),
        (DOWN, 0.5, ["hard", "medium"], "easier", CHAIN_AIMS["easy"]),
        (DOWN, 0.0, [], "easier", CHAIN_AIMS["medium"]),
    ],
)
def test_where_a_chain_goes(
    progression: Progression, rate: float, held: list[Band], direction: Direction, aim: Range | None
) -> None:
    assert progression.direction(rate, held) == direction
    assert progression.aim(rate, direction, held) == aim


@given(rates, bands)
def test_the_aim_lies_on_the_way_and_is_a_missing_stone_where_one_is_missing_there(
    rate: float, held: frozenset[Band]
) -> None:
    direction = OURS.direction(rate, held)
    aim = OURS.aim(rate, direction, held)
    stones = {STONE_OF[band] for band in held}
    if direction == "sideways":
        assert aim is None
        assert "easy" in stones
        return
    assert aim is not None
    assert aim[1] <= max(rate, 0.65) if direction == "harder" else aim[0] >= min(rate, 0.35)
    named = {HARD: "hard", MEDIUM: "medium", EASY: "easy"}[aim]
    way = {"harder": {"hard", "medium"} if rate > 0.65 else {"hard"}}.get(
        direction, {"medium", "easy"} if rate < 0.35 else {"easy"}
    )
    assert named in way
    assert named not in stones or way <= stones


@given(rates, bands)
def test_the_papers_rule_holds_whatever_a_chain_has(rate: float, held: frozenset[Band]) -> None:
    for progression in (OURS, PAPER):
        if rate == 0:
            assert progression.direction(rate, held) == "easier"
        if rate > 0.65:
            assert progression.direction(rate, held) == "harder"
