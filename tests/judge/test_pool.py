import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor

import pytest

from stepsmith.core.errors import MachineError
from stepsmith.core.records import Checker, Contract, Judgement, Limits, Solution, TestCase, Verdict
from stepsmith.judge.pool import JudgePool
from stepsmith.judge.program import Program
from tests.sandbox.world import descendants, descriptors

STDIO = Contract(interface="stdio")
SLEEPER = Solution(language="python", code="import time\ntime.sleep(0.4)\nprint(input())")
ENDLESS = Solution(language="python", code="while True: pass")


def echo(n: int) -> tuple[Solution, Contract, list[TestCase]]:
    """Return a program that is right on every test but the one that its number names."""
    code = f"n = int(input())\nprint(n if n != {n % 7} else -1)"
    return Solution(language="python", code=code), STDIO, [TestCase(input=f"{i}", output=f"{i}") for i in range(8)]


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(3) as pool:
        yield pool


def test_many_threads_get_their_own_results(pool: JudgePool) -> None:
    with ThreadPoolExecutor(8) as threads:
        judgements = list(threads.map(lambda n: pool.judge(*echo(n)), range(60)))
    for n, judgement in enumerate(judgements):
        wrong = [i for i, result in enumerate(judgement.tests) if result.verdict is Verdict.WA]
        assert wrong == [n % 7]
        assert judgement.isolation == pool.isolation


@pytest.mark.serial
def test_submitted_judgements_run_side_by_side(pool: JudgePool) -> None:
    started = time.monotonic()
    futures = [pool.submit(SLEEPER, STDIO, [TestCase(input="x", output="x")]) for _ in range(3)]
    assert [future.result().verdict for future in futures] == ["AC"] * 3
    assert time.monotonic() - started < 1.1  # one after another they would take 1.2 s


def test_everything_that_one_judge_does(pool: JudgePool) -> None:
    solution, contract, cases = echo(3)
    stopped = pool.judge(solution, contract, cases, stop_at_first_failure=True)
    assert len(stopped.tests) == 4
    assert [run.output for run in pool.execute(solution, contract, ["1", "3"])] == ["1\n", "-1\n"]
    for name, right in (("float:0.1", True), ("exact", False)):
        assert pool.agree(Contract(interface="stdio", checker=Checker(name=name)), "", "1.0", "1.05") is right
    run = pool.run_program(Program(language="python", sources=(("main.py", "print(input())"),), stdin="hello"))
    assert run.stdout == "hello\n"


def test_lost_workers_are_replaced(pool: JudgePool) -> None:
    """All workers are killed again whenever another ten programs have been judged."""
    judged: list[int] = []

    def one(n: int) -> Judgement:
        judgement = pool.judge(*echo(n))
        judged.append(n)
        if len(judged) % 10 == 0:
            for judge in pool._judges:
                for worker in list(judge._programs.worker_set._workers.values()):
                    worker.server.kill()
        return judgement

    with ThreadPoolExecutor(3) as threads:
        judgements = list(threads.map(one, range(60)))
    for n, judgement in enumerate(judgements):
        assert [i for i, result in enumerate(judgement.tests) if result.verdict is not Verdict.AC] == [n % 7]


def test_closing_ends_everything() -> None:
    processes, open_files = descendants(os.getpid()), descriptors()
    pool = JudgePool(2)
    limits = Contract(interface="stdio", limits=Limits(time_s=60))
    futures = [pool.submit(ENDLESS, limits, [TestCase(input="", output="")]) for _ in range(5)]
    time.sleep(0.3)
    pool.close()
    ends = []
    for future in futures:
        try:
            ends.append(future.result(10).verdict.value)
        except CancelledError:
            ends.append("cancelled")
    assert sorted(ends) == ["IE", "IE", "cancelled", "cancelled", "cancelled"]
    assert descendants(os.getpid()) <= processes
    assert descriptors() <= open_files


def test_a_pool_needs_workers_and_a_level() -> None:
    with pytest.raises(MachineError, match="at least one"):
        JudgePool(0)
    with pytest.raises(MachineError, match="--allow-unsafe"):
        JudgePool(2, isolation="L0")


def test_a_pool_that_cannot_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from stepsmith.judge import pool as module

    real, asked = module.LocalJudge, []

    def judge(isolation: str, allow_unsafe: bool, **_: object) -> object:
        asked.append(isolation)
        if len(asked) > 2:
            raise MachineError("no more of them")
        return real(isolation, allow_unsafe)

    processes = descendants(os.getpid())
    monkeypatch.setattr(module, "LocalJudge", judge)
    with pytest.raises(MachineError, match="no more"):
        JudgePool(4)
    assert descendants(os.getpid()) <= processes


def test_workers_stopped_for_a_while_change_nothing() -> None:
    """A machine that stands still is not the program's fault."""
    with JudgePool(1) as pool:
        pool.judge(*echo(1))
        (judge,) = pool._judges
        (worker,) = judge._programs.worker_set._workers.values()
        timer = threading.Timer(1.0, os.kill, (worker.server.pid, signal.SIGCONT))
        os.kill(worker.server.pid, signal.SIGSTOP)
        timer.start()
        judgement = pool.judge(*echo(2))
        timer.join()
    assert [result.verdict for result in judgement.tests].count(Verdict.WA) == 1
