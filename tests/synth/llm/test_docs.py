"""What docs/real-endpoints.md shows can be run, and it names every reason that the code gives."""

import re
from pathlib import Path

from stepsmith.pipeline.config import load_config
from stepsmith.pipeline.models import limit_of

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "real-endpoints.md").read_text()


def test_the_configuration_is_read(tmp_path: Path) -> None:
    (table,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "run.toml").write_text(table.replace("# solvers", "solvers").replace("# cache", "cache"))
    config = load_config(tmp_path / "run.toml")
    assert config.models["teacher"].weights == config.models["student"].weights
    assert config.models["teacher"].sampling != config.models["student"].sampling
    assert config.synth.solvers == ("second", "third")
    assert limit_of(config).usd == 20


def test_every_reason_is_named() -> None:
    code = "".join(path.read_text() for path in (ROOT / "src" / "stepsmith" / "synth" / "llm").glob("*.py"))
    reasons = set(re.findall(r'reason="([a-z-]+)"|failure\("([a-z-]+)"', code))
    for first, second in reasons:
        assert f"`{first or second}`" in PAGE, first or second
    assert len(reasons) >= 14
