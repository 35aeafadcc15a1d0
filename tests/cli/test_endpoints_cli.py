"""`stepsmith synth` against endpoints that refuse, or that answer what nobody expects: one line, and an early end."""

import re
from pathlib import Path

import pytest

from stepsmith.llm.check import QUESTION
from stepsmith.llm.refusals import MOST_AT_FIRST
from tests.cli.commands import run_here
from tests.llm.hostile_provider import HostileProvider

REFUSED = """
[runtime]
cache = "{cache}"
[synth]
teacher = "t"
student = "s"
chains = 200
turns = 2
attempts = 2
[models.t]
base_url = "{url}"
model = "t"
sampling = {{ temperature = 0.6 }}
[models.s]
base_url = "{url}"
model = "s"
sampling = {{ max_tokens = 5000 }}
"""


def configured(provider: HostileProvider, folder: Path) -> Path:
    path = folder / "run.toml"
    path.write_text(REFUSED.format(url=provider.url, cache=folder / "cache.sqlite"))
    return path


@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["run", "dry run"])
@pytest.mark.parametrize(
    ("refuses", "setting", "asked"),
    [
        ({"model": "every request is wrong"}, r"\[models\.s\]", ["s"]),
        ({"temperature": "temperature may not be set for this model"}, r"models\.t\.sampling\.temperature", ["s", "t"]),
        (
            {"model": "This model's maximum context length is 4096 tokens. However, you requested 5020 tokens"},
            r"models\.s\.sampling\.max_tokens is 5000, and the server's limit is 4096",
            ["s"],
        ),
    ],
)
def test_a_model_that_refuses_its_first_question_ends_the_run_before_anything_is_paid(
    tmp_path: Path, refuses: dict[str, str], setting: str, asked: list[str], more: list[str]
) -> None:
    with HostileProvider(refuses=refuses, reply=lambda prompt: "OK") as provider:
        done = run_here("synth", configured(provider, tmp_path), "--out", tmp_path / "run", *more)
        assert [body["model"] for body in provider.bodies] == asked
    assert done.code == 2
    assert re.fullmatch(r"stepsmith: [^\n]+\n", done.err), done.err
    assert next(iter(refuses.values()))[:60] in done.err
    assert re.search(setting, done.err), done.err


class RefusesWork(HostileProvider):
    """Answers the question before the run, and refuses everything else."""

    def _behaviour(self, body: dict[str, object]) -> str:
        return "good" if self._prompt(body) == QUESTION else "400 the prompt holds a forbidden word"


@pytest.mark.parametrize("more", [[], ["--dry-run"]], ids=["run", "dry run"])
def test_a_refusal_that_repeats_ends_the_run(tmp_path: Path, more: list[str]) -> None:
    with RefusesWork(reply=lambda prompt: "OK") as provider:
        done = run_here("synth", configured(provider, tmp_path), "--out", tmp_path / "run", *more)
        # Two questions, and what the sixteen chains at once had asked before they could know; all would ask 400 times.
        assert 2 + MOST_AT_FIRST <= provider.requests <= 2 + 2 * 16
    assert done.code == 2
    line = done.err.strip().splitlines()[-1]
    told = re.search(r"the last (\d+) requests of the stage propose were refused in the same way", line)
    assert told is not None
    assert int(told[1]) >= MOST_AT_FIRST  # more were on their way
    assert "the prompt holds a forbidden word" in line
    assert "[models.t]" in line
    assert "More --chains" not in done.out


@pytest.mark.parametrize(
    ("models", "said"),
    [
        (b"<html><title>sign in</title></html>", r"does not say which model it serves\. .*a web page \(sign in\)"),
        (b"null", "lists no models"),
        (b'{"object": "list", "data": null}', "lists no models"),
        (b'{"data": [{"id": "a"}, {"id": "b"}]}', "lists 2 models; .*#MODEL with one of: a, b"),
        (b'{"error": {"message": "not for you"}}', "not for you"),
    ],
)
def test_odd_lists_of_models_are_one_line(tmp_path: Path, models: bytes, said: str) -> None:
    with HostileProvider(models=models) as provider:
        done = run_here("synth", "--teacher", provider.url, "--student", provider.url, "--out", tmp_path / "run")
        assert provider.requests == 0
    assert done.code == 2
    assert re.fullmatch(r"stepsmith: [^\n]+\n", done.err), done.err
    assert re.search(said, done.err), done.err
    assert ".." not in done.err


def test_a_bare_list_of_models_is_understood(tmp_path: Path) -> None:
    with HostileProvider(models=b'[{"id": "m"}]', refuses={"model": "no such model"}) as provider:
        done = run_here("synth", "--teacher", provider.url, "--student", provider.url, "--out", tmp_path / "run")
        assert [body["model"] for body in provider.bodies] == ["m"]
    assert done.code == 2
    assert "no such model" in done.err
