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
import time
import urllib.error
import urllib.request
from typing import Any, NamedTuple

from stepsmith.envs.literals import Signature
from stepsmith.envs.reading import arguments_in, program_in, value_in
from stepsmith.scoring.judge_health import RETRIES, JudgeHealth
from stepsmith.scoring.outcome import Outcome, judged
from stepsmith.scoring.rewards import REWARDS

HEALTH = JudgeHealth()  # of this process: failures of all its completions add up
LONGEST_PAUSE_S = 30.0
SERVER_S = 3700.0  # for one answer: a little longer than the server itself takes before it gives a request back


class LeftOutError(Exception):
    """The completion has no reward; training goes on without it."""


class JudgeError(LeftOutError):
    """The judge could not be reached, or failed on this completion every time."""


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
    retries: int = RETRIES,
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
    reward_function, every_test = REWARDS[name]
    outcome, asked, kept = Outcome("truncated" if truncated else "no-answer"), False, False
    if case is not None:
        outcome = ask_judge(server, case, truth["tests"], retries, every_test=every_test)
        asked = bool(held_back and truth["held_back"] and outcome.solved)
        if asked:
            kept = ask_judge(server, case, truth["held_back"], retries, every_test=False).solved
    score = reward_function(outcome)
    if score is None:
        raise LeftOutError("the completion could not be judged")
    return {
        "score": score,
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


def ask_judge(
    server: "Server", case: dict[str, Any], tests: list[dict[str, str]], retries: int, *, every_test: bool
) -> Outcome:
    """Judge on some tests, again while our own machinery fails; ``JudgeError`` if it keeps failing."""
    given = {key: value for key, value in case.items() if key != "input"}
    given["tests"] = [{**test, "input": case["input"]} for test in tests] if "input" in case else tests
    request = {"cases": [given], "stop_at_first_failure": not every_test}
    said = ""

    def judge() -> Outcome:
        nonlocal said
        result = server.post("/v1/judge/batch", request)["results"][0]
        said = result["compile_output"]
        return judged(result["verdict"], [test["verdict"] for test in result["tests"]], len(tests))

    outcome = HEALTH.ask(judge, lambda one: one.unjudged, retries)
    if outcome.unjudged:
        raise JudgeError(f"the judge failed on this completion {1 + retries} times: {said or 'IE'}")
    return outcome


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
            if not again or tried >= self.attempts or (HEALTH.gone and not busy):
                HEALTH.count(failed=True)
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
