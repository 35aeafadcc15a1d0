"""How a synthesis grows, and what the executor costs: `python benchmarks/growth.py [--problems 100 300 1000]`.

For every size it runs `stepsmith synth` (micro profile, all cores, few attempts) until about so many problems are kept,
and measures wall time, CPU time, the memory of the driver and of the whole process tree, and the size of the folder.
Then the last chain is taken away again and the run resumed: the time until it grows chains must not depend on what is
done. With `--minutes`, a run that takes longer is stopped, and counts as far as it came. The slopes are those of the
logarithms: 1 is proportional, 0 is flat.

`--stored 1000 10000 100000` looks at sizes that take days to grow: copies of the chains of the first run fill a folder,
all but one chain, and the run is resumed to its end. That measures what reading and writing a data set needs.

`--compare` runs the same chains by worker processes and by Ray on one node with as many cores, in turn: short runs and
runs of four times as many chains, so that a start can be told from the rate. It also sends empty work through Ray: the
overhead of the executor per chain.
"""

import argparse
import contextlib
import json
import math
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import msgspec

from stepsmith.cluster.executor import RayCluster
from stepsmith.core.ids import content_id
from stepsmith.core.records import Chain, Problem
from stepsmith.judge.program import RunningJudge
from stepsmith.store.manifest import read_manifest
from stepsmith.store.runfolder import kept_chains

sys.path.insert(0, str(Path(__file__).parent))
from synthesis import watch

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
CONFIG = """
[synth]
profile = "PROFILE"
turns = 3
attempts = 8
environments = {induction = 1.0}
[suite]
least_tests = 8
growth_executions = 0
mutants = 0
pool = 0
"""
ACCOUNTING = Path("/sys/fs/cgroup/cpuacct")  # CPU time of every process, also of those that nobody waits for (root)
INTERRUPTED = 130  # exit code after a signal
KEPT_PER_CHAIN = 1.6  # of this configuration
EMPTY = 2000  # items of empty work


class Started:
    """A `stepsmith synth`, its CPU time and memory; SIGTERM at the output ``stop_at`` or after ``minutes``."""

    def __init__(self, config: Path, out: Path, *words: object, stop_at: str = "", minutes: float = 0.0) -> None:
        group = ACCOUNTING / f"growth-{os.getpid()}-{time.monotonic_ns()}"
        group.mkdir()
        command = [STEPSMITH, "synth", str(config), *map(str, words), "--out", str(out)]
        started = time.monotonic()
        self.until_growing_s = 0.0  # from the start until the run says how much is done
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True,
                              preexec_fn=lambda: (group / "cgroup.procs").write_text("0")) as process:  # fmt: skip
            peaks: dict[str, float] = {"tree": 0.0, "main": 0.0}
            over = threading.Event()
            watcher = threading.Thread(target=watch, args=(process.pid, peaks, over, 0.5))
            watcher.start()
            clock = threading.Timer(60 * minutes, process.send_signal, [signal.SIGTERM])
            if minutes:
                clock.start()
            for line in process.stdout or ():
                if "done before" in line:
                    self.until_growing_s = time.monotonic() - started
                if stop_at and stop_at in line:
                    process.send_signal(signal.SIGTERM)
                    stop_at = ""  # a second signal would end it at once
            self.finished = process.wait() == 0
            clock.cancel()
            over.set()
            watcher.join()
        if process.returncode not in (0, INTERRUPTED):
            sys.exit(f"stepsmith synth failed with exit code {process.returncode}")
        self.seconds = time.monotonic() - started
        self.cpu_s = int((group / "cpuacct.usage").read_text()) / 1e9
        self.driver_mb, self.tree_mb = peaks["main"], peaks["tree"]
        with contextlib.suppress(OSError):  # something may still be ending in it
            group.rmdir()


def grown(config: Path, out: Path, problems: int, minutes: float) -> dict[str, float]:
    """Make about ``problems`` problems, or as many as ``minutes`` allow; then resume without the last chain."""
    words = ("--chains", round(problems / KEPT_PER_CHAIN), "--seed", 1)
    found = Started(config, out, *words, minutes=minutes)
    kept = sum(len(chain.problems) for chain in kept_chains(out))
    row = {
        "problems": kept,
        "finished": found.finished,
        "seconds": found.seconds,
        "cpu_s_per_problem": found.cpu_s / max(1, kept),
        "driver_mb": found.driver_mb,
        "tree_mb": found.tree_mb,
        "disk_mb": data_mb(out),
    }
    (out / "manifest.json").unlink(missing_ok=True)
    with closing(sqlite3.connect(out / "work.sqlite")) as db, db:
        db.execute("DELETE FROM chains WHERE idx = (SELECT max(idx) FROM chains)")
    return row | {"resume_s": Started(config, out, *words, "--resume", stop_at="done before").until_growing_s}


def stored(config: Path, source: Path, out: Path, problems: int) -> dict[str, float]:
    """Fill a run with copies of finished chains under other names, all but one; then resume it to its end."""
    some = list(kept_chains(source))
    chains = round(problems * len(some) / sum(len(chain.problems) for chain in some))
    words = ("--chains", chains, "--seed", 1)
    Started(config, out, *words, stop_at="done before")
    with closing(sqlite3.connect(out / "work.sqlite")) as db, db:
        db.execute("DELETE FROM chains")
        db.executemany("INSERT INTO chains VALUES (?, ?)", (copied(some, index) for index in range(chains - 1)))
    found = Started(config, out, *words, "--resume")
    return {
        "problems": read_manifest(out).counts.accepted,
        "seconds": found.seconds,
        "cpu_s": found.cpu_s,
        "driver_mb": found.driver_mb,
        "disk_mb": data_mb(out),
        "resume_s": found.until_growing_s,
    }


