"""A judge server on a free loopback port, and plain HTTP to talk to it."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from stepsmith.core.records import Contract, Execution, Judgement, Solution, TestCase, TestResult, Verdict
from stepsmith.judge.pool import JudgePool
from stepsmith.judge.program import Program, ProgramRun, RunningJudge
from stepsmith.serve.server import JudgeServer, listen, make_server
from stepsmith.serve.settings import ServerSettings


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Address:
    port: int
    server: JudgeServer

    def request(
        self, method: str, path: str, body: bytes | list[bytes] | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Reply:
        return self.request("GET", path, headers=headers)

    def chunked(self, path: str, chunks: list[bytes]) -> Reply:
        return self.request("POST", path, chunks, {"Content-Type": "application/json"})

    def post(self, path: str, content: object, **headers: str) -> Reply:
        return self.request("POST", path, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})


class ScriptedJudge:
    """Answers at once or when told to, so that queues and shutdowns can be watched. The code names the verdict."""

    isolation = "L0"

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.running = 0
        self.most_running = 0
        self.done: list[str] = []
        self._lock = threading.Lock()

    def _work(self, code: str) -> Verdict:
        with self._lock:
            self.running += 1
            self.most_running = max(self.most_running, self.running)
        assert self.go.wait(20)
        with self._lock:
            self.running -= 1
            self.done.append(code)
        return Verdict(code.partition(" ")[0])

    def judge(
        self, solution: Solution, contract: Contract, tests: Sequence[TestCase], *, stop_at_first_failure: bool = False
    ) -> Judgement:
        verdict = self._work(solution.code)
        return Judgement(verdict=verdict, tests=tuple(TestResult(verdict=verdict) for _ in tests), isolation="L0")

    def execute(self, solution: Solution, contract: Contract, inputs: Sequence[str]) -> list[Execution]:
        return [Execution(verdict=self._work(solution.code), output=text) for text in inputs]

    def run_program(self, program: Program) -> ProgramRun:
        return ProgramRun(verdict=self._work(program.sources[0][1]), stdout=str(program.stdin))

    def agree(self, contract: Contract, input_text: str, expected: str, actual: str) -> bool:
        return expected == actual

    def close(self) -> None:
        self.go.set()


@contextmanager
def running(judge: RunningJudge, **settings: object) -> Iterator[Address]:
    chosen = ServerSettings(**({"port": 0} | settings))
    with listen(chosen) as listener:
        server = make_server(judge, chosen)
        thread = threading.Thread(target=lambda: server.run(sockets=[listener]))
        thread.start()
        try:
            wait_for(lambda: server.started)
            yield Address(listener.getsockname()[1], server)
        finally:
            server.should_exit = True
            judge.go.set() if isinstance(judge, ScriptedJudge) else None
            thread.join(20)
            assert not thread.is_alive()


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.01)


@pytest.fixture
def scripted() -> ScriptedJudge:
    return ScriptedJudge()


@pytest.fixture(scope="session")
def pool() -> Iterator[JudgePool]:
    pool = JudgePool(1)
    yield pool
    pool.close()


@pytest.fixture(scope="module")
def served(pool: JudgePool) -> Iterator[Address]:
    with running(pool, workers=1, time_limit_s=0.5) as address:
        yield address
