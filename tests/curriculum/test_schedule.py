import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import BANDS
from stepsmith.curriculum import Layout, Sampler, Schedule, Segment, load_curriculum, presets
from tests.curriculum.items import an_item, some_items

# Deep Dive's tables again, typed by hand: (until, of 40,000) → easy, easy-medium, medium, hard.
THIRD = 1 / 3
TABLES: dict[str, list[tuple[int, tuple[float, float, float, float]]]] = {
    "hard": [(7500, (0.9, 0, 0.05, 0.05)), (17500, (0.05, 0, 0.9, 0.05)), (40000, (0.05, 0, 0.05, 0.9))],
    "soft": [
        (7500, (0.8, 0, 0.15, 0.05)),
        (17500, (0.15, 0, 0.8, 0.05)),
        (30000, (0.15, 0, 0.4, 0.45)),
        (40000, (0.05, 0, 0.15, 0.8)),
    ],
    "classic": [
        (10000, (1, 0, 0, 0)),
        (15000, (0.75, 0, 0.25, 0)),
        (25000, (0, 0, 1, 0)),
        (30000, (0, 0, 0.75, 0.25)),
        (40000, (0, 0, 0, 1)),
    ],
    "reverse-hard-start": [
        (10000, (0, 0, 0, 1)),
        (15000, (0, 0, 0.25, 0.75)),
        (25000, (0, 0, 1, 0)),
        (30000, (0.25, 0, 0.75, 0)),
        (40000, (1, 0, 0, 0)),
    ],
    "reverse-medium-start": [(17500, (0, 0, 1, 0)), (20000, (0, 0.25, 0.75, 0)), (40000, (0, 1, 0, 0))],
    "medium-only": [(40000, (0, 0, 1, 0))],
    "easy-only": [(40000, (1, 0, 0, 0))],
    "hard-only": [(40000, (0, 0, 0, 1))],
    "uniform": [(40000, (THIRD, 0, THIRD, THIRD))],
}


def schedule(name: str) -> Schedule:
    found = load_curriculum(name)
    assert isinstance(found, Schedule)
    return found


def test_the_nine_of_the_paper_are_there() -> None:
    assert {name for name, found in presets().items() if isinstance(found, Schedule)} == set(TABLES)
    assert all(found.source and found.about for found in presets().values())


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("total", [40_000, 1000, 16, 400_000, 37])
def test_weights_are_the_tables_on_both_sides_of_every_boundary(name: str, total: int) -> None:
    start = 0
    for until, row in TABLES[name]:
        wanted = {band: weight for band, weight in zip(BANDS, row, strict=True) if weight}
        first = math.ceil(Fraction(start * total, 40_000))
        last = math.ceil(Fraction(until * total, 40_000)) - 1
        assert schedule(name).weights(first / total) == wanted  # a boundary belongs to what starts there
        assert schedule(name).weights(last / total) == wanted
        start = until
    assert schedule(name).weights(1.0) == wanted


@given(st.integers(1, 10_000), st.data())
def test_a_step_on_a_boundary_is_never_misjudged_by_rounding(total: int, data: st.DataObject) -> None:
    units = data.draw(st.integers(2, 5000))
    until = data.draw(st.integers(1, units - 1))
    step = data.draw(st.integers(0, total - 1))
    drawn = Schedule(steps=units, segments=(Segment(until=until, easy=1), Segment(hard=1)))
    assert drawn.weights(step / total) == ({"easy": 1.0} if step * units < until * total else {"hard": 1.0})


@pytest.mark.parametrize("name", TABLES)
def test_a_sampler_draws_by_the_table(name: str) -> None:
    batches, groups = 80, 20
    ids = list(Sampler(some_items(), schedule(name), Layout(groups=groups, group_size=1, batches=batches)))
    start = 0
    for until, row in TABLES[name]:
        part = ids[start * batches // 40_000 * groups : until * batches // 40_000 * groups]
        for band, weight in zip(BANDS, row, strict=True):
            count = sum(1 for i in part if i.rpartition("-")[0] == band)
            assert abs(count - weight * len(part)) <= 3, (until, band)
            assert weight or not count
        start = until


def test_an_empty_band_is_named_at_the_start() -> None:
    items = [item for item in some_items(3) if item.band != "hard"]
    layout = Layout(groups=2, group_size=2, batches=40)
    with pytest.raises(
        ConfigError, match=r"from 62% .* band hard, .*\(easy 3, easy-medium 3, medium 3, hard 0.*nearest"
    ):
        Sampler(items, schedule("classic"), layout)
    with pytest.raises(ConfigError, match="no problem has a pass rate"):
        Sampler([an_item("a", None)], schedule("classic"), layout)
    Sampler(items, schedule("easy-only"), layout)  # a band that is not wanted may be empty


@pytest.mark.parametrize(
    ("there", "stands_in"), [(["easy", "medium"], "medium"), (["easy", "easy-medium"], "easy-medium")]
)
def test_the_nearest_band_stands_in_where_that_is_asked_for(there: list[str], stands_in: str) -> None:
    items = [item for item in some_items(3) if item.band in there]
    hard = Schedule(segments=(Segment(hard=3, easy=1),), empty="nearest")
    sampler = Sampler(items, hard, Layout(groups=4, group_size=1, batches=10))
    ids = list(sampler)
    assert sampler.weights == {"easy": 0.25, stands_in: 0.75}
    assert sum(i.startswith(f"{stands_in}-0") for i in ids) == 30


def test_the_easier_of_two_bands_as_near_stands_in() -> None:
    items = [item for item in some_items(3) if item.band in ("easy", "medium")]
    sampler = Sampler(
        items,
        Schedule(segments=(Segment(easy_medium=1),), empty="nearest"),
        Layout(groups=1, group_size=1, batches=1),
    )
    assert next(iter(sampler)).startswith("easy")
