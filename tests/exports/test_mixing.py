"""Shares of real problems."""

import pytest

from stepsmith.core.errors import ConfigError
from stepsmith.exports.mixing import mixed
from tests.train.verl.rendered import many

MADE, REAL = many(40)[:30], many(40)[30:]


def test_all_of_one_kind_and_a_part_of_the_other() -> None:
    real = {one.id for one in REAL}
    for share, made_count, real_count in ((5 / 9, 8, 10), (0.25, 30, 10), (0.1, 30, 3)):
        found = mixed(MADE, REAL, share)
        counted = sum(one.id in real for one in found)
        assert (len(found) - counted, counted) == (made_count, real_count)
    assert mixed(MADE, REAL, 0.1) == mixed(MADE, REAL, 0.1)
    assert mixed(MADE, REAL, 0.1, seed=1) != mixed(MADE, REAL, 0.1)


def test_shares_that_cannot_be() -> None:
    for share in (0.0, 1.0, -0.2):
        with pytest.raises(ConfigError, match="above 0 and below 1"):
            mixed(MADE, REAL, share)
    with pytest.raises(ConfigError, match="30 made and 0 real problems cannot be mixed"):
        mixed(MADE, [], 0.5)
