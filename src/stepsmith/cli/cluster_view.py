"""``stepsmith doctor --executor``: what each node of a cluster gives, and whether the nodes are alike."""

from rich.console import Console
from rich.table import Table

from stepsmith.cluster.executor import RayCluster
from stepsmith.cluster.facts import NodeFacts, check_alike
from stepsmith.core.errors import MachineError


def show_cluster(console: Console, executor: str, workers: int, *, allow_unsafe: bool = False) -> None:
    """Print a column for each judge pool of the cluster.

    Raises ``MachineError`` if a node cannot judge, or if the nodes differ.
    """
    with RayCluster(executor, workers, allow_unsafe=allow_unsafe, at_once=1, mixed=True) as cluster:
        nodes = cluster.nodes
        away = cluster.unable
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for node in nodes:
        table.add_column(node.address, overflow="fold")
    for name in _rows(nodes):
        table.add_row(name, *(_facts(node).get(name, "[yellow]missing[/]") for node in nodes))
    console.print(table)
    for address, why in away.items():
        console.print(f"{address} cannot judge programs: {why}", soft_wrap=True, highlight=False, markup=False)
    if away:
        raise MachineError(f"{len(away)} of {len(nodes) + len(away)} judge pools did not start")
    check_alike(nodes)
    pools = "one judge pool" if len(nodes) == 1 else f"{len(nodes)} judge pools, all alike"
    console.print(f"{pools}; programs run at isolation level {nodes[0].isolation}.")


def _rows(nodes: list[NodeFacts]) -> list[str]:
    return list(dict.fromkeys(name for node in nodes for name in _facts(node)))


def _facts(node: NodeFacts) -> dict[str, str]:
    return {
        "cores": str(node.cores),
        "judges": str(node.judges),
        "isolation": node.isolation,
        "stepsmith": node.stepsmith,
        "python": f"{node.python} {node.machine}",
        **node.libraries,
        **{f"language {name}": version for name, version in node.languages.items()},
        **{f"package {name}": version for name, version in node.packages.items()},
    }
