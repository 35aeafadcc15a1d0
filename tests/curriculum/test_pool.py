import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.core.stats import pass_rate
from stepsmith.curriculum.pool import Pool, band_counts, item_of
from tests.curriculum.items import an_item, some_items
from tests.records import a_problem


def test_an_item_has_what_a_curriculum_needs_of_a_problem() -> None:
    problem = a_problem(pass_rate=pass_rate(3, 32))
    item = item_of(problem, real=True)
    assert (item.id, item.chain_id, item.turn) == (problem.id, problem.lineage.chain_id, problem.lineage.turn)
    assert (item.band, item.real, item.features) == ("hard", True, len(problem.features))
    assert item_of(a_problem(pass_rate=None)).band is None
    assert item_of(a_problem(pass_rate=pass_rate(0, 0))).band is None  # nobody has tried it


def test_the_order_of_a_pool_is_that_of_its_ids_however_it_was_filled() -> None:
    pool = Pool([an_item("c"), an_item("a", real=True)])
    pool.add([an_item("b", environment="fuzzing")])
    assert [item.id for item in pool.made()] == ["b", "c"]
    assert [item.id for item in pool.made("fuzzing")] == ["b"]
    assert [item.id for item in pool.real()] == ["a"]
    assert "b" in pool
    assert len(pool) == 3


def test_nothing_is_added_when_an_id_comes_twice() -> None:
    pool = Pool([an_item("a")])
    with pytest.raises(ConfigError, match="a is in the training set twice"):
        pool.add([an_item("b"), an_item("a")])
    assert len(pool) == 1


def test_bands_are_counted_easiest_first_and_unrated_ones_apart() -> None:
    counts = band_counts([*some_items(2), an_item("x", None)])
    assert list(counts.items()) == [("easy", 2), ("easy-medium", 2), ("medium", 2), ("hard", 2), ("unrated", 1)]
    assert list(band_counts([])) == ["easy", "easy-medium", "medium", "hard"]
