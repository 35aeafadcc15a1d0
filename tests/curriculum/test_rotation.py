from stepsmith.curriculum import Layout, Sampler
from stepsmith.curriculum.rotation import Rotation
from tests.curriculum.items import an_item, some_items


def test_each_round_has_every_problem_once_rated_or_not_in_an_order_of_its_own() -> None:
    items = [*some_items(2), an_item("unrated", None)]
    ids = list(Sampler(items, Rotation(), Layout(groups=3, group_size=1, batches=9)))
    rounds = [tuple(ids[start : start + 9]) for start in (0, 9, 18)]
    assert all(sorted(one) == sorted(item.id for item in items) for one in rounds)
    assert len(set(rounds)) == 3
