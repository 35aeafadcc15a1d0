"""``--judge URL,URL``: every command that judges writes the same with servers as with this machine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepsmith.evaluate.evaluation import read_evaluation
from stepsmith.judge.pool import JudgePool
from stepsmith.store.status import read_status
from tests.benchmark_files import HUMANEVAL_ROW, write_rows
from tests.cli.commands import run_here
from tests.cluster.fleet.conftest import running, url_of

SMALL = ("--chains", "2", "--turns", "1", "--profile", "micro", "--workers", "1")


@pytest.fixture(scope="module")
def urls(pool: JudgePool) -> Iterator[str]:
    """Two servers that share one judge."""
    more = {"workers": 1, "max_time_limit_s": 300.0}  # evaluations ask for more than a minute
    with running(pool, **more) as one, running(pool, **more) as two:
        yield f"{url_of(one)},{url_of(two)}"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("here") / "run"
    made = run_here("synth", *SMALL, "--out", out)
    assert made.code == 0, made.err
    return out


def same(first: Path, second: Path, *names: str) -> None:
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_synthesis(here: Path, urls: str, tmp_path: Path) -> None:
    made = run_here("synth", *SMALL, "--out", tmp_path / "run", "--judge", urls)
    assert made.code == 0, made.err
    same(here, tmp_path / "run", "problems.parquet", "rejected.parquet", "manifest.json", "config.json")


def test_rating(here: Path, urls: str, tmp_path: Path) -> None:
    for out, more in ((tmp_path / "a", ()), (tmp_path / "b", ("--judge", urls))):
        done = run_here("rate", here, "--student", "simulated", "--attempts", "6", "--out", out, *more)
        assert done.code == 0, done.err
    same(tmp_path / "a", tmp_path / "b", "problems.parquet", "ratings.parquet")


def test_verification(here: Path, urls: str, tmp_path: Path) -> None:
    for name, more in (("a", ()), ("b", ("--judge", urls))):
        done = run_here(
            "verify", here / "problems.parquet", "--out", tmp_path / name, "--workers", "1", "--no-strength", *more
        )
        assert done.code == 0, done.err
    same_lines = [(tmp_path / name).read_text() for name in ("a", "b")]
    assert same_lines[0] == same_lines[1] != ""


def test_an_audit(here: Path, urls: str, tmp_path: Path) -> None:
    small = ("--mutants", "2", "--inputs", "8", "--workers", "1")
    for name, more in (("a", ()), ("b", ("--judge", urls))):
        done = run_here("audit", here / "problems.parquet", "--out", tmp_path / name, *small, *more)
        assert done.code == 0, done.err
    same(tmp_path / "a", tmp_path / "b", "audit.json")
    assert read_status(tmp_path / "b").state == "finished"


def test_an_evaluation(urls: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPSMITH_DATA", str(tmp_path))
    write_rows(tmp_path / "HumanEval.jsonl.gz", HUMANEVAL_ROW)
    texts = ("    return sum(xs)\n", "    return 3\n", "    while True: pass\n", "    return (\n")
    write_rows(tmp_path / "s.jsonl", *({"task_id": "HumanEval/900", "completion": text} for text in texts))
    for name, more in (("a", ()), ("b", ("--judge", urls))):
        words = ("--benchmark", "humaneval", "--samples", tmp_path / "s.jsonl", "--no-cache", "--out", tmp_path / name)
        done = run_here("eval", "score", *words, "--workers", "1", *more)
        assert done.code == 0, done.err
    verdicts = [[one.outcome for one in read_evaluation(tmp_path / name)[1]] for name in ("a", "b")]
    assert verdicts == [["passed", "wrong answer", "time limit", "syntax"]] * 2
    status = read_status(tmp_path / "b")
    assert (status.state, status.progress and status.progress.done) == ("finished", 4)


def test_a_file_of_cases(urls: str, tmp_path: Path) -> None:
    cases = tmp_path / "cases.jsonl"
    case = {"language": "python", "interface": "stdio", "checker": "tokens", "time_limit_s": 2.0}
    lines = [
        {"id": n, "code": f"print({n % 2})", "tests": [{"input": "", "output": "1"}], **case} for n in range(6)
    ]  # fmt: skip
    cases.write_text("\n".join(map(json.dumps, lines)))
    done = run_here("judge", "run", cases, "--out", tmp_path / "out.jsonl", "--judge", urls)
    assert done.code == 0, done.err
    verdicts = [json.loads(line)["verdict"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert verdicts == ["WA", "AC"] * 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--judge", "http://127.0.0.1:9"), "no judge server answers"),
        (("--judge", "nonsense"), "is not an address"),
        (("--judge", "http://127.0.0.1:9", "--executor", "ray"), "exclude each other"),
    ],
)
def test_what_cannot_be_is_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stepsmith.cluster.fleet.client.START_S", 0.2)
    done = run_here("synth", *SMALL, "--out", tmp_path / "run", *words)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert said in done.err
