import random
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from stepsmith.cli.main import app
from stepsmith.core.errors import ConfigError, RunFolderError
from stepsmith.core.records import Chain, Problem, Seed, StageSpend
from stepsmith.llm.records import ModelSpec
from stepsmith.pipeline.config import Config, RefineSettings, RuntimeSettings, SynthSettings, with_changes
from stepsmith.pipeline.planning import (
    ClusterDescription,
    EndpointCapacity,
    NodeGroup,
    chains_of_run,
    plan,
    predict_ratio,
    read_cluster,
)
from stepsmith.pipeline.synthesis import synthesize
from stepsmith.store.runfolder import kept_chains
from tests.records import a_problem

OFFLINE = Config()
ONE_CORE = ClusterDescription(nodes=(NodeGroup(cores=1),), start_s=0)


def chain(index: int, kept: int, seconds: float, **more: object) -> Chain:
    problems: tuple[Problem, ...] = (a_problem(),) * kept
    return Chain(
        id=f"c{index}", index=index, seed=Seed(source="s", first_line=1, code="pass"), turns=(), problems=problems,
        rejections=(), proposed=3, judged_programs=4, executions=10 * kept, seconds=seconds, **more,
    )  # fmt: skip


def test_a_ratio_without_noise_is_exact() -> None:
    found = predict_ratio([2.0, 4.0, 6.0, 8.0], [1, 2, 3, 4], 100)
    assert (found.expected, found.low, found.high) == pytest.approx((200, 200, 200))
    noisy = predict_ratio([3.0, 3.0, 7.0, 7.0], [1, 2, 3, 4], 100)
    assert noisy.expected == pytest.approx(200)
    assert 0 < noisy.low < 200 < noisy.high


def test_the_interval_covers_as_often_as_it_says() -> None:
    """Chains that keep none to three problems and cost more if they do; 95% of 400 predictions from 12 should hold."""
    rng = random.Random(1)

    def draw(count: int) -> tuple[list[float], list[float]]:
        kept = [float(sum(rng.random() < 0.35 for _ in range(3))) for _ in range(count)]
        return [1 + rng.lognormvariate(0, 0.4) + 0.6 * one for one in kept], kept

    held = 0
    for _ in range(400):
        (used, kept), (more_used, more_kept) = draw(12), draw(60)
        found = predict_ratio(used, kept, sum(more_kept))
        held += found.low <= sum(more_used) <= found.high
    assert 0.91 <= held / 400 <= 0.99


def test_hours_cost_and_the_bottleneck() -> None:
    chains = [chain(k, 2, 36.0) for k in range(6)]
    found = plan(OFFLINE, ONE_CORE, chains, 200)
    assert found.chains.expected == 100
    assert found.needs[0].hours.expected == pytest.approx(1.0)
    assert found.hours.expected == pytest.approx(1.0 + 18 / 3600)  # the last chain, half a chain on average
    assert found.executions.expected == pytest.approx(2000)
    many = ClusterDescription(nodes=(NodeGroup(count=2, cores=4, speed=0.5, usd_per_hour=3.0),), start_s=0)
    shared = plan(OFFLINE, many, chains, 200)
    assert shared.needs[0].hours.expected == pytest.approx(0.25)
    assert shared.usd.expected == pytest.approx(6 * shared.hours.expected)


