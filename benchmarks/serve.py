"""What the HTTP server costs over the in-process pool, on the same judgements, in rounds that alternate.

One server process with its own pool, and one pool in this process; both have the same number of workers, and only one
is busy at a time. Programs are all different and have one test. They go in batches of 80, two at a time, or one by one
from 64 clients. Prints judgements per second, and the server's cost in percent: the median over rounds of the ratio
within a round, with its quartiles. The client shares the server's processors, so its CPU time is printed, too, and what
the cost by the clock is without it: each processor then needs its share of the client's CPU time less. The CPU time of
the server never includes the client's.

    python benchmarks/serve.py --workers 2 --rounds 8 --judgements 480

With ``--load`` it sends requests at a fixed rate instead, whether or not earlier ones are answered: 50, 90 and 150% of
what the server was measured to bear. It prints the judgements per second, the median and the 99th percentile of the
time to an answer, and how many requests were refused (429) so that the others are answered in time.

    python benchmarks/serve.py --load --workers 2 --seconds 20
"""

import argparse
import http.client
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count, cycle, islice
from threading import local

import msgspec
from lean_http import judge_server, post_request, send_all, tree_cpu

from stepsmith.judge.batch import judge_all
from stepsmith.judge.cases import Case, CaseTest
from stepsmith.judge.pool import JudgePool

CLIENTS, BATCH, BATCHES_AT_ONCE = 64, 80, 2
PROGRAMS = (
    "print(sum(map(int, input().split())))",
    "a, b = map(int, input().split())\nprint(a + b)",
    "import sys\nnumbers = [int(w) for w in sys.stdin.read().split()]\nt = 0\nfor n in numbers: t += n\nprint(t)",
    "from collections import Counter\nc = Counter(input().split())\nprint(sum(int(k) * v for k, v in c.items()))",
)


def cases(first: int, number: int) -> list[Case]:
    """Return ``number`` cases of one test each, no two alike."""
    return [
        Case(
            id=n, language="python", interface="stdio", code=f"{code}\n# {n}", checker="tokens", time_limit_s=2.0,
            tests=(CaseTest(input=f"{n} {n + 1}\n", output=f"{2 * n + 1}\n"),),
        )
        for n, code in zip(range(first, first + number), cycle(PROGRAMS), strict=False)
    ]  # fmt: skip


def native(port: int, work: list[Case]) -> None:
    """One request per case."""
    replies = send_all(port, [post_request("/v1/judge", case) for case in work], CLIENTS)
    assert all(json.loads(reply)["verdict"] == "AC" for reply in replies)


def native_batch(port: int, work: list[Case]) -> None:
    """Batches of cases."""
    requests = [post_request("/v1/judge/batch", {"cases": part}) for part in batches(work)]
    for reply in send_all(port, requests, BATCHES_AT_ONCE):
        assert all(result["verdict"] == "AC" for result in json.loads(reply)["results"])


def code_judge(port: int, work: list[Case]) -> None:
    """As the X-Coder recipe's client sends them: long batches."""
    requests = [
        post_request("/judge/long-batch", {"type": "batch", "submissions": [submission(case) for case in part]})
        for part in batches(work)
    ]
    for reply in send_all(port, requests, BATCHES_AT_ONCE):
        assert all(result["success"] for result in json.loads(reply)["results"])


def code_judge_single(port: int, work: list[Case]) -> None:
    """One request per submission."""
    replies = send_all(port, [post_request("/judge", submission(case)) for case in work], CLIENTS)
    assert all(json.loads(reply)["success"] for reply in replies)


def sandbox_fusion(port: int, work: list[Case]) -> None:
    """As verl sends them: one program and input a request; the client compares."""
    bodies = [{"code": c.code, "language": "python", "stdin": c.tests[0].input, "run_timeout": 2} for c in work]
    replies = send_all(port, [post_request("/run_code", body) for body in bodies], CLIENTS)
    for case, reply in zip(work, replies, strict=True):
        assert json.loads(reply)["run_result"]["stdout"] == case.tests[0].output


def submission(case: Case) -> dict[str, str]:
    test = case.tests[0]
    return {"type": "python", "solution": case.code, "input": test.input, "expected_output": test.output}


