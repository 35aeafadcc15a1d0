"""What a node gives: isolation, toolchains, versions. Nodes that differ could give different bytes or verdicts."""

import functools
import hashlib
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import stepsmith
from stepsmith.core.errors import MachineError
from stepsmith.core.records import Record
from stepsmith.judge import languages, packages

LIBRARIES = ("msgspec", "pyarrow")  # the bytes of a data set depend on them


class NodeFacts(Record, frozen=True, kw_only=True):
    """One node. All except ``address``, ``cores`` and ``judges`` must be the same on every node of a run."""

    address: str
    cores: int
    judges: int  # programs that it judges at once
    isolation: str  # level that was proved when its judge pool was started
    stepsmith: str  # version and hash of the source
    python: str
    machine: str
    libraries: dict[str, str]
    languages: dict[str, str]  # of each language that can be judged, the version of its tool
    packages: dict[str, str]  # that judged Python programs may import


def gather(address: str, cores: int, judges: int, isolation: str) -> NodeFacts:
    """Return the facts of this machine."""
    return NodeFacts(
        address=address,
        cores=cores,
        judges=judges,
        isolation=isolation,
        stepsmith=f"{stepsmith.__version__} {source_hash()}",
        python=platform.python_version(),
        machine=platform.machine(),
        libraries={name: version(name) for name in LIBRARIES},
        languages={row.name: _version(row) for row in languages.TABLE if row.installed},
        packages=packages.offered(),
    )


@functools.cache
def source_hash() -> str:
    """Return the start of a hash over the source of Stepsmith: two checkouts of one version may differ."""
    root = Path(stepsmith.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.suffix in (".py", ".toml", ".c", ".h", ".jinja", ".md", ".json") and path.is_file():
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def differences(nodes: Sequence[NodeFacts]) -> list[str]:
    """Return in words how nodes differ from the first one; nothing if the cluster is uniform."""
    found = []
    for node in nodes[1:]:
        for name in NodeFacts.__struct_fields__:
            if name not in ("address", "cores", "judges"):
                found += _difference(name, nodes[0], node)
    return found


def check_alike(nodes: Sequence[NodeFacts]) -> None:
    """Raise ``MachineError`` with the first reasons if nodes differ."""
    if found := differences(nodes):
        more = f" (and {len(found) - 3} more)" if len(found) > 3 else ""
        raise MachineError(
            f"the nodes of this cluster differ, so results would depend on the node: {'; '.join(found[:3])}{more}. "
            "Install the same on every node; `stepsmith doctor --executor` shows all nodes"
        )


def _difference(name: str, first: NodeFacts, other: NodeFacts) -> list[str]:
    ours, theirs = getattr(first, name), getattr(other, name)
    if ours == theirs:
        return []
    if not isinstance(ours, Mapping):
        return [f"{name} is {ours} on {first.address} and {theirs} on {other.address}"]
    return [
        f"{key} is {ours.get(key, 'missing')} on {first.address} and {theirs.get(key, 'missing')} on {other.address}"
        for key in sorted({*ours, *theirs})
        if ours.get(key) != theirs.get(key)
    ]


def _version(row: languages.Language) -> str:
    if not row.tool:
        return platform.python_version()
    try:
        return row.version
    except MachineError as error:
        return str(error)
