"""Names and addresses become players, and what cannot play together is refused before anything is paid."""

import json
import sys
from pathlib import Path

import msgspec
import pytest

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.llm.records import ModelSpec, Prices, Sampling
from stepsmith.pipeline.config import Config, load_config, with_changes
from stepsmith.pipeline.models import Meter, add_spends
from stepsmith.pipeline.roles import asked_models, resolve_config
from tests.synth.llm.scripted_server import ScriptedServer
from tests.synth.llm.test_teacher import Listed

FILE = """
[runtime]
budget = "5 USD"
[synth]
teacher = "strong"
student = "small"
[models.strong]
base_url = "https://provider.example/v1"
model = "big-reasoner"
sampling = {reasoning_effort = "high", max_tokens = 32000}
prices = {input = 0.6, output = 2.2}
concurrency = {high = 200}
[models.small]
base_url = "http://127.0.0.1:8000/v1"
model = "small"
prices = {input = 0.0, output = 0.0}
[models.third]
base_url = "http://127.0.0.1:8001/v1"
model = "third"
"""


def load(tmp_path: Path, text: str = FILE) -> Config:
    path = tmp_path / "c.toml"
    path.write_text(text)
    return load_config(path)


def named(config: Config, **synth: object) -> Config:
    return with_changes(config, workers=None, allow_unsafe=None, synth=synth)


def test_tables_are_models_and_know_their_names(tmp_path: Path) -> None:
    config = resolve_config(load(tmp_path))
    strong = config.models["strong"]
    assert (strong.name, strong.model, strong.sampling.reasoning_effort) == ("strong", "big-reasoner", "high")
    assert asked_models(config) == ["strong", "small"]
    assert len(config.prompts.version) == 12


def test_a_strong_solver_is_asked_and_may_have_the_weights_of_a_teacher_that_defines(tmp_path: Path) -> None:
    config = resolve_config(named(load(tmp_path), strong_solver="strong"))
    assert asked_models(config) == ["strong", "small"]
    assert config.fingerprint_fields() != resolve_config(load(tmp_path)).fingerprint_fields()
    config = named(Config(), strong_solver="http://127.0.0.1:9/v1#big")
    assert asked_models(resolve_config(config)) == ["big"]  # beside the offline teacher and the simulated student


def test_what_shapes_the_data_is_guarded_and_what_does_not_is_not(tmp_path: Path) -> None:
    config = resolve_config(load(tmp_path))
    shaping = json.dumps(config.fingerprint_fields())
    assert "big-reasoner" in shaping
    assert "32000" in shaping
    assert config.prompts.version in shaping
    for word in ("provider.example", "127.0.0.1", "third", "USD", "prices", "concurrency", "key_env"):
        assert word not in shaping
    moved = (
        FILE.replace("provider.example", "other.example").replace("5 USD", "9 USD").replace("high = 200", "high = 20")
    )
    assert resolve_config(load(tmp_path, moved)).fingerprint_fields() == config.fingerprint_fields()
    for old, new in (("32000", "16000"), ('"high"', '"low"'), ('"big-reasoner"', '"bigger"')):
        assert (
            resolve_config(load(tmp_path, FILE.replace(old, new))).fingerprint_fields() != config.fingerprint_fields()
        )


