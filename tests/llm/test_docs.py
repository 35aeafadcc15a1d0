"""What docs/endpoints.md shows is what the code accepts, with the defaults that it states."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from stepsmith.llm.records import ModelSpec
from tests.llm.hostile_provider import HostileProvider

PAGE = (Path(__file__).parents[2] / "docs" / "endpoints.md").read_text()


def test_the_settings_are_all_there_and_read() -> None:
    (table,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    shown = tomllib.loads(table)["models"]["teacher"]
    spec = msgspec.convert(shown, ModelSpec)
    for part in (spec, spec.sampling, spec.prices, spec.concurrency, spec.retries):
        assert all(re.search(rf"\b{name}\b", table) for name in part.__struct_fields__), part
    plain = ModelSpec(name="teacher", base_url=spec.base_url, model=spec.model)
    assert spec.concurrency == plain.concurrency
    assert spec.retries == plain.retries
    assert (spec.timeout_s, spec.stream, spec.batch, spec.identity) == (1800.0, True, False, "")
    assert spec.sampling.max_tokens == plain.sampling.max_tokens


def test_the_program_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    monkeypatch.setenv("STEPSMITH_CACHE", str(tmp_path))
    with HostileProvider(reply=lambda prompt: "merge sort") as provider:
        exec(program.replace("http://127.0.0.1:8000/v1", provider.url), {})
    assert capsys.readouterr().out.count("merge sort") == 4
    assert (tmp_path / "completions.sqlite").exists()
