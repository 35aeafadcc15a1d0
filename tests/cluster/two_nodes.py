"""A Ray cluster of two nodes on this machine, with one core each."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Read by this process, its nodes and the commands that tests start.
os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "5" * 64}
os.environ |= {"RAY_worker_niceness": "0"}  # else the actors starve on a busy machine
STORE = 80 << 20  # bytes; Ray takes no less than 75 MiB


class TwoNodes:
    """``address`` is the head's. ``second`` is the node that may be killed."""

    def __init__(self, cluster: Any) -> None:
        self._cluster = cluster
        self.address = str(cluster.address)
        self.executor = f"ray://{self.address}"
        self.second: Any = None
        self.add()

    def add(self) -> None:
        """Start the second node."""
        self.second = self._cluster.add_node(num_cpus=1, object_store_memory=STORE, wait=True)

    def kill(self) -> None:
        """Kill the second node's processes."""
        self._cluster.remove_node(self.second, allow_graceful=False)


@contextmanager
def two_nodes() -> Iterator[TwoNodes]:
    """Start the cluster, and end it."""
    from ray.cluster_utils import Cluster

    head = {"num_cpus": 1, "object_store_memory": STORE, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        yield TwoNodes(cluster)
    finally:
        cluster.shutdown()