def batches(work: list[Case]) -> list[list[Case]]:
    return [work[i : i + BATCH] for i in range(0, len(work), BATCH)]


SENDS = {
    "/v1/judge, 64 clients": native,
    "/v1/judge/batch": native_batch,
    "/judge, 64 clients": code_judge_single,
    "/judge/long-batch": code_judge,
    "/run_code, 64 clients": sandbox_fusion,
}


def in_pool(pool: JudgePool, workers: int, work: list[Case]) -> None:
    assert all(result.verdict == "AC" for result in judge_all(pool, work, workers))


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
    work = iter(cases(0, 200_000))
    with judge_server("--workers", workers, "--max-queue", queue) as (port, _):
        send_all(port, [post_request("/v1/judge", case) for case in islice(work, 60)], 8)
        began, many = time.perf_counter(), list(islice(work, int(200 * seconds)))
        send_all(port, [post_request("/v1/judge", case) for case in many], 8)
        capacity = len(many) / (time.perf_counter() - began)
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--judgements", type=int, default=480)
    parser.add_argument("--load", action="store_true")
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    options = parser.parse_args()
    if options.load:
        load(options.workers, options.seconds)
        return
    rates: dict[str, list[float]] = {name: [] for name in ("pool", *SENDS)}
    costs: dict[str, list[float]] = {name: [] for name in rates}
    clients: dict[str, list[float]] = {name: [] for name in rates}
    starts = count(0, options.judgements)
    with judge_server("--workers", options.workers) as (port, server), JudgePool(options.workers) as pool:
        works: dict[str, tuple[int, Callable[[list[Case]], None]]] = {
            "pool": (os.getpid(), partial(in_pool, pool, options.workers)),
            **{name: (server, partial(send, port)) for name, send in SENDS.items()},
        }
        tree = {"pool": lambda: tree_cpu(os.getpid()) - tree_cpu(server)}
        for turn in range(options.rounds + 1):
            for name in islice(cycle(works), turn % len(works), turn % len(works) + len(works)):
                process, run = works[name]
                cpu = tree.get(name, partial(tree_cpu, process))
                work = cases(next(starts), options.judgements)
                used, own, began = cpu(), time.process_time(), time.perf_counter()
                run(work)
                wall, own = time.perf_counter() - began, time.process_time() - own
                if turn:  # the first round warms up
                    rates[name].append(options.judgements / wall)
                    clients[name].append(own / options.judgements)
                    costs[name].append((cpu() - used) / options.judgements * 1e3)
    print(f"{options.workers} workers, {options.rounds} rounds of {options.judgements} judgements of one test each")
    print(
        f"{'':24}{'a second':>9}{'(min–max)':>14}{'on top':>8}{'(quartiles)':>18}{'CPU ms':>8}{'on top':>8}"
        f"{'client ms':>11}{'without it':>12}"
    )
    for name, found in rates.items():
        line = f"{name:24}{statistics.median(found):9.0f}{f'({min(found):.0f}–{max(found):.0f})':>14}"
        if name == "pool":
            line += f"{'':26}{statistics.median(costs[name]):8.2f}"
        else:
            slower = [100 * (base / rate - 1) for base, rate in zip(rates["pool"], found, strict=True)]
            dearer = [100 * (own / base - 1) for base, own in zip(costs["pool"], costs[name], strict=True)]
            low, middle, high = statistics.quantiles(slower, n=4) if len(slower) > 1 else slower * 3
            line += f"{middle:+7.0f}%{f'({low:+.0f}% to {high:+.0f}%)':>18}"
            line += f"{statistics.median(costs[name]):8.2f}{statistics.median(dearer):+7.0f}%"
            cores = len(os.sched_getaffinity(0))
            alone = [
                100 * (base * (1 / rate - own / cores) - 1)
                for base, rate, own in zip(rates["pool"], found, clients[name], strict=True)
            ]
            line += f"{1e3 * statistics.median(clients[name]):11.3f}{statistics.median(alone):+11.0f}%"
        print(line)


if __name__ == "__main__":
    main()
