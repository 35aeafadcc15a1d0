"""Many Python programs with one test each: our server and the released code-judge, side by side.

    git clone https://github.com/0xWJ/code-judge && apt-get install redis-server
    python benchmarks/code_judge.py --peer code-judge

Both get the same requests to ``/judge/long-batch``, in rounds that alternate, and have as many workers. The peer runs
in an environment of its own, ``.interop/code-judge``, with Redis on a port of its own. It starts programs by the bare
interpreter (``python -I -S``), which starts faster than plain ``python``. Half of the programs are wrong; the verdicts
are compared. Prints judgements per second, the median over rounds, and the ratio of the two within a round.
"""

import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PLACE = Path(".interop/code-judge")
NEEDS = ("redis", "fastapi[standard]", "uvicorn", "psutil")
SERVE = [sys.executable, "-c", "from stepsmith.cli.judge import judge_app; judge_app()", "serve", "--port", "0"]
BATCH = 80


def submissions(count: int, start: int) -> list[dict[str, str]]:
    """Return programs that differ; each second one is wrong."""
    return [
        {
            "type": "python",
            "solution": f"a, b = map(int, input().split())\nprint(a + b{' + 1' if n % 2 else ''})  # {start + n}\n",
            "input": f"{n} 2\n",
            "expected_output": f"{n + 2}\n",
        }
        for n in range(count)
    ]


def judged(port: int, work: list[dict[str, str]], together: int) -> list[bool]:
    """Send batches, ``together`` at a time; return which programs are right."""

    def one(batch: list[dict[str, str]]) -> list[bool]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        body = json.dumps({"type": "batch", "submissions": batch})
        connection.request("POST", "/judge/long-batch", body, {"Content-Type": "application/json"})
        reply = json.loads(connection.getresponse().read())
        connection.close()
        return [result["success"] for result in reply["results"]]

    batches = [work[i : i + BATCH] for i in range(0, len(work), BATCH)]
    with ThreadPoolExecutor(together) as threads:
        return [success for found in threads.map(one, batches) for success in found]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], **more: object) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, text=True, start_new_session=True, **more)  # type: ignore[call-overload]
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


@contextlib.contextmanager
def ours(workers: int) -> Iterator[int]:
    with running([*SERVE, "--workers", str(workers)], stderr=subprocess.PIPE) as server:
        assert server.stderr is not None
        found = re.search(r"http://[^:]+:(\d+)", server.stderr.readline())
        assert found is not None
        yield int(found[1])


@contextlib.contextmanager
def theirs(peer: Path, workers: int) -> Iterator[int]:
    if shutil.which("redis-server") is None:
        sys.exit("redis-server is missing; install it (apt-get install redis-server)")
    if not (peer / "app" / "main.py").exists():
        sys.exit(f"{peer} is no checkout of code-judge; clone https://github.com/0xWJ/code-judge and give its folder")
    python = PLACE / "bin" / "python"
    if not python.exists():
        subprocess.run([os.path.realpath(sys.executable), "-m", "venv", PLACE], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *NEEDS], check=True)
    python, redis, port = python.absolute(), free_port(), free_port()
    environment = {
        **os.environ,
        "REDIS_URI": f"redis://127.0.0.1:{redis}",
        "MAX_WORKERS": str(workers),
        "PYTHON_EXECUTE_COMMAND": f"{os.path.realpath(sys.executable)} -I -S {{source}}",
    }
    quiet = {"cwd": peer, "env": environment, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with (
        running(["redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL),
        running([str(python), "-m", "uvicorn", "app.main:app", "--port", str(port)], **quiet),
        running([str(python), "run_workers.py"], **quiet),
    ):
        for _ in range(300):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=5):
                break
            time.sleep(0.1)
        else:
            sys.exit("the peer's server did not start")
        yield port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peer", type=Path, required=True, help="a checkout of code-judge")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=4, help=f"of {BATCH} programs, in a round")
    options = parser.parse_args()
    rates: dict[str, list[float]] = {"ours": [], "code-judge": []}
    with ours(options.workers) as our_port, theirs(options.peer, options.workers) as their_port:
        sides = {"ours": (our_port, options.batches), "code-judge": (their_port, 1)}
        for turn in range(options.rounds + 1):
            answers = {}
            for name, (port, batches) in list(sides.items())[:: 1 if turn % 2 else -1]:
                work = submissions(BATCH * batches, turn * 10_000)
                began = time.perf_counter()
                answers[name] = judged(port, work, together=2)
                if turn:  # the first round warms up
                    rates[name].append(len(work) / (time.perf_counter() - began))
            expected = [n % 2 == 0 for n in range(BATCH)]
            for name, found in answers.items():
                wrong = sum(a != b for a, b in zip(found[:BATCH], expected, strict=True))
                if wrong:
                    print(f"round {turn}: {name} gives {wrong} of {BATCH} wrong verdicts")
    print(f"{options.workers} workers, {options.rounds} rounds, batches of {BATCH} programs with one test each")
    for name, found_rates in rates.items():
        print(f"{name:12}{statistics.median(found_rates):8.0f}/s  ({min(found_rates):.0f}–{max(found_rates):.0f})")
    ratios = [a / b for a, b in zip(rates["ours"], rates["code-judge"], strict=True)]
    print(f"ratio       {statistics.median(ratios):8.1f}    ({min(ratios):.1f}–{max(ratios):.1f})")


if __name__ == "__main__":
    main()