def copied(some: list[Chain], index: int) -> tuple[int, bytes]:
    """Return a row of the database: a copy of one of ``some`` chains, with statements and ids of its own."""
    chain, id = some[index % len(some)], content_id("chain", index)

    def renamed(problem: Problem, name: str) -> Problem:
        lineage = msgspec.structs.replace(problem.lineage, chain_id=id)
        return msgspec.structs.replace(problem, statement=f"{problem.statement}\n{index}.{name}", lineage=lineage)

    problems = tuple(renamed(problem, str(number)) for number, problem in enumerate(chain.problems))
    rejections = tuple(
        msgspec.structs.replace(rejection, problem=renamed(rejection.problem, f"r{number}"))
        for number, rejection in enumerate(chain.rejections)
    )
    named = msgspec.structs.replace(chain, id=id, index=index, problems=problems, rejections=rejections)
    return index, zlib.compress(msgspec.msgpack.encode(named), 1)


def data_mb(folder: Path) -> float:
    """Return the size of a run without its report, which holds its libraries and a sample."""
    return sum(path.stat().st_size for path in folder.iterdir() if path.name != "report.html") / 1e6


def slope(rows: list[dict[str, float]], name: str) -> float:
    """Slope of log(name) over log(problems), by least squares."""
    x = [math.log(row["problems"]) for row in rows]
    y = [math.log(max(1e-9, row[name])) for row in rows]
    return statistics.linear_regression(x, y).slope


def table(rows: Iterable[dict[str, float]]) -> dict[str, object]:
    """Print rows as they come, and the slopes."""
    found: list[dict[str, float]] = []
    for row in rows:
        found.append(row)
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items()), flush=True)
    if len(found) < 2:
        return {"rows": found}
    slopes = {key: round(slope(found, key), 3) for key in found[0] if key not in ("problems", "finished")}
    print("slopes  " + "  ".join(f"{key} {value:+.2f}" for key, value in slopes.items()), flush=True)
    return {"rows": found, "slopes": slopes}


def nothing(_: RunningJudge, number: int) -> int:
    """The empty work."""
    return number


def compare(config: Path, folder: Path, chains: int, repeats: int, first: str) -> dict[str, object]:
    """Compare worker processes with Ray at equal cores: short runs, and runs of four times as many chains.

    The difference of the two per chain is the rate, free of what a start costs.
    """
    cores = len(os.sched_getaffinity(0))
    order = ["local", "ray"] if first == "local" else ["ray", "local"]
    seconds: dict[tuple[str, int], list[float]] = {}
    rates: dict[str, list[float]] = {"local": [], "ray": []}
    ratios: list[float] = []
    per_chain: list[float] = []
    for number in range(repeats):
        for executor in order if number % 2 == 0 else order[::-1]:
            for count in (chains, 4 * chains):
                out = folder / f"{executor}-{count}-{number}"
                words = ("--chains", count, "--seed", 2, "--workers", cores, "--executor", executor)
                run = Started(config, out, *words)
                seconds.setdefault((executor, count), []).append(run.seconds)
                per_chain += json.loads((out / "timings.json").read_text())["chains"].values()
                load = os.getloadavg()[0]
                print(
                    f"{executor} {count} chains {run.seconds:.1f} s, {run.cpu_s:.1f} s CPU, load {load:.1f}", flush=True
                )
            short, long = seconds[executor, chains][-1], seconds[executor, 4 * chains][-1]
            rates[executor].append((long - short) / (3 * chains))
        ratios.append(rates["ray"][-1] / rates["local"][-1])
    with RayCluster("ray", cores) as cluster:
        list(cluster.map(nothing, range(100)))
        started = time.monotonic()
        list(cluster.map(nothing, range(EMPTY)))
        empty = (time.monotonic() - started) / EMPTY
    return {
        "seconds": {f"{executor} {count}": found for (executor, count), found in seconds.items()},
        "s_per_chain": rates,
        "ray_over_local": ratios,
        "empty_ms": 1000 * empty,
        "overhead_per_chain": empty * cores / statistics.median(per_chain),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, nargs="*", default=[100, 300, 1000])
    parser.add_argument("--profile", default="micro")
    parser.add_argument("--minutes", type=float, default=0.0, help="longest time of a run; 0: as long as it takes")
    parser.add_argument("--stored", type=int, nargs="*", default=[])
    parser.add_argument("--compare", type=int, default=0, metavar="CHAINS")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--first", default="local", choices=["local", "ray"], help="which of both begins")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at start", flush=True)
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="growth-") as name:
        folder = Path(name)
        config = folder / "growth.toml"
        config.write_text(CONFIG.replace("PROFILE", options.profile))
        made = [folder / str(problems) for problems in options.problems]
        found["grown"] = table(
            grown(config, out, problems, options.minutes) for out, problems in zip(made, options.problems, strict=True)
        )
        found["stored"] = table(
            stored(config, made[0], folder / f"stored-{problems}", problems) for problems in options.stored
        )
        if options.compare:
            found["compare"] = compare(config, folder, options.compare, options.repeats, options.first)
            print(found["compare"])
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
