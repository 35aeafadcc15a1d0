"""What the HTTP server costs over the in-process pool, on the same judgements, in rounds that alternate.

One server process with its own pool, and one pool in this process; both have the same number of workers, and only one
is busy at a time. The client's own work counts against the server. Prints judgements per second and the server's cost
in percent, the median over rounds of the ratio within a round; the spread of the pool's own rounds is the machine's
noise.

    python benchmarks/serve.py --workers 2 --rounds 16 --judgements 120

With ``--load`` it sends requests at a fixed rate instead, whether or not earlier ones are answered: 50, 90 and 150% of
what the server was measured to bear. It prints the judgements per second, the median and the 99th percentile of the
time to an answer, and how many requests were refused (429) so that the others are answered in time.

    python benchmarks/serve.py --load --workers 2 --seconds 20
"""

import argparse
import http.client
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle, islice
from threading import local

import msgspec

from stepsmith.judge.batch import judge_all
from stepsmith.judge.cases import Case, CaseTest
from stepsmith.judge.pool import JudgePool

SERVE = [sys.executable, "-c", "from stepsmith.cli.judge import judge_app; judge_app()", "serve", "--port", "0"]
CONNECTIONS = 8
PROGRAMS = (
    "print(sum(map(int, input().split())))",
    "a, b = map(int, input().split())\nprint(a + b)",
    "import sys\nnumbers = [int(w) for w in sys.stdin.read().split()]\nt = 0\nfor n in numbers: t += n\nprint(t)",
    "from collections import Counter\nc = Counter(input().split())\nprint(sum(int(k) * v for k, v in c.items()))",
)


def cases(count: int) -> list[Case]:
    """Return ``count`` cases of one test each, no two alike."""
    return [
        Case(
            id=n, language="python", interface="stdio", code=f"{code}\n# {n}", checker="tokens", time_limit_s=2.0,
            tests=(CaseTest(input=f"{n} {n + 1}\n", output=f"{2 * n + 1}\n"),),
        )
        for n, code in enumerate(islice(cycle(PROGRAMS), count))
    ]  # fmt: skip


