"""Synthesis and RL reward traffic while parts are killed with ``kill -9``; then nothing may be lost, wrong or left.

Two judge servers get reward traffic from a client: completions whose outcome is known. Beside them a synthesis runs,
again and again, each time until its data set is whole. Every few seconds some process is killed: a driver, a worker, a
server, a client, a process of a sandbox. What a person would have started is started again (the synthesis with
``--resume``); the rest must mend itself. At the end: the bytes of every data set are those of an undisturbed run, no
outcome was wrong, no process, file or semaphore is left, and memory has not grown.

    python benchmarks/endurance.py --minutes 60
"""

import argparse
import ctypes
import hashlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

RUN = [sys.executable, "-c", "from stepsmith.cli.main import main; main()"]
PR_SET_CHILD_SUBREAPER = 36
GROWTH_MOST = 1.3  # memory in the last third of the time against the second
SETTLE_S = 10.0  # for processes to end and be seen
STUCK_S = 300.0  # without a finished data set or outcome for so long, something hangs


class Part:
    """Something that a person would start, and start again when it is gone."""

    def __init__(self, name: str, words: list[str], env: dict[str, str], log: Path) -> None:
        self.name, self.words, self.env, self.log = name, words, env, log
        self.starts = 0
        self.process = self._start()

    def _start(self) -> subprocess.Popen:
        self.starts += 1
        with self.log.open("ab") as out:
            return subprocess.Popen(self.words, env=self.env, stdout=out, stderr=out, stdin=subprocess.DEVNULL)

    def keep_alive(self) -> None:
        if self.process.poll() is not None:
            self.process = self._start()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def descendants() -> dict[int, str]:
    """Return the processes below this one, by number, with the start of their command. Orphans come to us."""
    parents: dict[int, tuple[int, str]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                name, _, rest = (entry / "stat").read_text().rpartition(")")
                if rest.split()[0] != "Z":
                    parents[int(entry.name)] = int(rest.split()[1]), name.partition("(")[2]
            except OSError:
                continue
    found: dict[int, str] = {}
    new = {os.getpid()}
    while new:
        new = {pid for pid, (parent, _) in parents.items() if parent in new and pid not in found}
        found |= {pid: parents[pid][1] for pid in new}
    return found


def reap() -> None:
    """Collect orphans that ended, except for our own parts, which ``Popen`` collects."""
    for pid, parent in children():
        if parent == os.getpid() and pid not in OWN:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


OWN: set[int] = set()


def children() -> list[tuple[int, int]]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                found.append((int(entry.name), int((entry / "stat").read_text().rpartition(")")[2].split()[1])))
            except OSError:
                continue
    return found


def rss_mb(pids: dict[int, str]) -> float:
    total = 0
    for pid in pids:
        try:
            total += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            continue
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def digest(folder: Path) -> str:
    names = ("problems.parquet", "rejected.parquet", "manifest.json")
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in names)).hexdigest()


def semaphores() -> set[str]:
    return {path.name for path in Path("/dev/shm").glob("*") if path.name.startswith(("sem.stepsmith", "psm_"))}


def forgotten(names: set[str]) -> list[str]:
    """Return the semaphores that no living process has open; others belong to programs beside this one."""
    used = ""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                used += (entry / "maps").read_text()
    return sorted(name for name in names & semaphores() if name not in used)


def synth(out: Path, chains: int) -> list[str]:
    words = f"synth --chains {chains} --turns 2 --profile micro --workers 2 --out {out}".split()
    return [*RUN, *words, *(["--resume"] if (out / "work.sqlite").exists() else [])]


def traffic(urls: str, problems: Path, log: Path) -> None:
    """Score completions with known outcomes until SIGTERM; write the counts after every batch."""
    import stepsmith as st
    from stepsmith.cluster.fleet.client import JudgeFleet
    from stepsmith.scoring.completion import Completion
    from stepsmith.scoring.scorer import Scorer

    found = [problem for problem in st.load_problems(problems) if problem.environment == "induction"]
    counts: Counter[str] = Counter()
    number = 0
    with JudgeFleet(urls.split(","), start_s=120.0) as fleet, Scorer(fleet, workers=fleet.workers * 2) as scorer:
        while True:
            problem = found[number % len(found)]
            texts = {
                f"```python\n{problem.golden.code}\n# {number}\n```": True,
                f"```python\npass  # {number}\n```": False,
            }
            scored = scorer.score(problem, [Completion(text=text) for text in texts])
            for one, right in zip(scored, texts.values(), strict=True):
                counts["unjudged" if one.unjudged else "right" if one.solved == right else "wrong"] += 1
            number += 1
            with log.open("a") as out:
                out.write(json.dumps({**counts, "pid": os.getpid(), **fleet.counts._asdict()}) + "\n")


def outcomes(log: Path) -> Counter[str]:
    """Return the counts over all clients: the last line of each."""
    last: dict[int, dict[str, int]] = {}
    for line in log.read_text().splitlines() if log.exists() else ():
        try:
            one = json.loads(line)
            last[one["pid"]] = one
        except (ValueError, KeyError):
            continue  # torn by a kill
    total: Counter[str] = Counter()
    for one in last.values():
        total.update({key: value for key, value in one.items() if key != "pid"})
    return total