@pytest.mark.parametrize(
    ("synth", "says"),
    [
        ({"teacher": "nobody"}, "unknown teacher 'nobody'; available: offline, small, strong, third"),
        ({"student": "nobody"}, "unknown student"),
        ({"solvers": ["nobody"]}, r"no \[models.nobody\]"),
        ({"student": "simulated"}, "name another with --student"),
        ({"teacher": "offline", "solvers": ["third"]}, "has its own voters"),
        ({"solvers": ["small"]}, "'small' votes on the outputs, so it cannot also be the student"),
        (
            {"method": "two-stage", "student": "strong"},
            "'strong' votes on the outputs, so it cannot also be the student",
        ),
        ({"method": "two-stage", "teacher": "offline"}, "two-stage method needs a model as teacher"),
        ({"method": "three-stage"}, "synth.method: invalid enum value .*, which is one of: teacher-student, two-stage"),
        ({"strong_solver": "nobody"}, r"no \[models.nobody\]"),
        ({"solvers": ["third"], "strong_solver": "third"}, "'third' votes .* cannot also be the strong solver"),
        ({"solvers": ["third"], "strong_solver": "strong"}, "'strong' votes .* cannot also be the strong solver"),
        ({"method": "two-stage", "strong_solver": "strong"}, "'strong' votes .* cannot also be the strong solver"),
        ({"strong_solver": "small"}, "would repeat the student's attempts"),
        ({"solvers": ["third"]}, "models.third has no prices"),
        ({"student": "http://127.0.0.1:9"}, "the server is up, name the model: http://127.0.0.1:9/v1#MODEL"),
        ({"student": "http://user:secret@127.0.0.1:9/v1#m"}, "an address without user, password"),
    ],
)
def test_what_cannot_be_played_is_one_line(tmp_path: Path, synth: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        resolve_config(named(load(tmp_path), **synth))
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[models.a]\nmodel = 'm'\n", "base_url"),
        ("[models.a]\nbase_url = 'http://h/v1'\nmodel = 'm'\nname = 'b'\n", "models.a.name"),
        ("[models.a]\nbase_url = 'h'\nmodel = 'm'\n", "http"),
        ("[models.a]\nbase_url = 'http://h/v1'\nmodel = 'm'\nkey = 'sk'\n", "key"),
        ("models = 3\n", "models"),
    ],
)
def test_mistakes_in_tables_are_one_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        load(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_an_address_becomes_the_model_that_it_serves() -> None:
    with ScriptedServer() as server:
        bare = server.url.removesuffix("/v1")
        config = resolve_config(named(Config(), teacher=bare, student=f"{server.url}#small"))
    assert (config.synth.teacher, config.synth.student) == ("scripted", "small")
    assert config.models["scripted"].base_url == server.url
    assert "127.0.0.1" not in json.dumps(config.fingerprint_fields())


def test_two_addresses_with_one_name_need_tables() -> None:
    with pytest.raises(ConfigError, match=r"another model of that name"):
        resolve_config(named(Config(), teacher="http://127.0.0.1:1/v1#m", student="http://127.0.0.1:2/v1#m"))


def test_offline_players_are_left_alone() -> None:
    assert resolve_config(Config()) == Config()
    assert asked_models(Config()) == []


@pytest.mark.parametrize("missing", ["jinja2", "openai"])
def test_without_the_extra_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in list(sys.modules):
        if name.startswith(("stepsmith.prompts", "stepsmith.synth.llm", "stepsmith.llm.transport")) or (
            name == "stepsmith.pipeline.endpoint_roles"
        ):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MachineError, match=r"pip install 'stepsmith\[llm\]'"):
        resolve_config(load(tmp_path))
    assert resolve_config(Config()) == Config()


def test_a_folder_of_prompts_changes_the_version(tmp_path: Path) -> None:
    (tmp_path / "mine" / "teacher").mkdir(parents=True)
    (tmp_path / "mine" / "teacher" / "reply.md.j2").write_text("As you like.")
    ours = resolve_config(load(tmp_path))
    own = resolve_config(load(tmp_path, FILE.replace("[synth]", f'prompts = "{tmp_path / "mine"}"\n[synth]')))
    assert own.prompts.version != ours.prompts.version
    assert str(tmp_path) not in json.dumps(own.fingerprint_fields())


def test_meters_count_by_stage_and_add_up() -> None:
    meter = Meter()
    model = Listed(*["a"] * 5)
    meter.add("attempt", "small", model.complete([], 3))
    meter.add("attempt", "small", model.complete([], 1))
    meter.add("propose", "strong", model.complete([], 1))
    attempt, propose = meter.spent()
    assert (attempt.purpose, attempt.completions, propose.completions) == ("attempt", 4, 1)
    assert [spend.completions for spend in add_spends([*meter.spent(), *meter.spent()])] == [8, 2]


def test_the_command_line_overrides_models_by_name(tmp_path: Path) -> None:
    config = with_changes(
        load(tmp_path), workers=None, allow_unsafe=None, synth={"solvers": ["third"]}, budget="2M tokens"
    )
    assert config.runtime.budget == "2M tokens"
    assert config.models["strong"] == ModelSpec(
        name="strong",
        base_url="https://provider.example/v1",
        model="big-reasoner",
        sampling=Sampling(reasoning_effort="high", max_tokens=32000),
        prices=Prices(input=0.6, output=2.2),
        concurrency=msgspec.structs.replace(config.models["strong"].concurrency, high=200),
    )


def test_a_student_that_is_asked_by_batches_makes_all_attempts_at_once(tmp_path: Path) -> None:
    """Each step of the attempts would wait for a batch of its own."""
    assert resolve_config(load(tmp_path)).rating.adaptive
    batched = load(tmp_path, FILE.replace('model = "small"', 'model = "small"\nbatch = true'))
    assert not resolve_config(batched).rating.adaptive