def test_an_endpoint_may_be_slower_than_the_cores() -> None:
    model = ModelSpec(name="big", base_url="http://localhost:1/v1", model="big")
    asking = Config(
        models={"big": model},
        synth=SynthSettings(teacher="big", student="big"),
        runtime=RuntimeSettings(chains_at_once=50),
    )
    used = StageSpend(
        purpose="propose", model="big", requests=1, completions=1, prompt_tokens=10, completion_tokens=3600,
        reasoning_tokens=0, usd=0.5,
    )  # fmt: skip
    chains = [chain(k, 1, 100.0, judge_s=10.0, spent=(used,)) for k in range(5)]
    cluster = ClusterDescription(
        nodes=(NodeGroup(cores=1),), endpoints={"big": EndpointCapacity(tokens_per_s=100, usd_per_hour=2)}, start_s=0
    )
    found = plan(asking, cluster, chains, 100)
    assert [need.resource for need in found.needs] == ["endpoint big", "cores", "chains_at_once"]
    assert found.bottleneck == "endpoint big"
    assert found.needs[0].hours.expected == pytest.approx(1.0)
    assert found.usd_tokens.expected == pytest.approx(50)
    with pytest.raises(ConfigError, match=r"endpoints\.big"):
        plan(asking, ONE_CORE, chains, 100)


def test_the_first_chains_of_a_run_predict_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = {"profile": "micro", "chains": 15, "turns": 1, "attempts": 4, "seed": 3}
    config = with_changes(Config(), workers=1, allow_unsafe=None, synth=small)
    config = msgspec.structs.replace(config, refine=RefineSettings(keep_high=1.0))  # keeps most problems
    manifest = synthesize(config, tmp_path / "run")
    chains = list(kept_chains(tmp_path / "run"))
    found = plan(config, ONE_CORE, chains[:11], manifest.counts.accepted)
    assert found.executions.low <= manifest.counts.executions <= found.executions.high
    assert found.executions.high < 6 * manifest.counts.executions
    written = sum((tmp_path / "run" / name).stat().st_size for name in ("problems.parquet", "rejected.parquet"))
    stored = written + (tmp_path / "run" / "work.sqlite").stat().st_size
    assert found.storage_gb.low * 1e9 <= stored <= 1.5 * found.storage_gb.high * 1e9
    (tmp_path / "cluster.toml").write_text("[[nodes]]\ncores = 2\nusd_per_hour = 1.0\n")
    (tmp_path / "run.toml").write_text('[synth]\nprofile = "micro"\n')
    words = ["plan", str(tmp_path / "run.toml"), "--cluster", str(tmp_path / "cluster.toml")]
    words += ["--measured", str(tmp_path / "run"), "--problems", "1000"]
    done = CliRunner().invoke(app, [*words, "--plot", str(tmp_path / "p.html"), "--json", str(tmp_path / "p.json")])
    assert done.exit_code == 0, done.output
    assert "Bottleneck: cores" in done.output
    assert "hours, if nothing else is slower" in (tmp_path / "p.html").read_text()
    assert msgspec.json.decode((tmp_path / "p.json").read_bytes())["problems"] == 1000
    assert "beside other work" not in done.output
    monkeypatch.setattr("stepsmith.cli.plan.sample_chains", lambda *_: chains)
    monkeypatch.setattr("os.getloadavg", lambda: (3.0, 0.0, 0.0))
    busy = CliRunner().invoke(app, [*words[:4], "--problems", "1000"])
    assert "beside other work (load 3.0 before they began)" in busy.output


def test_what_the_user_can_get_wrong(tmp_path: Path) -> None:
    for text, reason in (
        ("[[nodes]]\ncores = 0\n", "cores"),
        ("nodes = []\n", "nodes"),
        ("[[nodes]]\ncores = 2\nprice = 1\n", "price"),
        ("[endpoints.a]\ntokens_per_s = 0\n", "nodes|tokens_per_s"),
        ("=", "cluster.toml"),
    ):
        (tmp_path / "cluster.toml").write_text(text)
        with pytest.raises(ConfigError, match=reason):
            read_cluster(tmp_path / "cluster.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_cluster(tmp_path / "missing.toml")
    with pytest.raises(RunFolderError, match=r"work\.sqlite is missing"):
        chains_of_run(tmp_path)
    with pytest.raises(ConfigError, match="too few"):
        plan(OFFLINE, ONE_CORE, [chain(k, 0, 1.0) for k in range(8)], 10)
