"""Judge servers for a fleet: scripted ones, one with a real judge, and ones in processes that can be killed."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.serve.conftest import Address, ScriptedJudge, pool, running

__all__ = ["Address", "ScriptedJudge", "pool", "running"]

SERVE = [sys.executable, "-c", "from stepsmith.cli.judge import judge_app; judge_app()", "serve"]


def url_of(address: Address) -> str:
    return f"http://127.0.0.1:{address.port}"


class ServerProcess:
    """``stepsmith judge serve`` in a process of its own."""

    def __init__(self, port: int = 0) -> None:
        self.process = subprocess.Popen(
            [*SERVE, "--port", str(port), "--workers", "1"], stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        found = re.search(r"http://[^:]+:(\d+)", line)
        assert found is not None, line + self.process.stderr.read()
        self.port = int(found[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
            self.process.stderr.close()


@contextmanager
def server_processes(count: int) -> Iterator[list[ServerProcess]]:
    servers: list[ServerProcess] = []
    try:
        for _ in range(count):
            servers.append(ServerProcess())
        yield servers
    finally:
        for server in servers:
            server.stop()
