"""Servers that could judge differently are told apart, in words."""

import msgspec
import pytest

from stepsmith.cluster.fleet.about import About, about_here, check_same, differences_of
from stepsmith.core.errors import MachineError


@pytest.fixture(scope="module")
def here() -> About:
    return about_here("a:1", 2, 2, "L3", {})


def changed(about: About, **changes: object) -> About:
    return msgspec.structs.replace(about, node=msgspec.structs.replace(about.node, **changes))


def test_the_same_servers_have_one_id_wherever_they_are(here: About) -> None:
    other = changed(here, address="b:2", cores=64, judges=64)
    assert other.id == here.id
    assert differences_of([here, other]) == []
    check_same([here, other])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"isolation": "L1"}, "isolation is L3 on a:1 and L1 on b:2"),
        ({"stepsmith": "9.9 abc"}, "9.9 abc on b:2"),
        ({"python": "3.9"}, "python is"),
        ({"languages": {}}, "missing on b:2"),
        ({"packages": {}}, "missing on b:2"),
    ],
)
def test_what_verdicts_depend_on_is_compared(here: About, change: dict[str, object], said: str) -> None:
    other = changed(here, address="b:2", **change)
    assert other.id != here.id
    with pytest.raises(MachineError, match=r"the judge servers differ.*Install the same") as caught:
        check_same([here, other])
    assert said in str(caught.value)


def test_time_factors_are_compared(here: About) -> None:
    other = msgspec.structs.replace(changed(here, address="b:2"), time_factors={"java": 4.0})
    assert other.id != here.id
    with pytest.raises(MachineError, match=r"time factors are usual on a:1 and .*java.* on b:2"):
        check_same([here, other])
