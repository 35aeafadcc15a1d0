"""Kill, cut and fill parts of a Ray cluster at work: `python benchmarks/cluster_faults.py`; long: a fault is a scene.

Every fault happens in the middle of a synthesis on a cluster of two nodes. Afterwards the data set must have the bytes
of a run on this machine without faults: nothing lost, nothing twice, no verdict changed. `endpoint` asks models (a
scripted server) and counts what was paid. Needs root for `full-disk` (a small tmpfs) and `cut` (network namespaces).

    judge     a process of a judge's sandbox is killed every three seconds
    judges    the same twice a second, for two and a half minutes; a run that gives up says why and is resumed
    actor     the actor of the second node is killed
    node      the second node is killed, and another one joins
    driver    the driver is killed three times and resumed
    full-disk the second node's temporary folder is on a full disk
    store     the object stores are full of other data
    endpoint  the endpoint is gone for a while
    cut       the second node is in a network namespace; the cable is cut for 3 s, later for 15 s, and healed
"""

import argparse
import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.synth.llm.scripted_server import ScriptedServer
from tests.synth.llm.test_path import WEAKER, toml_for

BIN = Path(sys.executable).parent
STORE = 80 << 20  # bytes of an object store; Ray takes no less than 75 MiB
PORT = 16390
CHAINS = 24
CUT_CHAINS = 48  # of `cut`: a node takes a while to start again
OFTEN_S = 150.0
GONE_S = 150.0  # of the endpoint
SMALL = ["--profile", "micro", "--chains", str(CHAINS), "--turns", "2", "--attempts", "8", "--seed", "5"]
ENV = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "f" * 64}
ENV |= {"RAY_raylet_start_wait_time_s": "400", "RAY_worker_niceness": "0"}  # on a busy machine
QUICK = {  # so that a node that is cut off is given up within seconds
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "2000",
    "RAY_health_check_failure_threshold": "4",
}


