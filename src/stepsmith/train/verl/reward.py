"""The reward of a reply, asked of a Stepsmith judge server: `compute_score` is what verl calls.

Made to stand alone: rendering puts what is imported from Stepsmith below into the one file, which then needs Python's
standard library and nothing else. Run as a program it checks the server (`python reward.py URL`).

Three rules. What our own machinery failed to judge is no reward: it is judged again, and where that does not help the
reply is left out (an exception; see docs/clusters.md for what verl makes of it). All replies to a problem are judged on
the tests in its row. What a program does wrong, crashing and running out of time included, costs it its reward.
"""

import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
from typing import Any, NamedTuple

from stepsmith.envs.literals import Signature
from stepsmith.envs.reading import arguments_in, program_in, value_in

GONE = 16  # failures in a row of this process, after which nothing is waited for any more
LONGEST_PAUSE_S = 30.0
SERVER_S = 3700.0  # for one answer: a little longer than the server itself takes before it gives a request back


class LeftOutError(Exception):
    """The reply has no reward; training goes on without it."""


class JudgeError(LeftOutError):
    """The judge could not be reached, or failed on this reply again and again."""


class Outcome(NamedTuple):
    """What became of a reply. ``tests`` are those that count, ``verdict`` is None without an answer."""

    verdict: str | None
    passed: int = 0
    tests: int = 1

    @property
    def solved(self) -> bool:
        """Whether every test passed; none of them is no proof."""
        return self.verdict == "AC" and 0 < self.tests == self.passed

    @property
    def fraction(self) -> float:
        """Share of tests passed."""
        return self.passed / self.tests if self.verdict is not None else 0.0


def reward_of(name: str, outcome: Outcome) -> float:
    """Return the reward by its name: the same numbers as training in one process gives."""
    no_code = outcome.verdict is None
    if name == "binary":  # Deep Dive (arXiv 2603.24202)
        return float(outcome.solved)
    if name == "x-coder":  # arXiv 2601.06953
        return -2.0 if no_code or outcome.verdict == "CE" else 5.0 * outcome.fraction
    if name == "fraction":
        return outcome.fraction
    if name == "all-or-part":
        return 1.0 if outcome.solved else 0.3 * outcome.fraction
    if name == "stepped":
        return 0.0 if no_code else 1.0 if outcome.solved else 0.1 + 0.4 * outcome.fraction
    raise ValueError(f"there is no reward {name!r}")


def compute_score(
    solution_str: str,
    ground_truth: str,
    extra_info: dict[str, Any] | None = None,
    *,
    judge_url: str,
    reward: str = "binary",
    environments: dict[str, str] | None = None,
    mask_truncated: bool = False,
    held_back: bool = True,
    retries: int = 2,
    attempts: int = 8,
    patience_s: float = 3600.0,
    **_: Any,
) -> dict[str, float]:
    """Return the reward as ``score``, and what else is worth a metric, all of them numbers.

    ``ground_truth`` is the row's: JSON, see ``rows.GroundTruth``. ``extra_info["truncated"]`` says that the reply was
    cut off at the length limit (``stepsmith_hooks.RewardManager`` tells); then it counts as no answer, or raises
    ``LeftOutError`` with ``mask_truncated``. An answer is judged again ``retries`` times after an IE; a server that
    cannot be reached is tried ``attempts`` times, one that is busy for ``patience_s``. Then ``JudgeError`` is raised.
    """
    truth = json.loads(ground_truth)
    name = (environments or {}).get(truth["environment"], reward)
    truncated = bool((extra_info or {}).get("truncated", False))
    if truncated and mask_truncated:
        raise LeftOutError("cut off at the length limit")
    case = None if truncated else case_of(truth, solution_str)
    server = Server(judge_url, attempts, patience_s)
    outcome, asked, kept = Outcome(None), False, False
    if case is not None:
        outcome = judged(server, case, truth["tests"], retries, every_test=name != "binary")
        asked = bool(held_back and truth["held_back"] and outcome.solved)
        if asked:
            kept = judged(server, case, truth["held_back"], retries, every_test=False).solved
    return {
        "score": reward_of(name, outcome),
        "acc": float(outcome.solved),
        "tests_passed": outcome.fraction,
        "truncated": float(truncated),
        "no_answer": float(case is None and not truncated),
        "compile_error": float(outcome.verdict == "CE"),
        "held_back_asked": float(asked),  # of what passed every rewarded test; never part of the score
        "held_back_passed": float(kept),
    }


