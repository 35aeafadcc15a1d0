"""A judge server of its own, a client that costs little, and the CPU time of processes; for the other benchmarks."""

import contextlib
import os
import re
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

SERVE = [sys.executable, "-c", "from stepsmith.cli.judge import judge_app; judge_app()", "serve", "--port", "0"]
TICK = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def judge_server(*words: object) -> Iterator[tuple[int, int]]:
    """Start ``stepsmith judge serve`` and yield its port and its process id."""
    server = subprocess.Popen([*SERVE, *map(str, words)], stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        found = re.search(r"http://[^:]+:(\d+)", server.stderr.readline())
        assert found is not None
        yield int(found[1]), server.pid
    finally:
        server.terminate()
        server.wait(30)


def tree_cpu(root: int) -> float:
    """Return the CPU seconds of a process, its living descendants, and all that any of them has waited for."""
    spent: dict[int, tuple[int, float]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                spent[int(entry.name)] = int(fields[1]), sum(map(int, fields[11:15])) / TICK
    total, found = 0.0, [root]
    for pid in found:
        total += spent.get(pid, (0, 0.0))[1]
        found += [child for child, (parent, _) in spent.items() if parent == pid]
    return total


def post_request(path: str, content: object) -> bytes:
    """Return a whole HTTP request."""
    body = msgspec.json.encode(content)
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def send_all(port: int, requests: Sequence[bytes], clients: int) -> list[bytes]:
    """Send requests over ``clients`` connections that are kept, one at a time on each; return the bodies in order."""
    ready = select.epoll()
    waiting = iter(enumerate(requests))
    connections: dict[int, socket.socket] = {}
    asked: dict[int, int] = {}  # by descriptor: the request that is under way
    come: dict[int, bytes] = {}  # what has come of its answer
    replies: dict[int, bytes] = {}

    def next_one(descriptor: int) -> None:
        asked[descriptor], request = next(waiting, (-1, b""))
        come[descriptor] = b""
        connections[descriptor].sendall(request)

    for _ in range(min(clients, len(requests))):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connections[connection.fileno()] = connection
        ready.register(connection, select.EPOLLIN)
        next_one(connection.fileno())
    while len(replies) < len(requests):
        for descriptor, _ in ready.poll():
            data = connections[descriptor].recv(1 << 16)
            assert data, "the server closed a connection"
            come[descriptor] += data
            head, end, body = come[descriptor].partition(b"\r\n\r\n")
            if end and len(body) >= _length(head):
                assert head.startswith(b"HTTP/1.1 200 "), head + body
                replies[asked[descriptor]] = body
                next_one(descriptor)
    for connection in connections.values():
        connection.close()
    return [replies[number] for number in range(len(requests))]


def _length(head: bytes) -> int:
    found = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    assert found is not None
    return int(found[1])