class Cluster:
    """A head and a second node, by `ray start`, each with one core."""

    def __init__(
        self,
        folder: Path,
        ip: str = "127.0.0.1",
        second: tuple[str, ...] = (),
        second_ip: str = "",
        **environment: str,
    ) -> None:
        self.folder, self.ip = folder, ip
        self.executor = f"ray://{ip}:{PORT}"
        self.processes: list[subprocess.Popen[bytes]] = []
        try:
            self._start(("--head", f"--port={PORT}", "--include-dashboard=false"), ip, (), {})
            self.second = self.join(second, second_ip, **environment)
        except BaseException:
            self.close()
            raise

    def join(self, prefix: tuple[str, ...] = (), ip: str = "", **environment: str) -> "subprocess.Popen[bytes]":
        """Start another node, in a namespace or with other variables."""
        return self._start((f"--address={self.ip}:{PORT}",), ip or self.ip, prefix, environment)

    def close(self) -> None:
        """End all nodes."""
        for process in self.processes:
            end(process)

    def _start(
        self, words: tuple[str, ...], ip: str, prefix: tuple[str, ...], environment: dict[str, str]
    ) -> "subprocess.Popen[bytes]":
        number = len(self.processes)
        options = [f"--node-ip-address={ip}", "--num-cpus=1", f"--object-store-memory={STORE}", "--block"]
        if words[0] == "--head":
            options.append(f"--temp-dir={self.folder / 'ray'}")
        options += ["--min-worker-port=0", "--max-worker-port=0", "--disable-usage-stats"]
        log = self.folder / f"node-{number}.log"
        process = subprocess.Popen(
            [*prefix, str(BIN / "ray"), "start", *words, *options],
            env=ENV | QUICK | environment,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.append(process)
        while b"Ray runtime started" not in log.read_bytes():
            if process.poll() is not None or b"Traceback" in log.read_bytes():
                sys.exit(f"the node did not start: {log.read_text()[-800:]}")
            time.sleep(0.2)
        return process


def end(process: "subprocess.Popen[bytes]") -> None:
    """Kill a node: the session of its `ray start`."""
    for pid in members(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def members(session: int) -> list[int]:
    """The processes of a session, and their children in other ones."""
    parents, sessions = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                parents[int(entry.name)], sessions[int(entry.name)] = int(fields[1]), int(fields[3])
    found = [pid for pid, sid in sessions.items() if sid == session]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid and child not in found]
    return found


def judges(session: int) -> list[int]:
    """The sandbox processes of a node: the youngest descendants of its actors."""
    found = []
    for pid in members(session):
        with contextlib.suppress(OSError):
            if b"stepsmith.sandbox" in (Path("/proc") / str(pid) / "cmdline").read_bytes():
                found.append(pid)
    return found


def actors(session: int) -> list[int]:
    """The judge-pool actors of a node."""
    found = []
    for pid in members(session):
        with contextlib.suppress(OSError):
            if b"ray::Host" in (Path("/proc") / str(pid) / "cmdline").read_bytes():
                found.append(pid)
    return found


class Run:
    """A `stepsmith synth` on the cluster."""

    def __init__(self, words: list[str], out: Path, executor: str = "local") -> None:
        self._words = [
            str(BIN / "stepsmith"),
            "synth",
            *words,
            "--workers",
            "1",
            "--executor",
            executor,
            "--out",
            str(out),
        ]
        self.out = out
        self.log = out.with_suffix(".log")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *more: str) -> "subprocess.Popen[bytes]":
        """Start the command."""
        self.process = subprocess.Popen(
            [*self._words, *more], stdout=self.log.open("ab"), stderr=subprocess.STDOUT, env=ENV, start_new_session=True
        )
        return self.process

    def done(self) -> int:
        """How many chains are finished."""
        with contextlib.suppress(OSError, KeyError, json.JSONDecodeError):
            return int(json.loads((self.out / "progress.json").read_text())["done"])
        return 0

    def wait_for(self, chains: int) -> None:
        """Wait until so many chains are finished."""
        assert self.process is not None
        while self.done() < chains:
            if self.process.poll() is not None:
                sys.exit(f"the run ended too early: {self.log.read_text()[-800:]}")
            time.sleep(0.05)

    def finish(self) -> None:
        """Wait for the end."""
        assert self.process is not None
        if self.process.wait(timeout=1200):
            sys.exit(f"the run failed: {self.log.read_text()[-1500:]}")

    def last_line(self) -> str:
        """The last thing that the run said: the error, if it gave up."""
        return self.log.read_text().strip().splitlines()[-1]

    def data(self) -> list[bytes]:
        """The bytes that must not change."""
        return [(self.out / name).read_bytes() for name in ("problems.parquet", "rejected.parquet")]


