"""Throughput, memory and yield of the main job: `python benchmarks/synthesis.py [--chains 40 80 ...] [--seed 0]`.

For every number of chains it runs `stepsmith synth` (contest profile, all cores) and samples the resident memory of the
whole process tree ten times a second. The time by stage is that of all workers together. Then it compares multi-turn
with single-turn synthesis at equal proposals.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from stepsmith.store.manifest import Manifest, read_manifest
from stepsmith.store.runfolder import TIMINGS

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
TURNS = 6


def synth(out: Path, *words: object) -> tuple[Manifest, float, dict[str, float]]:
    """Run `stepsmith synth` and return its manifest, wall seconds, and peak memory in MB (whole tree, main process)."""
    started = time.monotonic()
    with subprocess.Popen(
        [STEPSMITH, "synth", *map(str, words), "--out", str(out)], stdout=subprocess.DEVNULL, start_new_session=True
    ) as process:
        peaks: dict[str, float] = {"tree": 0.0, "main": 0.0}
        stop = threading.Event()
        watcher = threading.Thread(target=watch, args=(process.pid, peaks, stop))
        watcher.start()
        code = process.wait()
        stop.set()
        watcher.join()
    if code:
        sys.exit(f"stepsmith synth failed with exit code {code}")
    return read_manifest(out), time.monotonic() - started, peaks


def by_stage(out: Path) -> str:
    """Return how the time of a run's chains is divided among their stages."""
    stages = json.loads((out / TIMINGS).read_text())["stages"]
    total = sum(stages.values()) or 1.0
    return ", ".join(f"{name} {seconds:.0f} s ({seconds / total:.0%})" for name, seconds in stages.items())


def watch(root: int, peaks: dict[str, float], stop: threading.Event, every_s: float = 0.1) -> None:
    """Keep the peak proportional set size of a process and of its descendants, until told to stop."""
    while not stop.wait(every_s):
        sizes = {pid: memory_mb(pid) for pid in descendants(root)}
        peaks["tree"] = max(peaks["tree"], sum(sizes.values()))
        peaks["main"] = max(peaks["main"], sizes.get(root, 0.0))


def descendants(root: int) -> list[int]:
    """A process and all its living descendants."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def memory_mb(pid: int) -> float:
    """Proportional set size: shared pages are counted once over the tree."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def main() -> None:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, nargs="+", default=[40, 80])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--yield-chains", type=int, default=20)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} cores, load {os.getloadavg()[0]:.1f} at start")
    print(f"{'chains':>7} {'kept':>6} {'seconds':>8} {'kept/min':>9} {'runs/kept':>10} {'peak MB':>8} {'main MB':>8}")
    scale, yields = [], []
    with tempfile.TemporaryDirectory() as folder:
        for chains in options.chains:
            manifest, seconds, peaks = synth(
                Path(folder) / f"scale-{chains}", "--chains", chains, "--seed", options.seed
            )
            counts = manifest.counts
            row = {
                "chains": chains,
                "kept": counts.accepted,
                "seconds": round(seconds, 1),
                "kept_per_min": round(60 * counts.accepted / seconds, 1),
                "executions_per_kept": counts.executions_per_accepted,
                "peak_mb": round(peaks["tree"]),
                "main_mb": round(peaks["main"]),
            }
            scale.append(row)
            print(
                f"{row['chains']:>7} {row['kept']:>6} {row['seconds']:>8} {row['kept_per_min']:>9} "
                f"{row['executions_per_kept']:>10} {row['peak_mb']:>8} {row['main_mb']:>8}",
                flush=True,
            )
            print(f"{'':>8}{by_stage(Path(folder) / f'scale-{chains}')}", flush=True)
        print(f"\n{'mode':>12} {'proposed':>9} {'kept':>6} {'kept/proposed':>14} {'kept/program':>13} {'in bands':>9}")
        for mode, chains in (("multi-turn", options.yield_chains), ("single-turn", options.yield_chains * TURNS)):
            manifest, _, _ = synth(
                Path(folder) / mode, "--mode", mode, "--chains", chains, "--turns", TURNS, "--seed", options.seed
            )
            counts = manifest.counts
            yields.append({"mode": mode, "proposed": counts.proposed, "kept": counts.accepted, "bands": counts.by_band})
            print(
                f"{mode:>12} {counts.proposed:>9} {counts.accepted:>6} {counts.accepted_per_proposed:>14.3f} "
                f"{counts.accepted_per_judged_program:>13.4f}  {counts.by_band}",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps({"scale": scale, "yields": yields}, indent=1) + "\n")


if __name__ == "__main__":
    main()
