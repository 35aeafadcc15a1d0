"""Work on a Ray cluster of two nodes: the same bytes as here, and nothing lost or twice when parts of it die."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.cluster.two_nodes import TwoNodes, two_nodes  # isort: skip - sets what Ray reads when it is imported

pytest.importorskip("ray")

from stepsmith.cli import cluster_view
from stepsmith.cli.main import app
from stepsmith.cluster import host as host_module
from stepsmith.cluster import opening
from stepsmith.cluster.executor import RayCluster
from stepsmith.cluster.judge import ClusterJudge
from stepsmith.core.errors import JudgeFailedError, SandboxError
from stepsmith.core.records import Contract, Solution, TestCase, Verdict
from stepsmith.judge.executor import in_order
from stepsmith.judge.program import RunningJudge
from stepsmith.pipeline import synthesis
from tests.processes import heed_interrupts
from tests.synth.llm.scripted_server import ScriptedServer
from tests.synth.llm.test_path import WEAKER, toml_for

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
SMALL = ["synth", "--profile", "micro", "--chains", "4", "--turns", "2", "--attempts", "6", "--seed", "11"]
DOUBLE = Solution(language="python", code="print(2 * int(input()))")
STDIO = Contract(interface="stdio")

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"
)


@pytest.fixture(scope="module")
def nodes() -> Iterator[TwoNodes]:
    with two_nodes() as nodes:
        yield nodes


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on this machine."""
    out = tmp_path_factory.mktemp("runs") / "here"
    command(*SMALL, "--workers", 1, "--out", out)
    return out


