"""What a judge server says of itself, so that servers that could judge differently are never mixed."""

from collections.abc import Mapping, Sequence

from stepsmith.cluster.facts import NodeFacts, differences, gather
from stepsmith.core.errors import MachineError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Record


class About(Record, frozen=True, kw_only=True):
    """A judge server. All except its address, cores and workers must be the same on every server of a fleet."""

    node: NodeFacts
    time_factors: dict[str, float]  # that replace those of the languages

    @property
    def id(self) -> str:
        """Content id of what verdicts depend on. Every answer of a server carries it."""
        kept = {name: getattr(self.node, name) for name in NodeFacts.__struct_fields__ if name not in _OWN}
        return content_id("facts", kept, self.time_factors)


_OWN = ("address", "cores", "judges")


def about_here(address: str, cores: int, workers: int, isolation: str, time_factors: Mapping[str, float]) -> About:
    """Return what the judge of this process is."""
    return About(node=gather(address, cores, workers, isolation), time_factors=dict(sorted(time_factors.items())))


def differences_of(servers: Sequence[About]) -> list[str]:
    """Return in words how servers differ from the first one; nothing if they can judge together."""
    found = differences([server.node for server in servers])
    first = servers[0] if servers else None
    for other in servers[1:]:
        if first and other.time_factors != first.time_factors:
            found.append(
                f"time factors are {first.time_factors or 'usual'} on {first.node.address} and "
                f"{other.time_factors or 'usual'} on {other.node.address}"
            )
    return found


def check_same(servers: Sequence[About]) -> None:
    """Raise ``MachineError`` with the first reasons if servers differ."""
    if found := differences_of(servers):
        more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
        raise MachineError(
            f"the judge servers differ, so a verdict would depend on the server: {'; '.join(found[:3])}{more}. "
            "Install the same on all of them, or name only servers that are alike"
        )
