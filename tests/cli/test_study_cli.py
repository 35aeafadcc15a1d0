from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepsmith.cli.main import app
from stepsmith.cli.study import _seeds
from stepsmith.core.errors import ConfigError
from stepsmith.pipeline.studies.definition import shipped
from stepsmith.pipeline.study import STAGES, TABLE
from stepsmith.store.manifest import read_manifest
from tests.pipeline.study_runs import TURNS, read_results


def test_yields_of_a_synthesis_by_the_command(tmp_path: Path) -> None:
    (tmp_path / "turns.toml").write_text(TURNS)
    out = tmp_path / "out"
    result = CliRunner().invoke(app, ["study", str(tmp_path / "turns.toml"), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert (out / TABLE).read_text().strip() in result.output
    assert "<h1>Study: turns</h1>" in (out / "report.html").read_text()
    found = {found.arm: found for found in read_results(out)}
    assert set(found) == {"many", "single"}
    for arm in found.values():
        manifest = read_manifest(out / STAGES / arm.stages["synth"])
        assert arm.values["proposed"] == manifest.counts.proposed == (2 if arm.arm == "many" else 1)
        assert arm.values["kept"] == manifest.counts.accepted
        assert arm.values["kept per proposed"] == manifest.counts.accepted / manifest.counts.proposed
        assert "kept per 1000 tokens" not in arm.values  # nobody asked a model


def test_which_seeds() -> None:
    assert _seeds(None, 10) == ()
    assert _seeds("3", 10) == (10, 11, 12)
    assert _seeds("7,5", 10) == (7, 5)
    for wrong in ("many", "0", "1,1"):
        with pytest.raises(ConfigError, match="--seeds"):
            _seeds(wrong, 0)


def test_the_list_has_every_study() -> None:
    result = CliRunner().invoke(app, ["study", "--list"], env={"COLUMNS": "140"})
    assert result.exit_code == 0
    for name in shipped():
        assert any(line.split()[:1] == [name] for line in result.output.splitlines())


def test_power_of_a_published_table() -> None:
    table = Path(__file__).parents[2] / "benchmarks" / "results" / "chains.md"
    result = CliRunner().invoke(app, ["study", "--power", str(table)], env={"COLUMNS": "140"})
    assert result.exit_code == 0
    assert "chains-hard − disjoint-hard" in result.output
    assert "80%" in result.output
    with pytest.raises(ConfigError, match="leave out chains"):
        CliRunner().invoke(app, ["study", "chains", "--power", str(table)], catch_exceptions=False)
