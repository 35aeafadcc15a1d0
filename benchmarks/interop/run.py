"""The consumers of our exports, run for real: acceptance, the same hundred replies, and a judge that goes wrong.

    make interop                                    # environments in .interop/ (5 GB), then everything
    python benchmarks/interop/run.py verifiers trl  # some consumers alone

Prints three tables: what each consumer's own acceptance test says; whether the consumer gives each of 100 replies the
verdict of our scorer; and, for consumers that train, whether any group's mean moved when the judge was overloaded,
killed, slow, or failed for good on a quarter of the programs. Exits with 1 where a difference has no known reason.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import contest_tools
import msgspec
from environments import HOME, python_of
from faults import Fault, FaultyServer
from submissions import Reply, chosen, replies

import stepsmith as st
from stepsmith.exports import ExportSettings, write_export
from stepsmith.scoring.tests import SplitSettings

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CONSUMERS = ("trl", "verl", "verl-own", "verifiers", "nemo-gym", "harbor", "lcb", "kattis-legacy", "kattis-2025-09")
TRAINERS = ("trl", "verl", "verifiers", "nemo-gym")
# Why a consumer's verdict on a kind of reply may differ from ours.
REASONS = {
    ("lcb", "exit-3"): "the harness ignores a program's exit code",
    ("verl-own", "spaces"): "the scorer compares outputs character by character",
    ("verl-own", "noise"): "what a function's module prints is taken for its value",
}
WAITING = "behind an endless program the scorer gives up on the sandbox after 30 s and scores 0"
SCRIPTS = {
    "trl": "trl_trainer", "verl": "verl_rows", "verl-own": "verl_own", "verifiers": "verifiers_tasks",
    "nemo-gym": "nemo_gym_server", "harbor": "harbor_tasks", "lcb": "livecodebench_rows",
}  # fmt: skip
ENVIRONMENT = {"verl-own": "verl", "nemo-gym": "nemo", "kattis-legacy": "kattis", "kattis-2025-09": "bapc"}


class Bench:
    """The exports of some problems, the replies to them, and where their consumers run."""

    def __init__(self, place: Path, livecodebench: str) -> None:
        self.place, self.livecodebench = place, livecodebench
        problems = chosen(st.load_problems(_run()))
        self.replies = replies(problems)
        settings = ExportSettings(name="interop", split="chain", held_out=0.2, tests=SplitSettings(hold_back=0.0))
        for form in ("trl", "verl", "verifiers", "nemo-gym", "harbor", "lcb", "kattis-legacy", "kattis-2025-09"):
            write_export(problems, form, place / form, settings)  # type: ignore[arg-type]

    def python(self, consumer: str) -> Path:
        """The interpreter of a consumer, with the task set installed where it is verifiers'."""
        if consumer == "trl":
            return Path(sys.executable)
        python = python_of(ENVIRONMENT.get(consumer, consumer))
        if consumer == "verifiers":
            words = [
                "install",
                "-q",
                "--force-reinstall",
                "--no-deps",
                "--no-build-isolation",
                self.place / "verifiers",
            ]
            subprocess.run([python, "-m", "pip", *words], check=True, stderr=subprocess.DEVNULL)
        return python

    def verdicts(self, consumer: str, judge_url: str, some: list[Reply], fault: str = "none") -> dict[str, Any]:
        """What a consumer's script writes of some replies."""
        if consumer.startswith("kattis"):
            where = self.python(consumer).parent, self.packages(consumer), self.place / "config"
            return {"verdicts": contest_tools.verdicts(consumer, *where, some), "means": {}}
        given, out = self.place / "replies.json", self.place / "out.json"
        given.write_bytes(msgspec.json.encode(some))
        out.unlink(missing_ok=True)
        words = [self.place / consumer.removesuffix("-own"), given, out, judge_url]
        if consumer == "lcb":
            (harness,) = (HOME / "lcb").glob("lib/python3*/site-packages/lighteval/tasks/tasks/lcb/codegen_metrics.py")
            words += [harness, self.livecodebench]
        words += [fault] if consumer == "trl" else ["interop"] if consumer in ("verifiers", "nemo-gym") else []
        path = os.pathsep.join(map(str, [HERE, HERE / "consumers", *([ROOT] if consumer == "trl" else [])]))
        script = HERE / "consumers" / f"{SCRIPTS[consumer]}.py"
        run = subprocess.run(
            [self.python(consumer), script, *words], capture_output=True, text=True, cwd=self.place,
            env={**os.environ, "PYTHONPATH": path}, check=False,
        )  # fmt: skip
        if run.returncode:
            sys.exit(f"{consumer}: {run.stderr[-3000:]}")
        return json.loads(out.read_text())

    def packages(self, consumer: str) -> list[Path]:
        """The problem packages of a contest tool."""
        return [path.parent for path in sorted((self.place / consumer).glob("*/*/problem.yaml"))]