def command(*words: object) -> str:
    """Run a command in this process and return its output."""
    result = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def run(*words: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([STEPSMITH, *map(str, words)], capture_output=True, text=True, timeout=240, check=False)
    if check:
        assert done.returncode == 0, done.stderr
    return done


def data(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in ("problems.parquet", "rejected.parquet", "manifest.json")]


def doubled(judge: RunningJudge, number: int) -> tuple[int, int]:
    """Our process, and what a program prints."""
    (execution,) = judge.execute(DOUBLE, STDIO, [str(number)])
    return os.getpid(), int(execution.output)


def die_once(judge: RunningJudge, item: tuple[int, str]) -> int:
    number, flag = item
    if number == 3 and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fail_once(judge: RunningJudge, item: tuple[int, str]) -> int:
    number, flag = item
    if number == 3 and not Path(flag).exists():
        Path(flag).touch()
        raise JudgeFailedError("the judge failed on a program again and again")
    return number


def always_fail(judge: RunningJudge, number: int) -> int:
    raise SandboxError(f"item {number} fails everywhere")


def slow(judge: RunningJudge, number: int) -> int:
    time.sleep(0.2)
    return number


class TestInOneCluster:
    """What can share a cluster. It holds the cores of both nodes, so it ends before other commands come."""

    @pytest.fixture(scope="class")
    def cluster(self, nodes: TwoNodes) -> Iterator[RayCluster]:
        with RayCluster(nodes.executor, 1) as cluster:
            yield cluster

    @pytest.fixture
    def executor(self, cluster: RayCluster, nodes: TwoNodes, monkeypatch: pytest.MonkeyPatch) -> str:
        """The value of --executor; commands of this process find the cluster open."""
        for module in (opening, synthesis, cluster_view):
            monkeypatch.setattr(module, "RayCluster", lambda *_, **__: nullcontext(cluster))
        return nodes.executor

    def test_work_is_spread_over_the_nodes_in_order(self, cluster: RayCluster) -> None:
        found = list(in_order(cluster, doubled, range(40), ahead=4))
        assert [output for _, output in found] == [2 * number for number in range(40)]
        assert len({process for process, _ in found}) == 2
        assert list(cluster.map(slow, [])) == []

    def test_the_whole_cluster_is_one_judge(self, cluster: RayCluster) -> None:
        judge = ClusterJudge(cluster)
        tests = [TestCase(input="2", output="4"), TestCase(input="3", output="6")]
        assert judge.workers == 2
        assert judge.judge(DOUBLE, STDIO, tests).verdict is Verdict.AC
        wrong = Solution(language="python", code="print(4)")
        assert judge.judge(wrong, STDIO, tests, stop_at_first_failure=True).verdict is Verdict.WA
        assert [execution.output.strip() for execution in judge.execute(DOUBLE, STDIO, ["1", "5"])] == ["2", "10"]
        assert judge.agree(STDIO, "", "1 2", "1  2")
        assert judge.isolation == cluster.isolation

    def test_two_nodes_give_the_same_bytes(self, here: Path, executor: str, tmp_path: Path) -> None:
        command(*SMALL, "--workers", 1, "--executor", executor, "--out", tmp_path / "two")
        assert data(tmp_path / "two") == data(here)

    def test_commands_that_judge_give_the_same_results_there(self, here: Path, executor: str, tmp_path: Path) -> None:
        for name, where in (("here", "local"), ("there", executor)):
            options = ["--workers", 1, "--executor", where, "--out"]
            command("verify", here, *options, tmp_path / f"{name}.jsonl")
            command("rate", here, "--student", "simulated", "--attempts", 6, *options, tmp_path / name)
            command("curate", here, "--depth", "behavioural", *options, tmp_path / f"{name}-curated")
        assert (tmp_path / "here.jsonl").read_bytes() == (tmp_path / "there.jsonl").read_bytes()
        for file in ("here/problems.parquet", "here/ratings.parquet", "here-curated/problems.parquet"):
            assert (tmp_path / file).read_bytes() == (tmp_path / file.replace("here", "there", 1)).read_bytes(), file

    def test_doctor_shows_both_nodes(self, executor: str) -> None:
        assert "2 judge pools, all alike" in command("doctor", "--executor", executor)

    def test_a_killed_actor_loses_nothing(self, cluster: RayCluster, tmp_path: Path) -> None:
        items = [(number, str(tmp_path / "flag")) for number in range(12)]
        assert sorted(cluster.map(die_once, items)) == list(range(12))
        assert (tmp_path / "flag").exists()

    def test_what_fails_on_one_node_is_tried_on_another(self, cluster: RayCluster, tmp_path: Path) -> None:
        items = [(number, str(tmp_path / "flag")) for number in range(8)]
        assert sorted(cluster.map(fail_once, items)) == list(range(8))
        with pytest.raises(SandboxError, match="item 0 fails everywhere"):
            list(cluster.map(always_fail, [0]))


def test_interrupt_and_a_killed_driver_resume_on_another_executor(here: Path, nodes: TwoNodes, tmp_path: Path) -> None:
    out = tmp_path / "run"
    words = [*SMALL, "--workers", "1", "--out", str(out)]
    there = ["--executor", nodes.executor]
    with started([*words, *there]) as first:
        assert first.stdout is not None
        wait_for(first, "chain 1/4")
        os.killpg(first.pid, signal.SIGINT)
        rest = first.stdout.read()
    assert first.returncode == 130
    assert "--resume" in rest
    with started([*words, *there, "--resume"]) as second:
        wait_for(second, "chain ")
        os.kill(second.pid, signal.SIGKILL)
    command(*words, "--resume")
    assert data(out) == data(here)


def started(words: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [STEPSMITH, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )


def wait_for(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stdout is not None
    while words not in (line := process.stdout.readline()):
        assert line, f"the run ended before it said {words!r}"


@pytest.fixture(scope="module")
def asked_here(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A run that asks models, on this machine: its folder and the prompts that were paid for."""
    folder = tmp_path_factory.mktemp("asked")
    with ScriptedServer(student=WEAKER) as server:
        command("synth", toml_for(server, folder / "m.sqlite", folder), "--workers", 1, "--out", folder / "run")
        return folder / "run", [bill.prompt for bill in server.bills]


def test_models_are_asked_by_one_actor_that_outlives_the_driver(
    asked_here: tuple[Path, list[str]], nodes: TwoNodes, tmp_path: Path
) -> None:
    """A budget is one for all nodes. A driver is killed with answers in flight: they are kept, none is paid twice."""
    folder, paid = asked_here
    with ScriptedServer(delay_s=0.4, student=WEAKER) as slow:
        config = toml_for(slow, tmp_path / "m.sqlite", tmp_path)
        words = ["synth", str(config), "--workers", "1", "--executor", nodes.executor, "--out", str(tmp_path / "run")]
        stopped = run(*words, "--budget", "10k tokens", check=False)  # one proposal may cost 5,425 at the worst
        assert stopped.returncode == 2
        assert "budget is spent" in stopped.stderr
        assert 1000 < slow.tokens <= 10_000
        words += ["--resume", "--budget", "10 USD"]
        with started(words) as victim:
            while len(slow.bills) < len(paid) // 2:
                assert victim.poll() is None
                time.sleep(0.01)
            os.kill(victim.pid, signal.SIGKILL)
        run(*words)
        assert sorted(bill.prompt for bill in slow.bills) == sorted(paid)
    assert data(tmp_path / "run")[:2] == data(folder)[:2]


def test_a_killed_node_loses_nothing_and_a_new_one_helps(nodes: TwoNodes) -> None:
    """Last, because it changes the cluster."""
    with RayCluster(nodes.executor, 1) as cluster:
        results = cluster.map(slow, range(60))
        seen = [next(results) for _ in range(6)]
        nodes.kill()
        seen += [next(results) for _ in range(20)]
        assert cluster.at_once == 1
        nodes.add()
        seen += list(results)
        assert sorted(seen) == list(range(60))
        assert cluster.at_once == 2


def test_the_actor_of_a_node() -> None:
    host = host_module.Host("here", 1, 1, "auto", False)
    try:
        host.begin("a", doubled)
        assert host.run("a", 4)[1] == 8
        assert host.facts().judges == 1
        assert host.ask("execute", (DOUBLE, STDIO, ["1"]), {})[0].output.strip() == "2"
    finally:
        host.close()
