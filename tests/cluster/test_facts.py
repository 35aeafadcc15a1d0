import msgspec
import pytest

from stepsmith.cluster.facts import check_alike, differences, gather
from stepsmith.core.errors import MachineError

FACTS = gather("10.0.0.1", 8, 8, "L3")


def test_nodes_may_differ_in_size_alone() -> None:
    other = msgspec.structs.replace(FACTS, address="10.0.0.2", cores=64, judges=4)
    assert differences([FACTS, other]) == []
    check_alike([FACTS, other])
    check_alike([])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"isolation": "L1"}, "isolation is L3 on 10.0.0.1 and L1 on 10.0.0.2"),
        ({"stepsmith": "0.1.0 0123"}, "and 0.1.0 0123 on 10.0.0.2"),
        ({"python": "3.9.0"}, "and 3.9.0 on"),
        ({"libraries": {**FACTS.libraries, "pyarrow": "1.0"}}, "pyarrow is .* and 1.0 on 10.0.0.2"),
        ({"languages": {"python": FACTS.python, "cobol": "1"}}, "cobol is missing on 10.0.0.1 and 1 on 10.0.0.2"),
    ],
)
def test_what_decides_results_must_be_the_same(change: dict[str, object], reason: str) -> None:
    other = msgspec.structs.replace(FACTS, address="10.0.0.2", **change)
    with pytest.raises(MachineError, match=reason):
        check_alike([FACTS, other])


def test_many_reasons_are_counted() -> None:
    other = msgspec.structs.replace(FACTS, address="10.0.0.2", packages={}, isolation="L1", libraries={})
    with pytest.raises(MachineError, match="more"):
        check_alike([FACTS, other])