def accepted(bench: Bench, consumer: str, judge_url: str) -> str:
    """What the consumer's own acceptance test says of the whole export."""
    folder = bench.place / consumer
    if consumer == "verifiers":
        counts = Counter[str]()
        for half in ("train", "test"):
            with tempfile.TemporaryDirectory() as out:
                words = [
                    "interop",
                    "--runtime.type",
                    "subprocess",
                    "--rich",
                    "False",
                    "--taskset.half",
                    half,
                    "--output-dir",
                    out,
                ]
                env = {**os.environ, "STEPSMITH_JUDGE_URL": judge_url}
                subprocess.run(
                    [bench.python(consumer).parent / "vf-validate", *words], check=True, capture_output=True, env=env
                )
                (summary,) = Path(out).rglob("summary.json")
                for check, outcomes in json.loads(summary.read_text())["checks"].items():
                    counts[f"{check} valid"] += outcomes["valid"]
                    counts[f"{check} not"] += sum(outcomes.values()) - outcomes["valid"]
        return f"vf-validate: {', '.join(f'{name} {count}' for name, count in counts.items())}"
    if consumer == "nemo-gym":
        for mode in ("example_validation", "train_preparation"):
            config = "resources_servers/interop/configs/interop.yaml"
            words = ["dataset", "collate", "--config", config, "--mode", mode, "--output-dir", bench.place / "collated"]
            subprocess.run([bench.python(consumer).parent / "gym", *words], check=True, capture_output=True, cwd=folder)
        return "gym dataset collate: examples, train and validation pass"
    if consumer.startswith("kattis"):
        binaries = bench.python(consumer).parent
        return contest_tools.accepted(consumer, binaries, bench.packages(consumer), bench.place / "config")
    return ""


def compare(consumer: str, given: dict[str, Any], some: list[Reply]) -> tuple[str, list[str]]:
    """A line of the table of verdicts, and the differences without a reason."""
    mine = {one.id: one for one in some}
    different = [mine[name] for name, verdict in given["verdicts"].items() if verdict is not mine[name].solved]
    by_reason: Counter[str] = Counter()
    unknown = []
    for one in different:
        reason = REASONS.get((consumer, one.kind))
        if consumer == "verl-own" and one.solved and not reason:
            reason = WAITING
        if reason:
            by_reason[f"{one.kind}: {reason}"] += 1
        else:
            unknown.append(f"{consumer} {one.id}: ours {one.solved}, theirs {given['verdicts'][one.id]}")
    said = "; ".join(f"{count} {text}" for text, count in by_reason.items())
    return f"{len(given['verdicts'])} replies, {len(given['verdicts']) - len(different)} the same. {said}", unknown


def moved(given: dict[str, Any], some: list[Reply]) -> tuple[int, int, int]:
    """How many replies had no reward, how many a wrong one; how many groups' means are not those of what was scored."""
    solved = {one.id: bool(one.solved) for one in some}
    verdicts = given["verdicts"]
    wrong = sum(verdict is not None and verdict is not solved[name] for name, verdict in verdicts.items())
    members = given.get("members") or {
        problem: [one.id for one in some if one.problem == problem] for problem in given["means"]
    }
    shifted = 0
    for problem, mean in given["means"].items():
        kept = [solved[name] for name in members[problem] if verdicts[name] is not None]
        shifted += (mean is None) != (not kept) or bool(kept and abs(mean - sum(kept) / len(kept)) > 1e-5)
    return sum(verdict is None for verdict in verdicts.values()), wrong, shifted


@contextmanager
def judge_server() -> Iterator[int]:
    """A judge server on a free port of the loopback interface."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "stepsmith", "judge", "serve", "--port", str(port), "--workers", "2"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5)
                break
            except OSError:
                time.sleep(0.2)
        yield port
    finally:
        server.terminate()
        server.wait()


def _run() -> Path:
    """A run to take problems from, made once."""
    folder = HOME / "problems"
    if not (folder / "manifest.json").exists():
        words = ["synth", "--chains", "14", "--out", folder, *(["--resume"] if folder.exists() else [])]
        subprocess.run([sys.executable, "-m", "stepsmith", *words], check=True, stdout=subprocess.DEVNULL)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("consumers", nargs="*", help=f"Some of: {', '.join(CONSUMERS)}. Without any, all.")
    parser.add_argument("--livecodebench", default="", help="A checkout of LiveCodeBench, for its own constructor.")
    options = parser.parse_args()
    wanted = options.consumers or CONSUMERS
    unknown: list[str] = []
    with tempfile.TemporaryDirectory() as place, judge_server() as port:
        bench = Bench(Path(place), options.livecodebench)
        url = f"http://127.0.0.1:{port}"
        for consumer in wanted:
            if said := accepted(bench, consumer, url):
                print(f"accepted | {consumer} | {said}", flush=True)
            line, without_reason = compare(consumer, bench.verdicts(consumer, url, bench.replies), bench.replies)
            unknown += without_reason
            print(f"verdicts | {consumer} | {line}", flush=True)
        some = [one for one in bench.replies if one.kind != "endless"]
        for consumer in [one for one in wanted if one in TRAINERS]:
            for fault in [one for one in get_args(Fault) if one != "none"]:
                with FaultyServer(port, fault) as faulty:
                    given = bench.verdicts(consumer, faulty.url, some, fault)
                lost, wrong, shifted = moved(given, some)
                if wrong or shifted:
                    unknown.append(f"{consumer} {fault}: {wrong} wrong rewards, {shifted} means moved")
                count = faulty.injected + given["injected"]
                said = f"{count} faults, {lost} without a reward, {wrong} wrong, {shifted} means moved"
                print(f"faults | {consumer} | {fault} | {said}", flush=True)
    for line in unknown:
        print(f"WITHOUT A REASON {line}")
    sys.exit(bool(unknown))


if __name__ == "__main__":
    main()