def judge(cluster: Cluster, run: Run) -> str:
    """Kill a sandbox process every three seconds: a fork server, a compiler or a program that runs, as it comes."""
    killed, choose = 0, random.Random(1)
    run.start()
    run.wait_for(2)
    while run.done() < CHAINS - 4:
        if found := judges(choose.choice(cluster.processes).pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(choose.choice(found), signal.SIGKILL)
                killed += 1
        time.sleep(3)
    run.finish()
    return f"{killed} sandbox processes killed"


def often(cluster: Cluster, run: Run) -> str:
    """Kill a sandbox process twice a second. A run that gives up is resumed, as a person would."""
    killed, ended, choose = 0, [], random.Random(2)
    process = run.start()
    until = time.monotonic() + OFTEN_S
    while time.monotonic() < until and not (run.out / "manifest.json").exists():
        if found := judges(choose.choice(cluster.processes).pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(choose.choice(found), signal.SIGKILL)
                killed += 1
        if process.poll():
            ended.append(run.last_line())
            process = run.start("--resume")
        time.sleep(0.5)
    chains = run.done()
    if process.wait(timeout=400):
        ended.append(run.last_line())
        run.start("--resume")
        run.finish()
    said = f"{killed} sandbox processes killed until {chains} chains were done; the run gave up {len(ended)} times"
    return "\n".join([said, *(f"           {line}" for line in ended)])


def actor(cluster: Cluster, run: Run) -> str:
    """Kill the actor of the second node, twice."""
    run.start()
    killed = 0
    for chains in (3, 10):
        run.wait_for(chains)
        for pid in actors(cluster.second.pid):
            os.kill(pid, signal.SIGKILL)
            killed += 1
    run.finish()
    return f"{killed} actors killed"


def node(cluster: Cluster, run: Run) -> str:
    """Kill the second node; later another one joins."""
    run.start()
    run.wait_for(4)
    end(cluster.second)
    run.wait_for(9)
    cluster.second = cluster.join()
    run.finish()
    return "second node killed after 4 chains, another one joined after 9"


def driver(_: Cluster, run: Run) -> str:
    """Kill the driver three times."""
    process = run.start()
    for chains in (4, 9, 15):
        run.wait_for(chains)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process = run.start("--resume")
    run.finish()
    return "driver killed after 4, 9 and 15 chains"


def store(cluster: Cluster, run: Run) -> str:
    """Fill both object stores with what somebody else keeps there."""
    hog = subprocess.Popen(
        [sys.executable, "-c", HOG, cluster.executor.partition("://")[2]], env=ENV, stdout=subprocess.PIPE
    )
    assert hog.stdout is not None
    said = hog.stdout.readline().decode().strip()
    run.start()
    run.finish()
    hog.kill()
    return said


HOG = """
import sys, time, numpy, ray
ray.init(sys.argv[1], log_to_driver=False, logging_level="ERROR")
kept = [ray.put(numpy.zeros(8 << 20, dtype="uint8")) for _ in range(30)]
print(f"{len(kept) * 8} MB put into stores of 80 MB each", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def namespace(name: str) -> Iterator[None]:
    """A network namespace with a cable to this machine: 10.77.0.1 here, 10.77.0.2 there."""
    quietly("ip", "netns", "del", name)
    for words in (
        f"ip netns add {name}",
        f"ip link add {name}-a type veth peer name {name}-b",
        f"ip link set {name}-b netns {name}",
        f"ip addr add 10.77.0.1/24 dev {name}-a",
        f"ip link set {name}-a up",
        f"ip -n {name} addr add 10.77.0.2/24 dev {name}-b",
        f"ip -n {name} link set {name}-b up",
        f"ip -n {name} link set lo up",
    ):
        subprocess.run(words.split(), check=True)
    try:
        yield
    finally:
        quietly("ip", "link", "del", f"{name}-a")
        quietly("ip", "netns", "del", name)


def quietly(*words: str) -> None:
    """Run a command that may fail."""
    subprocess.run(words, check=False, stderr=subprocess.DEVNULL)


def cut(folder: Path, _: Callable[[str], Run]) -> tuple[str, Run]:
    """Cut the cable between the two nodes for three seconds, and later until the node is given up.

    Ray gives a node up for good, and its raylet ends when it hears of that. So it is started again after the cut, as a
    service manager would. The run is long enough for the node to judge again.
    """
    longer = [*SMALL, "--chains", str(CUT_CHAINS)]
    expected = Run(longer, folder / "expected")
    expected.start()
    expected.finish()
    with namespace("stepsmith-x"):
        prefix = ("nsenter", "--net=/run/netns/stepsmith-x")  # `ip netns exec` would hide the control groups
        cluster = Cluster(folder, "10.77.0.1", prefix, "10.77.0.2")
        try:
            there = Run(longer, folder / "there", cluster.executor)
            process = there.start()
            there.wait_for(4)
            subprocess.run(["ip", "link", "set", "stepsmith-x-a", "down"], check=True)
            time.sleep(3)
            subprocess.run(["ip", "link", "set", "stepsmith-x-a", "up"], check=True)
            there.wait_for(9)
            subprocess.run(["ip", "link", "set", "stepsmith-x-a", "down"], check=True)
            time.sleep(15)
            subprocess.run(["ip", "link", "set", "stepsmith-x-a", "up"], check=True)
            cluster.second.wait(timeout=60)
            there.wait_for(12)
            cluster.second = cluster.join(prefix, "10.77.0.2")
            joined, used, cpu_s = there.done(), 0, 0.0
            while process.poll() is None:
                if found := cpu_of(judges(cluster.second.pid)):
                    used, cpu_s = used or there.done(), max(cpu_s, found)
                time.sleep(0.2)
            there.finish()
        finally:
            cluster.close()
    assert there.data() == expected.data(), "other bytes"
    assert cpu_s > 1, "the healed node was not used"
    said = (
        f"cut for 3 s after 4 chains; for 15 s after 9, given up, started again after {joined}; it judges from chain "
    )
    return f"{said}{used} of {CUT_CHAINS} on, {cpu_s:.0f} CPU s", there


def cpu_of(pids: list[int]) -> float:
    """CPU seconds of processes and of their children that have ended."""
    ticks = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def full_disk(folder: Path) -> Iterator[Path]:
    """A folder on a disk of 24 MB."""
    small = folder / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(small)], check=True)
    try:
        yield small
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def disk(folder: Path, run: Callable[[str], Run]) -> tuple[str, Run]:
    """Fill the disk that holds the temporary files of the second node's judges, and free it again."""
    with full_disk(folder) as small:
        cluster = Cluster(folder, TMPDIR=str(small))
        try:
            there = run(cluster.executor)
            there.start()
            there.wait_for(3)
            with contextlib.suppress(OSError), (small / "filler").open("wb") as filler:
                while True:
                    filler.write(b"\0" * 65536)
                    filler.flush()
            for pid in actors(cluster.second.pid):  # what starts there now fails its self-test and stays out
                os.kill(pid, signal.SIGKILL)
            there.wait_for(14)
            (small / "filler").unlink()
            there.finish()
        finally:
            cluster.close()
    return "the disk of one node full, and its actor killed, from chain 3 to chain 14", there


def endpoint(folder: Path, _: Callable[[str], Run]) -> tuple[str, Run]:
    """Stop the endpoint in the middle of a run that asks models, kill the driver meanwhile, and go on."""
    with contextlib.redirect_stderr(io.StringIO()), ScriptedServer(delay_s=0.2, student=WEAKER) as server:
        (folder / "a").mkdir()
        expected = Run([str(toml_for(server, folder / "a" / "m.sqlite", folder / "a"))], folder / "expected")
        expected.start()
        expected.finish()
        paid = sorted(bill.prompt for bill in server.bills)
        before = len(server.bills)
        cluster = Cluster(folder)
        try:
            there = Run([str(toml_for(server, folder / "m.sqlite", folder))], folder / "there", cluster.executor)
            process = there.start()
            while len(server.bills) < before + len(paid) // 3:
                time.sleep(0.02)
            gone = threading.Event()
            respond = server.working

            @contextlib.contextmanager
            def refusing() -> Iterator[None]:
                if gone.is_set():
                    raise ConnectionAbortedError
                with respond():
                    yield

            server.working = refusing  # type: ignore[method-assign]
            gone.set()
            time.sleep(GONE_S)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            gone.clear()
            there.start("--resume")
            there.finish()
        finally:
            cluster.close()
        again = sorted(bill.prompt for bill in server.bills[before:])
    assert there.data() == expected.data(), "other bytes"
    assert again == paid, f"paid {len(again)} answers instead of {len(paid)}"
    return f"gone for {GONE_S:.0f} s, the driver killed meanwhile; {len(again)} answers, each paid once", expected


PLAIN = {"judge": judge, "judges": often, "actor": actor, "node": node, "driver": driver, "store": store}
SPECIAL = {"full-disk": disk, "cut": cut, "endpoint": endpoint}


def main() -> None:
    """Run the faults and print what came of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=[*PLAIN, *SPECIAL], default=[*PLAIN, *SPECIAL])
    names = parser.parse_args().only
    with tempfile.TemporaryDirectory(prefix="faults-") as top:
        here = Run(SMALL, Path(top) / "here")
        here.start()
        here.finish()
        failed = []
        for name in names:
            folder = Path(top) / name
            folder.mkdir()
            started = time.monotonic()
            if name in PLAIN:
                cluster = Cluster(folder)
                try:
                    there = Run(SMALL, folder / "there", cluster.executor)
                    said = PLAIN[name](cluster, there)
                finally:
                    cluster.close()
            else:
                said, there = SPECIAL[name](
                    folder, lambda executor, folder=folder: Run(SMALL, folder / "there", executor)
                )
            same = name in ("endpoint", "cut") or there.data() == here.data()
            failed += [] if same else [name]
            print(
                f"{name:10} {'same bytes' if same else 'OTHER BYTES'}  {time.monotonic() - started:5.0f} s  {said}",
                flush=True,
            )
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