def endure(minutes: float, every: float, chains: int, seed: int, place: Path) -> dict[str, object]:
    """Run everything and return what was found; ``faults`` is empty if all is well."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    temporary = place / "tmp"
    temporary.mkdir()
    env = {**os.environ, "TMPDIR": str(temporary), "STEPSMITH_CACHE": str(place / "cache"), "OMP_NUM_THREADS": "1"}
    before = semaphores()
    subprocess.run(synth(place / "reference", chains), env=env, check=True, stdout=subprocess.DEVNULL)
    expected = digest(place / "reference")
    ports = [free_port(), free_port()]
    urls = ",".join(f"http://127.0.0.1:{port}" for port in ports)
    counts_log = place / "outcomes.jsonl"
    serve = [*RUN, "judge", "serve", "--workers", "1", "--port"]
    parts = [Part(f"server {port}", [*serve, str(port)], env, place / "servers.log") for port in ports]
    me = [sys.executable, __file__, "--traffic", urls, "--problems", str(place / "reference"), "--log", str(counts_log)]
    parts.append(Part("client", me, env, place / "client.log"))
    rng = random.Random(seed)
    kills: Counter[str] = Counter()
    faults: list[str] = []
    memory: list[float] = []
    rounds = 0
    run: Part | None = None
    out = place / "run-0"
    end = time.monotonic() + 60 * minutes
    next_kill, progress = time.monotonic() + every, time.monotonic()
    seen: object = None
    while time.monotonic() < end or run is not None:
        OWN.clear()
        OWN.update(part.process.pid for part in (*parts, *([run] if run else [])))
        reap()
        if run is None:
            out = place / f"run-{rounds}"
            run = Part("synthesis", synth(out, chains), env, place / "synth.log")
        elif run.process.poll() is not None:
            if (out / "manifest.json").exists():
                if digest(out) != expected:
                    faults.append(f"{out.name} has other bytes")
                rounds, run = rounds + 1, None
            else:
                run.words = synth(out, chains)
                run.keep_alive()
        for part in parts:
            part.keep_alive()
        alive = descendants()
        memory.append(rss_mb(alive))
        if time.monotonic() >= next_kill and time.monotonic() < end and alive:
            pid = rng.choice(sorted(alive))
            kills[alive[pid]] += 1
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            next_kill = time.monotonic() + every
        now = (rounds, outcomes(counts_log)["right"])
        if now != seen:
            seen, progress = now, time.monotonic()
        if time.monotonic() - progress > STUCK_S:
            faults.append(f"nothing was finished for {STUCK_S:.0f} s")
            break
        time.sleep(1.0)
    for part in (*parts[::-1], *([run] if run else [])):
        part.stop()
    # One more judge and run: they sweep the control groups, folders and semaphores of those that were killed.
    sweep = "from stepsmith.judge.local import LocalJudge; LocalJudge().close()"
    sweep += "; from stepsmith.pipeline.executor import sweep_semaphores; sweep_semaphores()"
    subprocess.run([sys.executable, "-c", sweep], env=env, check=True)
    until = time.monotonic() + SETTLE_S
    while (left := descendants()) and time.monotonic() < until:
        OWN.clear()
        reap()
        time.sleep(0.2)
    total = outcomes(counts_log)
    files = sorted(path.relative_to(temporary).as_posix() for path in temporary.rglob("*"))
    third = max(1, len(memory) // 3)
    growth = statistics.median(memory[-third:]) / max(1.0, statistics.median(memory[third : 2 * third] or memory))
    faults += [f"{total['wrong']} outcomes were wrong"] * bool(total["wrong"])
    faults += ["no outcome came through"] * (not total["right"])
    faults += ["no data set was finished"] * (not rounds)
    faults += [f"processes are left: {left}"] * bool(left)
    faults += [f"files are left: {files[:5]}"] * bool(files)
    lost = forgotten(semaphores() - before)
    faults += [f"semaphores are left: {lost}"] * bool(lost)
    faults += [f"memory grew to {growth:.2f} times"] * (growth > GROWTH_MOST)
    return {
        "minutes": minutes, "kills": sum(kills.values()), "killed": dict(kills.most_common()), "data_sets": rounds,
        "outcomes": dict(total), "restarts": {part.name: part.starts - 1 for part in parts},
        "memory_mb": [round(statistics.median(memory[k * third : (k + 1) * third] or [0])) for k in range(3)],
        "growth": round(growth, 2), "faults": faults,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=20.0, help="seconds between two kills")
    parser.add_argument("--chains", type=int, default=24, help="of one synthesis")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--traffic", help=argparse.SUPPRESS)
    parser.add_argument("--problems", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.traffic:
        traffic(options.traffic, options.problems, options.log)
        return 0
    with tempfile.TemporaryDirectory(prefix="endurance-") as place:
        found = endure(options.minutes, options.every, options.chains, options.seed, Path(place))
    print(json.dumps(found, indent=1))
    return 1 if found["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
