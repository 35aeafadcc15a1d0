"""Ray Data against our actors for read → map → write: `python benchmarks/ray_data.py [--cases 400] [--repeats 3]`.

The same cases are judged on one Ray node with as many judges as cores: by `stepsmith judge run --executor ray`,
and by Ray Data, which reads the lines, maps them over actors that hold a judge each, and writes JSON Lines. Printed are
the seconds of each repeat, and what is finished in the output when half of the time is over: what a killed run keeps.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
CORES = len(os.sched_getaffinity(0))
DATA = """
import sys
import msgspec, ray
from stepsmith.judge.batch import judge_case
from stepsmith.judge.cases import Case, encode_result
from stepsmith.judge.local import LocalJudge

class Judging:
    def __init__(self):
        self.judge = LocalJudge()
    def __call__(self, batch):
        cases = (msgspec.json.decode(line, type=Case) for line in batch["text"])
        return {"result": [encode_result(judge_case(self.judge, case)).decode().strip() for case in cases]}

source, out, cores = sys.argv[1], sys.argv[2], int(sys.argv[3])
ray.init("local", num_cpus=cores + 1, include_dashboard=False, log_to_driver=False, logging_level="ERROR",
         object_store_memory=256 << 20)
ray.data.DataContext.get_current().enable_progress_bars = False
lines = ray.data.read_text(source, override_num_blocks=BLOCKS)
judged = lines.map_batches(Judging, batch_size=4, concurrency=cores, num_cpus=1)
judged.write_json(out)
"""


def write_cases(path: Path, number: int) -> None:
    """Write cases that are quick to judge, each another program."""
    tests = [{"input": f"{k}\n", "output": str(k * k)} for k in range(8)]
    with path.open("w") as file:
        for index in range(number):
            code = f"n = int(input())\nprint(n * n)  # {index}"
            case = {"id": index, "language": "python", "interface": "stdio", "code": code, "tests": tests}
            file.write(json.dumps(case | {"checker": "tokens", "time_limit_s": 2.0}) + "\n")


def timed(words: list[str], out: Path, half_s: float) -> tuple[float, int]:
    """Run a command; return its seconds, and how many results its output held after ``half_s``."""
    held = [0]
    clock = threading.Timer(half_s, lambda: held.__setitem__(0, results(out)))
    started = time.monotonic()
    clock.start()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    clock.cancel()
    return time.monotonic() - started, held[0]


def results(out: Path) -> int:
    """Count the lines of an output file, or of the files of an output folder."""
    files = [path for path in out.rglob("*") if path.is_file()] if out.is_dir() else [out] * out.exists()
    return sum(path.read_bytes().count(b"\n") for path in files)


def main() -> None:
    """Measure in turns and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--blocks", type=int, default=16)
    options = parser.parse_args()
    print(f"{CORES} cores, load {os.getloadavg()[0]:.1f} at start; {options.cases} cases", flush=True)
    seconds: dict[str, list[float]] = {"ours": [], "Ray Data": []}
    half = 0.0
    with tempfile.TemporaryDirectory(prefix="ray-data-") as name:
        cases = Path(name) / "cases.jsonl"
        write_cases(cases, options.cases)
        for repeat in range(options.repeats):
            for kind in ("ours", "Ray Data") if repeat % 2 == 0 else ("Ray Data", "ours"):
                out = Path(name) / f"{kind[0]}-{repeat}"
                if kind == "ours":
                    words = [STEPSMITH, "judge", "run", str(cases), "--executor", "ray", "--workers", str(CORES)]
                    words += ["--out", str(out)]
                else:
                    words = [sys.executable, "-c", DATA.replace("BLOCKS", str(options.blocks)), str(cases), str(out)]
                    words.append(str(CORES))
                took, held = timed(words, out, half or 10.0)
                half = half or took / 2
                assert results(out) == options.cases
                seconds[kind].append(took)
                print(f"{kind:9} {took:6.1f} s, {held} results in the output after {half or 10:.1f} s", flush=True)
    ours, data = (statistics.median(found) for found in seconds.values())
    print(f"median: ours {ours:.1f} s, Ray Data {data:.1f} s: {data / ours:.2f} times ours")


if __name__ == "__main__":
    main()
