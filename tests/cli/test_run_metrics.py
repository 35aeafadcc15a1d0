"""``--metrics-port`` and ``--metrics-file``: what Prometheus reads of a run."""

import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from stepsmith.cli.run_metrics import publish_metrics
from stepsmith.core.errors import MachineError
from stepsmith.store import progress
from stepsmith.store.progress import ProgressFile, Spent
from tests.cli.commands import ONE_CHAIN, run_here


@pytest.fixture(autouse=True)
def watchers() -> Iterator[None]:
    before = progress.WATCHERS[:]
    yield
    progress.WATCHERS[:] = before


def read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_the_figures_of_a_run(tmp_path: Path) -> None:
    publish_metrics(None, tmp_path / "run.prom")
    with ProgressFile(None, "synthesis", "chains", 9) as run:
        run.spends(lambda: Spent(usd=0.5, tokens=7, limit_usd=2.0))
        run.advance(figures={"rejections": {'odd "reason"\n': 2.0}, "executions": {"": 70.0}, "loss": {"": 0.5}})
    found = read((tmp_path / "run.prom").read_text())
    kind = (("kind", "synthesis"),)
    assert found["stepsmith_run_done", kind] == 1
    assert found["stepsmith_run_of", kind] == 9
    assert found["stepsmith_run_limit_usd", kind] == 2
    assert ("stepsmith_run_limit_tokens", kind) not in found
    assert found["stepsmith_synthesis_rejections_total", (("reason", 'odd "reason"\n'),)] == 2
    assert found["stepsmith_synthesis_executions_total", ()] == 70
    assert found["stepsmith_synthesis_loss", ()] == 0.5


def test_they_are_served_on_loopback() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    publish_metrics(port, None)
    with ProgressFile(None, "training", "steps", 3) as run:
        run.advance(figures={"reward": {"": 0.25}})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        assert read(answer.read().decode())["stepsmith_training_reward", ()] == 0.25
    with pytest.raises(MachineError, match="choose another one"):
        publish_metrics(port, None)


def test_a_command_writes_them(tmp_path: Path) -> None:
    done = run_here("--metrics-file", tmp_path / "run.prom", *ONE_CHAIN, "--out", tmp_path / "run")
    assert done.code == 0, done.err
    assert read((tmp_path / "run.prom").read_text())["stepsmith_synthesis_proposed_total", ()] == 1
    wrong = run_here("--metrics-file", tmp_path / "none" / "x", *ONE_CHAIN, "--out", tmp_path / "run")
    assert (wrong.code, wrong.err.count("\n")) == (2, 1)