class Client:
    """Keeps one connection per thread."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._own = local()
        self._threads = ThreadPoolExecutor(CONNECTIONS)

    def post(self, path: str, content: object) -> dict:
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = http.client.HTTPConnection("127.0.0.1", self._port)
        connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 200, body
        return json.loads(body)

    def post_all(self, path: str, contents: list[object]) -> list[dict]:
        return list(self._threads.map(lambda content: self.post(path, content), contents))


def native(client: Client, work: list[Case]) -> None:
    """One request per case, eight at a time."""
    bodies = [json.loads(json.dumps({f: getattr(c, f) for f in c.__struct_fields__}, default=_plain)) for c in work]
    assert all(reply["verdict"] == "AC" for reply in client.post_all("/v1/judge", bodies))


def _plain(value: CaseTest) -> dict:
    return {"input": value.input, "output": value.output}


def code_judge(client: Client, work: list[Case]) -> None:
    """As the X-Coder recipe's client sends them: long batches, a few at a time."""
    submissions = [
        {"type": "python", "solution": c.code, "input": c.tests[0].input, "expected_output": c.tests[0].output}
        for c in work
    ]
    size = -(-len(submissions) // 4)
    batches = [{"type": "batch", "submissions": submissions[i : i + size]} for i in range(0, len(submissions), size)]
    for reply in client.post_all("/judge/long-batch", batches):
        assert all(result["success"] for result in reply["results"])


def sandbox_fusion(client: Client, work: list[Case]) -> None:
    """As verl sends them: one program and input a request, eight at a time; the client compares."""
    bodies = [{"code": c.code, "language": "python", "stdin": c.tests[0].input, "run_timeout": 2} for c in work]
    for case, reply in zip(work, client.post_all("/run_code", bodies), strict=True):
        assert reply["run_result"]["stdout"] == case.tests[0].output


def pool_rate(pool: JudgePool, workers: int, work: list[Case]) -> float:
    began = time.perf_counter()
    assert all(result.verdict == "AC" for result in judge_all(pool, work, workers))
    return len(work) / (time.perf_counter() - began)


def server_rate(client: Client, send: Callable[[Client, list[Case]], None], work: list[Case]) -> float:
    began = time.perf_counter()
    send(client, work)
    return len(work) / (time.perf_counter() - began)


def at_rate(port: int, rate: float, seconds: float, work: Iterator[Case]) -> tuple[list[float], int, int]:
    """Send cases at a fixed rate; return the seconds to each verdict, and how many were refused and failed."""
    own = local()
    times: list[float] = []
    refused = failed = 0
    threads = ThreadPoolExecutor(256)

    def send(case: Case, due: float) -> tuple[float, int]:
        connection = getattr(own, "connection", None)
        if connection is None:
            connection = own.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/v1/judge", msgspec.json.encode(case), {"Content-Type": "application/json"})
        reply = connection.getresponse()
        body = reply.read()
        assert reply.status == 429 or json.loads(body)["verdict"] == "AC", body
        return time.perf_counter() - due, reply.status

    began = time.perf_counter()
    sent = []
    for number in range(int(rate * seconds)):
        due = began + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        sent.append(threads.submit(send, next(work), due))
    for future in sent:
        try:
            taken, status = future.result()
        except (OSError, http.client.HTTPException):
            failed += 1
        else:
            refused += status == 429
            times += [taken] * (status == 200)
    threads.shutdown()
    return times, refused, failed


def load(workers: int, seconds: float) -> None:
    """Measure the capacity of a server, then load it below and above that."""
    queue = 16 * workers  # small, so that what is accepted is answered soon
    words = [*SERVE, "--workers", str(workers), "--max-queue", str(queue)]
    server = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    work = iter(cases(200_000))
    try:
        assert server.stderr is not None
        found = re.search(r"http://[^:]+:(\d+)", server.stderr.readline())
        assert found is not None
        port = int(found[1])
        client = Client(port)
        server_rate(client, native, list(islice(work, 60)))
        capacity = server_rate(client, native, list(islice(work, int(20 * seconds))))
        print(f"{workers} workers, a queue of {queue}; capacity {capacity:.0f} judgements a second (closed loop)")
        print(f"{'offered':>10}{'of it':>7}{'answered/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'refused':>9}{'failed':>8}")
        for share in (0.5, 0.9, 1.5):
            began = time.perf_counter()
            times, refused, failed = at_rate(port, share * capacity, seconds, work)
            took = time.perf_counter() - began
            low, high = (1000 * statistics.quantiles(times, n=100)[k] for k in (49, 98))
            all_of_them = max(1, len(times) + refused + failed)
            print(
                f"{share * capacity:8.0f}/s{share:7.0%}{len(times) / took:12.1f}{low:9.0f}{high:9.0f}"
                f"{refused / all_of_them:9.1%}{failed:8}"
            )
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=16)
    parser.add_argument("--judgements", type=int, default=120)
    parser.add_argument("--load", action="store_true")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    options = parser.parse_args()
    if options.load:
        load(options.workers, options.seconds)
        return
    work = cases(options.judgements)
    server = subprocess.Popen([*SERVE, "--workers", str(options.workers)], stderr=subprocess.PIPE, text=True)
    rates: dict[str, list[float]] = {"pool": [], "/v1/judge": [], "/judge/long-batch": [], "/run_code": []}
    sends = {"/v1/judge": native, "/judge/long-batch": code_judge, "/run_code": sandbox_fusion}
    try:
        assert server.stderr is not None
        found = re.search(r"http://[^:]+:(\d+)", server.stderr.readline())
        assert found is not None
        client = Client(int(found[1]))
        with JudgePool(options.workers) as pool:
            pool_rate(pool, options.workers, work[:40])
            for send in sends.values():
                server_rate(client, send, work[:40])
            measures = {
                "pool": lambda: pool_rate(pool, options.workers, work),
                **{path: partial(server_rate, client, send, work) for path, send in sends.items()},
            }
            for turn in range(options.rounds):
                for name in islice(cycle(measures), turn % len(measures), turn % len(measures) + len(measures)):
                    rates[name].append(measures[name]())
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(30)
    print(f"{options.workers} workers, {options.rounds} rounds of {options.judgements} judgements of one test each")
    print(f"{'':20}{'median/s':>10}{'lowest':>10}{'highest':>10}{'cost':>8}  (quartiles of the cost)")
    for name, found_rates in rates.items():
        line = f"{name:20}{statistics.median(found_rates):10.1f}{min(found_rates):10.1f}{max(found_rates):10.1f}"
        if name != "pool":
            costs = [100 * (base / rate - 1) for base, rate in zip(rates["pool"], found_rates, strict=True)]
            low, middle, high = statistics.quantiles(costs, n=4)
            line += f"{middle:+7.0f}%  ({low:+.0f}% to {high:+.0f}%)"
        print(line)


if __name__ == "__main__":
    main()
