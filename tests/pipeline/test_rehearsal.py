"""A rehearsal with scripted models: every kind is sent, and what goes wrong is told and ends nothing."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from stepsmith.core.errors import BudgetExceeded
from stepsmith.llm.records import ModelSpec, Prices, Sampling
from stepsmith.pipeline.config import Config, RuntimeSettings, SynthSettings
from stepsmith.pipeline.rehearsal import Rehearsal, rehearse
from stepsmith.pipeline.rehearsed import RehearsedRequest
from tests.llm.hostile_provider import HostileProvider
from tests.synth.llm.scripted_server import ScriptedServer
from tests.synth.two_stage.scripted import ScriptedModel
from tests.synth.two_stage.scripted import ScriptedServer as TwoStageServer

NAMES = ("teacher", "student", "solver-a", "strong-solver")


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


def config_for(url: str, cache: Path, *, runtime: dict[str, str] | None = None, **synth: object) -> Config:
    prices, sampling = Prices(input=1.0, output=4.0), Sampling(max_tokens=4000)
    models = {name: ModelSpec(name=name, base_url=url, model=name, prices=prices, sampling=sampling) for name in NAMES}
    settings = {"teacher": "teacher", "student": "student", **synth}
    return Config(
        synth=SynthSettings(**settings),  # type: ignore[arg-type]
        models=models,
        runtime=RuntimeSettings(cache=str(cache), **(runtime or {})),
    )


def rehearsed(config: Config, **options: bool) -> tuple[Rehearsal, list[RehearsedRequest]]:
    shown: list[RehearsedRequest] = []
    return rehearse(config, shown.append, **options), shown


def kinds(rehearsal: Rehearsal) -> Counter[str]:
    return Counter(request.purpose for request in rehearsal.requests)


def test_every_kind_of_request_is_sent_once_and_understood(server: ScriptedServer, tmp_path: Path) -> None:
    config = config_for(server.url, tmp_path / "c.sqlite", solvers=("solver-a",), strong_solver="strong-solver")
    rehearsal, shown = rehearsed(config)
    assert rehearsal.failed == []
    assert list(rehearsal.requests) == shown
    assert kinds(rehearsal) == {"propose": 4, "refine": 1, "solve": 2, "attempt": 4, "solvability": 4}
    assert {request.note for request in shown if request.purpose == "attempt"} == set(config.synth.environments)
    assert all(request.outputs and request.words for request in shown)
    assert "a function f(" in shown[0].words
    tokens, usd = rehearsal.projected()
    attempts = [request for request in shown if request.purpose == "attempt"]
    answers = sum(request.usage.completion_tokens for request in attempts) / 4 / 2
    assert tokens > 24 * 6 * 32 * answers
    assert usd > 24 * 6 * 32 * answers * 4e-6


def test_replies_do_not_go_into_the_completion_cache(server: ScriptedServer, tmp_path: Path) -> None:
    before = len(server.bills)
    for _ in range(2):
        rehearsed(config_for(server.url, tmp_path / "c.sqlite", environments={"deduction": 1.0}))
    assert len(server.bills) - before == 2 * 3
    assert not (tmp_path / "c.sqlite").exists()


def test_the_two_stages_their_inputs_and_a_refinement(tmp_path: Path) -> None:
    with TwoStageServer(ScriptedModel()) as server:
        config = config_for(
            server.url, tmp_path / "c", method="two-stage", solvers=("solver-a",), environments={"induction": 1.0}
        )
        rehearsal, _ = rehearsed(config, features=True)
    assert rehearsal.failed == []
    assert kinds(rehearsal) == {
        "plan": 2, "statement": 2, "inputs": 1, "generator": 1, "solve": 1, "attempt": 1, "extract features": 1,
        "evolve features": 1,
    }  # fmt: skip
    words = {request.kind: request.words for request in rehearsal.requests}
    assert words["plan: refinement"].startswith("a plan on ")
    assert "with 2 samples and a validator" in words["statement"]
    assert words["inputs"].endswith(" inputs")
    assert "program of" in words["generator"]


def test_what_cannot_be_used_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    with HostileProvider(reply=lambda _: "I would rather not.") as provider:
        rehearsal, shown = rehearsed(config_for(provider.url, tmp_path / "c", environments={"abduction": 1.0}))
    assert {request.purpose for request in shown} >= {"propose", "propose, repair", "refine", "attempt"}
    first = shown[0]
    assert not first.understood
    assert first.words.startswith("no-code: no complete code block")
    assert "propose: abduction (teacher)" in rehearsal.failed
    (attempt,) = [request for request in shown if request.purpose == "attempt"]
    assert "kept.append(value * 2)" in attempt.prompt, "a problem of our own"


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("Unsupported value: 'temperature' does not support 0.2", "look at models.teacher.sampling.temperature"),
        ("This model's maximum context length is 2048 tokens", "the server's limit is 2048: lower it"),
        ("This model's maximum context length is 5000 tokens", "lower models.teacher.sampling.max_tokens (now 4000)"),
        ("System role not supported", "System role not supported"),
    ],
)
def test_refusals_say_what_to_change_and_end_nothing(tmp_path: Path, said: str, words: str) -> None:
    with HostileProvider(refuses={"messages": said}) as provider:
        rehearsal, shown = rehearsed(config_for(provider.url, tmp_path / "c", environments={"deduction": 1.0}))
    assert words in shown[0].words
    assert [request.purpose for request in shown] == ["propose", "refine", "attempt"]
    assert len(rehearsal.failed) == 3


def test_the_budget_holds(server: ScriptedServer, tmp_path: Path) -> None:
    config = config_for(server.url, tmp_path / "c", runtime={"budget": "4500 tokens"})
    shown: list[RehearsedRequest] = []
    with pytest.raises(BudgetExceeded):
        rehearse(config, shown.append)
    assert len(shown) < 14


def test_without_models_there_is_nothing_to_rehearse() -> None:
    assert rehearse(Config(), lambda _: None).requests == ()


def test_a_student_alone_attempts_problems_of_ours(server: ScriptedServer, tmp_path: Path) -> None:
    rehearsal, _ = rehearsed(config_for(server.url, tmp_path / "c", teacher="offline"))
    assert kinds(rehearsal) == {"attempt": 4}
    assert all(
        "kept.append" in request.prompt or "sorted(values)" in request.prompt for request in rehearsal.requests[1:]
    )
    assert len(rehearsal.failed) == 4, "the scripted student knows the scripted teacher's problems alone"
