"""The reward of a completion, computed by a Stepsmith judge server. verl calls `compute_score`.

This file works without Stepsmith: when the folder is written, everything that is imported from Stepsmith below is put
into this one file, which then needs only Python's standard library. Run as a program, it checks the server
(`python reward.py URL`).

Three rules. First, a failure of our own machinery (IE) gives no reward: the completion is judged again, and if that
fails too, it is left out by an exception (docs/verl.md says what verl does then). Second, all completions for a
problem are judged on the same tests, those in its row. Third, a program that crashes or runs out of time has failed.
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

HEALTH = JudgeHealth()  # one per process: it counts the judge's failures on all completions
LONGEST_PAUSE_S = 30.0
SERVER_S = 3700.0  # seconds to wait for a response: a little longer than the server's own limit


class LeftOutError(Exception):
    """The completion has no reward; training continues without it."""


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
    """Return the reward as ``score``, and other numbers that verl can log as metrics.

    ``ground_truth`` is the JSON of the row, see ``rows.GroundTruth``. ``extra_info["truncated"]`` says that the
    completion was cut off at the length limit (``stepsmith_hooks.RewardManager`` sets it); such a completion counts as
    no answer, or raises ``LeftOutError`` with ``mask_truncated``. After an IE an answer is judged again, ``retries``
    times. A server that cannot be reached is tried ``attempts`` times; a busy one for ``patience_s`` seconds. After
    that ``JudgeError`` is raised.
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
        "held_back_asked": float(asked),  # 1 if held-back tests were run, which never changes the score
        "held_back_passed": float(kept),
    }


def case_of(truth: dict[str, Any], reply: str) -> dict[str, Any] | None:
    """Return the case that judges a completion, without its tests; None if the completion has no valid answer."""
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
        # The answer is a value: this program returns it, so that the checker can compare it.
        names = "inf, nan = float('inf'), float('nan')"  # literals may contain these names
        return {**case, "code": f"{names}\n\n\ndef {case['entry_point']}(*_):\n    return {literal}\n"}
    given = arguments_in(reply, Signature(name, tuple(parameters), required, tuple(kinds)))
    return None if given is None else {**case, "input": given}


def ask_judge(
    server: "Server", case: dict[str, Any], tests: list[dict[str, str]], retries: int, *, every_test: bool
) -> Outcome:
    """Judge a case on some tests; judge again after an IE. Raises ``JudgeError`` after the last retry."""
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
    """A judge server: its address, how many times it is tried, and how many seconds to wait while it is busy."""

    url: str
    attempts: int = 8
    patience_s: float = 3600.0

    def post(self, path: str, content: object) -> Any:
        """Return the response to a request. Raises ``JudgeError`` if there is none, or if the server refuses it."""
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
        """Return the server's own description: workers, isolation, versions."""
        return self._send("/health", None)

    def _send(self, path: str, body: bytes | None) -> Any:
        headers = {"Content-Type": "application/json"}
        if token := os.environ.get("STEPSMITH_TOKEN"):
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(self.url.rstrip("/") + path, body, headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # ignore the proxy of the environment
        with opener.open(request, timeout=SERVER_S) as response:
            return json.loads(response.read())


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdecimal() else None


def check(judge_url: str) -> str:
    """Judge a right and a wrong program as in training; return one line about the server, or raise ``JudgeError``."""
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
        sys.exit(f"the judge server does not work: {error}")
