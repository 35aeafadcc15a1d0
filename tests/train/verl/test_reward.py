"""The rendered reward function against a judge server: the numbers of training in one process, and nothing for IE."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from stepsmith.core.records import Problem, Verdict
from stepsmith.envs import ENVIRONMENTS
from stepsmith.judge.pool import JudgePool
from stepsmith.scoring.completion import Completion
from stepsmith.scoring.judge_health import GONE_AFTER
from stepsmith.scoring.scorer import RewardSettings, Scorer
from stepsmith.scoring.tests import SplitSettings
from tests.envs.test_environments import PROBLEMS
from tests.scoring.scripted import ScriptedJudge, counting, requests_of
from tests.serve.conftest import Address, running
from tests.train.verl.rendered import load_reward, truth


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(1) as judge:
        yield judge


@pytest.fixture(scope="module")
def served(pool: JudgePool) -> Iterator[Address]:
    with running(pool, workers=1) as address:
        yield address


@pytest.fixture
def reward(tmp_path: Path) -> ModuleType:
    return load_reward(tmp_path)


def url(address: Address) -> str:
    return f"http://127.0.0.1:{address.port}"


def completions_for(problem: Problem) -> list[Completion]:
    """Right, cut off, empty, thoughtless, and of the kinds that are easily taken for another."""
    environment = ENVIRONMENTS[problem.environment]
    golden = environment.write(environment.golden(problem))
    wrong = [environment.write(answer) for answer in environment.baselines(problem).values()]
    texts = [
        golden,
        f"{wrong[0]}\nNo, rather:\n\n{golden}",
        f"<think>\n{golden}\n</think>\nI do not know.",
        f"<think>\n{wrong[0]}\n</think>\n{golden}",
        f"{golden}\n{wrong[0]}",
        "I do not know.",
        golden.rstrip().removesuffix("```"),
        "```python\ndef f(:\n```",
        "```python\nimport sys\nsys.exit(0)\n```",
        "```python\nwhile True: pass\n```",
        "```python\n1e999\n```",
        *wrong,
    ]
    return [Completion(text=text) for text in texts] + [Completion(text=golden, truncated=True)]


@pytest.mark.parametrize("name", PROBLEMS)
def test_it_scores_like_training_in_one_process(
    name: str, reward: ModuleType, served: Address, pool: JudgePool
) -> None:
    limits = msgspec.structs.replace(PROBLEMS[name].contract.limits, time_s=0.1)
    contract = msgspec.structs.replace(PROBLEMS[name].contract, limits=limits)
    problem = msgspec.structs.replace(PROBLEMS[name], contract=contract)
    for chosen in ("binary", "x-coder"):
        settings = RewardSettings(reward=chosen)
        completions = completions_for(problem)
        with Scorer(pool, settings) as scorer:
            scored = scorer.score_batch(requests_of([(problem, one) for one in completions], SplitSettings()))
        for one, reply in zip(scored, completions, strict=True):
            given = reward.compute_score(
                data_source="any",
                solution_str=reply.text,
                ground_truth=truth(problem),
                extra_info={"truncated": reply.truncated},
                judge_url=url(served),
                reward=chosen,
            )
            assert given["score"] == one.reward, reply
            assert (given["truncated"], given["no_answer"]) == (
                one.status == "truncated",
                one.status == "no-answer",
            )
            kept = bool(given["held_back_passed"]) if given["held_back_asked"] else None
            assert kept == one.passed_held_back
        assert {one.solved for one in scored} == {True, False}


class Scripted(ScriptedJudge):
    def run_program(self, program: object) -> None:
        raise AssertionError


def test_what_the_judge_cannot_judge_is_judged_again_or_left_out(reward: ModuleType) -> None:
    failures = {"2  # once\n": 1, "2  # always\n": 9}
    judge = Scripted(lambda code, test: "AC" if int(test.output) < int(code[0]) else "WA", failures=failures)
    settings = SplitSettings(hold_back=0)
    with running(judge) as address:

        def score(code: str) -> float:
            return reward.compute_score(
                f"```python\n{code}\n```", truth(counting(0), settings), judge_url=url(address), reward="fraction"
            )["score"]

        assert score("2  # once") == 2 / 8
        with pytest.raises(reward.JudgeError, match="3 times"):
            score("2  # always")
        assert len(judge.asked) == 2 + 3
        codes = [f"{k % 9}  # {k}" for k in range(60)]
        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(score, codes)) == [k % 9 / 8 for k in range(60)]


class Stub(BaseHTTPRequestHandler):
    """Answers by a script of (status, headers); then with AC."""

    script: list[tuple[int, dict[str, str]]]
    seen: list[str | None]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append(self.headers["Authorization"])
        status, headers = self.script.pop(0) if self.script else (200, {})
        result = {"verdict": "AC", "tests": [{"verdict": "AC"}] * 8, "compile_output": ""}
        body = json.dumps({"results": [result]}).encode() if status == 200 else b"not now"
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def stub() -> Iterator[tuple[type[Stub], str]]:
    handler = type("Handler", (Stub,), {"script": [], "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield handler, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def score_one(reward: ModuleType, address: str, **settings: object) -> float:
    text = truth(counting(0), SplitSettings(hold_back=0))
    return reward.compute_score("```python\n1\n```", text, judge_url=address, **settings)["score"]


def test_a_busy_server_is_waited_for(
    reward: ModuleType, stub: tuple[type[Stub], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler, address = stub
    handler.script += [(429, {"Retry-After": "7"})] * 20 + [(500, {})] * 2
    waits: list[float] = []
    monkeypatch.setattr(reward.time, "sleep", waits.append)
    monkeypatch.setenv("STEPSMITH_TOKEN", "secret")
    assert score_one(reward, address, attempts=3) == 1.0
    assert waits[:20] == [7.0] * 20
    assert len(waits) == 22
    assert set(handler.seen) == {"Bearer secret"}


def test_what_the_server_refuses_is_not_sent_again(reward: ModuleType, stub: tuple[type[Stub], str]) -> None:
    handler, address = stub
    handler.script += [(422, {})]
    with pytest.raises(reward.JudgeError, match="422: not now"):
        score_one(reward, address)
    assert len(handler.seen) == 1


def test_a_judge_that_is_gone_is_given_up(reward: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(reward.time, "sleep", waits.append)
    for _ in range(GONE_AFTER):
        with pytest.raises(reward.JudgeError):
            score_one(reward, "http://127.0.0.1:9", attempts=3)
    assert len(waits) == 2 * GONE_AFTER
    with pytest.raises(reward.JudgeError):  # now at once, so that training ends instead of waiting for every reply
        score_one(reward, "http://127.0.0.1:9", attempts=3)
    assert len(waits) == 2 * GONE_AFTER


def test_truncated_replies_can_be_left_out(reward: ModuleType) -> None:
    with pytest.raises(reward.LeftOutError):
        reward.compute_score(
            "1", truth(counting(0)), {"truncated": True}, judge_url="http://127.0.0.1:9", mask_truncated=True
        )


def test_the_file_stands_alone_and_checks_the_server(reward: ModuleType, served: Address) -> None:
    file = str(reward.__file__)
    alone = [sys.executable, "-I", "-S", file]  # no installed package can be imported
    good = subprocess.run([*alone, url(served)], capture_output=True, text=True, timeout=60, check=False)
    assert (good.returncode, good.stderr) == (0, "")
    assert "judges: 1 workers" in good.stdout
    assert "stepsmith" not in {line.split(" ")[1].split(".")[0] for line in imports(file)}
    with running(Scripted(lambda *_: Verdict.AC)) as address:  # a server that accepts everything
        bad = subprocess.run([*alone, url(address)], capture_output=True, text=True, timeout=60, check=False)
    assert bad.returncode == 1
    assert "where 0.0 is right" in bad.stderr


def imports(file: str) -> list[str]:
    return [line for line in Path(file).read_text().splitlines() if line.startswith(("import ", "from "))]