def case_of(truth: dict[str, Any], reply: str) -> dict[str, Any] | None:
    """Return the case that judges a reply, but for the tests; None where it holds no answer in the asked form."""
    case: dict[str, Any] = dict(truth["case"])
    if truth["environment"] == "induction":
        code = program_in(reply, case.get("entry_point"))
        if code is None or not code.strip():
            return None
        return {**case, "code": code.encode("utf-8", "replace").decode("utf-8").rstrip() + "\n"}
    name, parameters, required, kinds = truth["signature"]
    if truth["environment"] == "deduction":
        literal = value_in(reply, name, truth["returns"])
        if literal is None:
            return None
        # The checker compares the value that this "program" returns.
        names = "inf, nan = float('inf'), float('nan')"  # how such values are written
        return {**case, "code": f"{names}\n\n\ndef {case['entry_point']}(*_):\n    return {literal}\n"}
    given = arguments_in(reply, Signature(name, tuple(parameters), required, tuple(kinds)))
    return None if given is None else {**case, "input": given}


def judged(
    server: "Server", case: dict[str, Any], tests: list[dict[str, str]], retries: int, *, every_test: bool
) -> Outcome:
    """Judge on some tests, again where our own machinery fails; ``JudgeError`` where it keeps failing."""
    given = {key: value for key, value in case.items() if key != "input"}
    given["tests"] = [{**test, "input": case["input"]} for test in tests] if "input" in case else tests
    for _ in range(1 + retries):
        result = server.post("/v1/judge/batch", {"cases": [given], "stop_at_first_failure": not every_test})["results"][
            0
        ]
        verdicts = [test["verdict"] for test in result["tests"]]
        if result["verdict"] != "IE" and "IE" not in verdicts:
            _Failures.count(failed=False)
            return Outcome(result["verdict"], verdicts.count("AC"), len(tests))
    _Failures.count(failed=True)
    raise JudgeError(f"the judge failed on this reply {1 + retries} times: {result['compile_output'] or 'IE'}")


class _Failures:
    """How often in a row this process has failed to get a judgement."""

    in_a_row = 0
    _lock = threading.Lock()

    @classmethod
    def count(cls, *, failed: bool) -> None:
        with cls._lock:
            cls.in_a_row = cls.in_a_row + 1 if failed else 0


class Server(NamedTuple):
    """A judge server: its address, how often it is tried, and how many seconds a busy one is waited for."""

    url: str
    attempts: int = 8
    patience_s: float = 3600.0

    def post(self, path: str, content: object) -> Any:
        """Return the answer to a request. Raises ``JudgeError`` where there is none, or where the server refuses it."""
        began, tried = time.monotonic(), 0
        while True:
            try:
                return self._send(path, json.dumps(content).encode())
            except urllib.error.HTTPError as error:
                said, again = (
                    error.read().decode("utf-8", "replace")[:500],
                    error.code in (408, 429) or error.code >= 500,
                )
                why = f"{self.url} answers {error.code}: {said}"
                busy = error.code in (429, 503) and time.monotonic() - began < self.patience_s
                wait = _seconds(error.headers.get("Retry-After"))
            except (OSError, ValueError) as error:
                why, again, busy, wait = f"{self.url}: {error}", True, False, None
            tried += not busy
            if not again or tried >= self.attempts or (_Failures.in_a_row >= GONE and not busy):
                _Failures.count(failed=True)
                raise JudgeError(why)
            time.sleep(min(LONGEST_PAUSE_S, 2.0 ** min(tried, 10) / 4 if wait is None else wait))

    def health(self) -> Any:
        """Return what the server says of itself."""
        return self._send("/health", None)

    def _send(self, path: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("STEPSMITH_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.url.rstrip("/") + path, body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a judge is never behind a web proxy
        with opener.open(request, timeout=SERVER_S) as response:
            return json.loads(response.read())


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None


def check(judge_url: str) -> str:
    """Judge a right and a wrong program as training would; return a line on the server, or raise ``JudgeError``."""
    server = Server(judge_url, attempts=3, patience_s=60.0)
    truth = {
        "environment": "induction",
        "case": {
            "id": "check", "language": "python", "interface": "stdio", "checker": "tokens", "time_limit_s": 5.0,
        },
        "tests": [{"input": "2 3\n", "output": "5\n"}],
        "held_back": [],
    }  # fmt: skip
    for program, expected in (("print(sum(map(int, input().split())))", 1.0), ("print(6)", 0.0)):
        given = compute_score(f"```python\n{program}\n```", json.dumps(truth), judge_url=judge_url, attempts=3)
        if given["score"] != expected:
            raise JudgeError(f"{judge_url} gives {given['score']} where {expected} is right")
    about = server.health()
    return f"{judge_url} judges: {about['workers']} workers, isolation {about['isolation']}"


if __name__ == "__main__":
    try:
        print(check(sys.argv[1]))
    except (JudgeError, OSError, IndexError) as error:
        sys.exit(f"the judge does not answer as it should: {error}")
