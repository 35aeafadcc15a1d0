"""How a synthesis grows, and what the executor costs: `python benchmarks/growth.py [--problems 100 300 1000]`.

For every size it runs `stepsmith synth` (micro profile, all cores, few attempts) until about so many problems are kept,
and measures wall time, CPU time, the memory of the driver and of the whole process tree, and the size of the folder.
Then the last chain is taken away again and the run resumed: the time until it grows chains must not depend on what is
done. The slopes are those of the logarithms: 1 is proportional, 0 is flat.

`--compare` runs the same chains by worker processes and by Ray on one node with as many cores, in turn, and compares
the medians. It also sends empty work through Ray: the overhead of the executor per chain.
"""

import argparse
import contextlib
import json
import math
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from stepsmith.cluster.executor import RayCluster
from stepsmith.judge.program import RunningJudge
from stepsmith.store.manifest import read_manifest

sys.path.insert(0, str(Path(__file__).parent))
from synthesis import watch

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
CONFIG = """
[synth]
profile = "micro"
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
KEPT_PER_CHAIN = 1.6  # of this configuration
EMPTY = 2000  # items of empty work


def synth(config: Path, out: Path, *words: object, until: str = "") -> dict[str, float]:
    """Run `stepsmith synth`; return seconds, CPU seconds and peak memory. ``until``: stop the clock at this output."""
    group = ACCOUNTING / f"growth-{os.getpid()}-{time.monotonic_ns()}"
    group.mkdir()
    started = time.monotonic()
    command = [STEPSMITH, "synth", str(config), *map(str, words), "--out", str(out)]
    seconds = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True,
                          preexec_fn=lambda: (group / "cgroup.procs").write_text("0")) as process:  # fmt: skip
        peaks: dict[str, float] = {"tree": 0.0, "main": 0.0}
        stop = threading.Event()
        watcher = threading.Thread(target=watch, args=(process.pid, peaks, stop))
        watcher.start()
        for line in process.stdout or ():
            if until and until in line and not seconds:
                seconds = time.monotonic() - started
        code = process.wait()
        stop.set()
        watcher.join()
    if code:
        sys.exit(f"stepsmith synth failed with exit code {code}")
    cpu_ns = int((group / "cpuacct.usage").read_text())
    with contextlib.suppress(OSError):  # something may still be ending in it
        group.rmdir()
    return {
        "seconds": seconds or time.monotonic() - started,
        "cpu_s": cpu_ns / 1e9,
        "driver_mb": peaks["main"],
        "tree_mb": peaks["tree"],
    }


def grown(config: Path, out: Path, problems: int) -> dict[str, float]:
    """Make about ``problems`` problems, then resume the run for its last chain."""
    chains = round(problems / KEPT_PER_CHAIN)
    words = ("--chains", chains, "--seed", 1)
    found = synth(config, out, *words)
    kept = read_manifest(out).counts.accepted
    files = sum(path.stat().st_size for path in out.iterdir())
    (out / "manifest.json").unlink()
    with sqlite3.connect(out / "work.sqlite") as db:
        db.execute("DELETE FROM chains WHERE idx = ?", (chains - 1,))
    db.close()
    resumed = synth(config, out, *words, "--resume", until=f"{chains} chains")
    return {
        "problems": kept,
        "seconds": found["seconds"],
        "cpu_s_per_problem": found["cpu_s"] / max(1, kept),
        "driver_mb": found["driver_mb"],
        "tree_mb": found["tree_mb"],
        "disk_mb": files / 1e6,
        "resume_s": resumed["seconds"],
    }


def slope(rows: list[dict[str, float]], name: str) -> float:
    """Slope of log(name) over log(problems), by least squares."""
    x = [math.log(row["problems"]) for row in rows]
    y = [math.log(max(1e-9, row[name])) for row in rows]
    return statistics.linear_regression(x, y).slope


def nothing(_: RunningJudge, number: int) -> int:
    """The empty work."""
    return number


def compare(config: Path, folder: Path, chains: int, repeats: int) -> dict[str, float]:
    """Compare worker processes with Ray at equal cores."""
    cores = len(os.sched_getaffinity(0))
    seconds: dict[str, list[float]] = {"local": [], "ray": []}
    per_chain: list[float] = []
    for number in range(repeats):
        for executor in ("local", "ray") if number % 2 == 0 else ("ray", "local"):
            out = folder / f"{executor}-{number}"
            synth(config, out, "--chains", chains, "--seed", 2, "--workers", cores, "--executor", executor)
            timings = json.loads((out / "timings.json").read_text())
            seconds[executor].append(timings["seconds"])
            per_chain += timings["chains"].values()
    with RayCluster("ray", cores) as cluster:
        list(cluster.map(nothing, range(100)))
        started = time.monotonic()
        list(cluster.map(nothing, range(EMPTY)))
        empty = (time.monotonic() - started) / EMPTY
    local, ray = statistics.median(seconds["local"]), statistics.median(seconds["ray"])
    return {
        "chains": chains,
        "local_s": local,
        "ray_s": ray,
        "ray_over_local": ray / local,
        "empty_ms": 1000 * empty,
        "overhead_per_chain": empty * cores / statistics.median(per_chain),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, nargs="*", default=[100, 300, 1000])
    parser.add_argument("--compare", type=int, default=0, metavar="CHAINS")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at start", flush=True)
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="growth-") as name:
        folder = Path(name)
        config = folder / "growth.toml"
        config.write_text(CONFIG)
        rows = []
        for problems in options.problems:
            rows.append(grown(config, folder / str(problems), problems))
            print("  ".join(f"{key} {value:.4g}" for key, value in rows[-1].items()), flush=True)
        if len(rows) > 1:
            slopes = {key: round(slope(rows, key), 3) for key in rows[0] if key != "problems"}
            print("slopes  " + "  ".join(f"{key} {value:+.2f}" for key, value in slopes.items()))
            found |= {"rows": rows, "slopes": slopes}
        if options.compare:
            found["compare"] = compare(config, folder, options.compare, options.repeats)
            print(found["compare"])
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
