"""HTTP judges as rewards: a completion is a program, its row holds tests, its reward says whether all of them pass.

code-judge compares outputs itself, SandboxFusion's ``/submit`` too. ``/run_code`` and Piston only run programs, so the
outputs are compared here, without white space at both ends. What a judge calls its own failure is None.
"""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from stepsmith.audit.rewards.target import PROTOCOLS, Protocol, RewardTarget
from stepsmith.audit.rewards.trials import Reply, RewardCall
from stepsmith.audit.words import short
from stepsmith.core.errors import ConfigError

AT_ONCE = 8  # requests under way for one call
BUSY_TRIES, BUSY_S = 20, 0.25
TIME_LIMIT_S = 5.0  # that is asked for where the protocol takes one

TIMED_OUT, OWN_FAILURE = "timed out", "own failure"


class _Run(NamedTuple):
    """One program on one test: whether it passed (None: not judged), and the judge's word on it."""

    passed: bool | None
    word: str = ""


class JudgeReward:
    """Calls an HTTP judge. ``tasks`` and ``hits`` are those of a hosted reward that has none."""

    interface = "judge"
    tasks = None
    hits = 0

    def __init__(self, target: RewardTarget) -> None:
        assert target.protocol is not None
        self.target = target
        self._run_all = _BATCHES.get(target.protocol)
        self._run_one = _SINGLES.get(target.protocol)
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # not through a proxy

    def start(self) -> None:
        """Raise ``ConfigError`` if nobody answers at the address."""
        try:
            self._opener.open(self.target.reference + "/", timeout=10).close()
        except urllib.error.HTTPError:
            pass  # somebody is there
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ConfigError(f"no judge answers at {self.target.reference}: {error}") from None

    def call(self, calls: Sequence[RewardCall], *, together: bool, timeout_s: float | None = None) -> list[Reply]:
        """Return a reply to each call."""
        limit = timeout_s or self.target.timeout_s
        if together and len(calls) > 1:
            with ThreadPoolExecutor(len(calls)) as threads:
                return list(threads.map(lambda call: self._reply(call, limit), calls))
        return [self._reply(call, limit) for call in calls]

    def close(self) -> None:
        """Do nothing: the judge belongs to somebody else."""

    kill = close

    def _reply(self, call: RewardCall, limit: float) -> Reply:
        jobs = [
            (program, test)
            for program, row in zip(call.completions, call.rows, strict=True)
            for test in row["tests"] or [None]
        ]
        try:
            if self._run_all:
                path = PROTOCOLS[self.target.protocol or "code-judge-batch"]
                runs = self._run_all(lambda body: self._post(path, body, limit), jobs)
            else:
                runs = self._each(jobs, limit)
        except TimeoutError:
            return Reply(ending="timed-out", detail=f"no answer in {limit:g} s")
        except KeyError as error:
            return Reply(ending="raised", detail=f"the judge's answer has no {error.args[0]!r}")
        except (OSError, http.client.HTTPException, ValueError, TypeError) as error:
            return Reply(ending="raised", detail=f"{type(error).__name__}: {error}")
        rewards, words, at = [], [], 0
        for row in call.rows:
            count = max(1, len(row["tests"] or ()))
            part, at = runs[at : at + count], at + count
            unknown = any(run.passed is None for run in part)
            rewards.append(None if unknown else float(all(run.passed for run in part)))
            words.append(next((run.word for run in part if run.word), ""))
        return Reply(rewards=tuple(rewards), words=tuple(words))

    def _each(self, jobs: Sequence["_Job"], limit: float) -> list[_Run]:
        run_one = self._run_one
        assert run_one is not None
        path = PROTOCOLS[self.target.protocol or "code-judge"]
        with ThreadPoolExecutor(min(AT_ONCE, len(jobs))) as threads:
            return list(threads.map(lambda job: run_one(lambda body: self._post(path, body, limit), job), jobs))

    def _post(self, path: str, body: object, limit: float) -> Any:
        """Return the response's JSON; a busy judge is asked again. Refusals are ``{"refused": code, "said": text}``."""
        request = urllib.request.Request(
            self.target.reference + path, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        for _ in range(BUSY_TRIES):
            try:
                with self._opener.open(request, timeout=limit) as response:
                    return json.loads(response.read())
            except urllib.error.HTTPError as error:
                said = error.read().decode("utf-8", "replace")[:300]
                if error.code not in (429, 503):
                    return {"refused": error.code, "said": said}
            except urllib.error.URLError as error:
                if isinstance(error.reason, TimeoutError):
                    raise TimeoutError from None
                raise
            time.sleep(BUSY_S)
        raise OSError(f"busy {BUSY_TRIES} times in a row")


_Post = Callable[[object], Any]
_Job = tuple[str, dict[str, Any] | None]  # a program, and a test or None for no test


def _submission(job: _Job) -> dict[str, Any]:
    program, test = job
    given = {"type": "python", "solution": program, "input": test["input"] if test else ""}
    if test and test["output"] is not None:
        given["expected_output"] = test["output"]
    return given


def _code_judge(post: _Post, job: _Job) -> _Run:
    return _judged(post(_submission(job)))


def _code_judge_batch(post: _Post, jobs: Sequence[_Job]) -> list[_Run]:
    answer = post({"type": "batch", "submissions": [_submission(job) for job in jobs]})
    if "refused" in answer:
        return [_Run(None, f"HTTP {answer['refused']}")] * len(jobs)
    results = answer["results"]
    if len(results) != len(jobs):
        raise ValueError(f"{len(jobs)} submissions got {len(results)} results")
    return [_judged(result) for result in results]


def _judged(result: dict[str, Any]) -> _Run:
    if "refused" in result:
        return _Run(None, f"HTTP {result['refused']}")
    if "success" not in result:
        raise ValueError(f"the judge answers {short(json.dumps(result), 120)} without `success`")
    reason = result.get("reason") or ""
    if reason in ("internal_error", "invalid_input"):
        return _Run(None, OWN_FAILURE)
    return _Run(bool(result["success"]), TIMED_OUT if "timeout" in reason else "")


def _run_code(post: _Post, job: _Job) -> _Run:
    program, test = job
    answer = post({"code": program, "language": "python", "stdin": test["input"] if test else "",
                   "run_timeout": TIME_LIMIT_S})  # fmt: skip
    if "refused" in answer or answer["status"] == "SandboxError":
        return _Run(None, OWN_FAILURE)
    run = answer.get("run_result") or {}
    if run.get("status") == "TimeLimitExceeded":
        return _Run(False, TIMED_OUT)
    return _compared(answer["status"] == "Success" and run.get("return_code") == 0, run.get("stdout"), test)


def _piston(post: _Post, job: _Job) -> _Run:
    """Ask for no time limit: Piston refuses one above its own (3 seconds as it comes; api/src/config.js)."""
    program, test = job
    answer = post({"language": "python", "version": "*", "files": [{"name": "main.py", "content": program}],
                   "stdin": test["input"] if test else ""})  # fmt: skip
    if "refused" in answer or not answer.get("run") or answer["run"].get("status") == "XX":
        return _Run(None, OWN_FAILURE)
    run = answer["run"]
    if run.get("status") == "TO" or (run.get("signal") == "SIGKILL" and "status" not in run):
        return _Run(False, TIMED_OUT)
    return _compared(run.get("code") == 0, run.get("stdout"), test)


def _submit(post: _Post, job: _Job) -> _Run:
    program, test = job
    tests = [{"input": {"stdin": test["input"]}, "output": {"stdout": test["output"]}}] if test else []
    answer = post(
        {
            "dataset": "audit",
            "id": "0",
            "completion": f"```python\n{program}\n```",
            "config": {
                "language": "python",
                "dataset_type": "CommonOJDataset",
                "run_timeout": TIME_LIMIT_S,
                "provided_data": {
                    "id": "0",
                    "content": "",
                    "labels": {"programming_language": "python"},
                    "test": tests,
                },
            },
        }
    )
    if "refused" in answer or answer.get("accepted") is None:
        return _Run(None, OWN_FAILURE)
    seen = json.dumps(answer.get("tests") or [])
    if "SandboxError" in seen:
        return _Run(None, OWN_FAILURE)
    return _Run(bool(answer["accepted"]), TIMED_OUT if "TimeLimitExceeded" in seen else "")


def _compared(ended_well: bool, stdout: str | None, test: dict[str, Any] | None) -> _Run:
    if test is None or test["output"] is None:
        return _Run(None, "nothing to judge by")
    return _Run(ended_well and (stdout or "").strip() == test["output"].strip())


_SINGLES: dict[Protocol, Callable[[_Post, _Job], _Run]] = {
    "code-judge": _code_judge, "run_code": _run_code, "submit": _submit, "piston": _piston,
}  # fmt: skip
_BATCHES: dict[Protocol, Callable[[_Post, Sequence[_Job]], list[_Run]]] = {
    "code-judge-batch": _code_judge_batch, "code-judge-long-batch": _code_judge_batch,
}  # fmt: skip
