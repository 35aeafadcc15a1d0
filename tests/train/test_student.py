"""A trained policy as student: real attempts, same seed same bytes, and a name that follows the weights alone."""

import random
import shutil
import threading
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("torch")
pytest.importorskip("trl")

import torch

from stepsmith.core.errors import ConfigError, MachineError
from stepsmith.core.records import NO_ANSWER, TRUNCATED, Problem
from stepsmith.judge.local import LocalJudge
from stepsmith.pipeline import roles
from stepsmith.pipeline.config import Config, RefineSettings, RuntimeSettings, SuiteSettings, SynthSettings
from stepsmith.pipeline.rating import rate
from stepsmith.pipeline.roles import asked_models, resolve_config
from stepsmith.pipeline.synthesis import synthesize
from stepsmith.scoring.scorer import Scorer
from stepsmith.store.dataset import read_problems, read_rows
from stepsmith.synth.draft import Draft
from stepsmith.train.policy import Policy
from stepsmith.train.student import PolicyStudent, model_folder, policy_name
from tests.synth.llm.scripted_server import ScriptedServer
from tests.synth.llm.test_path import Quiet, config_for
from tests.train.tiny import lessons, tiny_policy

SEEDS = (str(Path(__file__).parent),)
DRAFT: Draft = None  # type: ignore[assignment]  # what a policy must not look at


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training run whose policy solves about half of the problems of one operation."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("run")
    tiny_policy(lessons(), steps=200).save(folder / "model")
    return folder


@pytest.fixture(scope="module")
def student(run: Path) -> PolicyStudent:
    return PolicyStudent.open(run)


def config(run: Path, **changes: object) -> Config:
    synth = SynthSettings(
        seeds=SEEDS, chains=2, turns=2, attempts=8, profile="micro", student=str(run), seed=3,
        environments={"induction": 1.0},
    )  # fmt: skip
    return Config(
        synth=msgspec.structs.replace(synth, **changes),
        refine=RefineSettings(keep_low=0.0),  # what it never solves is kept, too
        suite=SuiteSettings(mutants=0),
        runtime=RuntimeSettings(workers=1),
    )


def rows(folder: Path) -> list[dict[str, object]]:
    return [row for name in ("problems.parquet", "rejected.parquet") for row in read_rows(folder / name)]


def data(folder: Path) -> tuple[bytes, ...]:
    return tuple((folder / name).read_bytes() for name in ("problems.parquet", "rejected.parquet", "manifest.json"))


def texts(student: PolicyStudent, problem: Problem, seed: int, attempts: int = 6) -> list[str]:
    return [attempt.text for attempt in student.attempts(DRAFT, problem, random.Random(seed))(attempts)]


def test_attempts_are_real_and_follow_the_generator_alone(student: PolicyStudent, judge: LocalJudge) -> None:
    problems = lessons(8, seed=9)
    first = [texts(student, problem, seed) for seed, problem in enumerate(problems)]
    torch.manual_seed(99)
    torch.set_num_threads(2)
    try:
        assert [texts(student, problem, seed) for seed, problem in enumerate(problems)] == first
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
    assert texts(student, problems[0], 77) != first[0]
    rates = [rate(student, DRAFT, problem, 8, Scorer(judge), random.Random(1)).rate for problem in problems]
    assert 0 < sum(r.passes for r in rates) < sum(r.attempts for r in rates) == 64


def test_threads_take_turns(student: PolicyStudent) -> None:
    problems = lessons(4, seed=9)
    alone = {problem.id: texts(student, problem, 5) for problem in problems}
    found: dict[str, list[str]] = {}
    threads = [
        threading.Thread(target=lambda p=problem: found.update({p.id: texts(student, p, 5)}))  # type: ignore[misc]
        for problem in problems
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == alone


def test_truncated_replies_and_prompts_without_room_are_told(student: PolicyStudent, judge: LocalJudge) -> None:
    (problem,) = lessons(1)
    policy: Policy = student._policy
    hurried = PolicyStudent(policy, "hurried", threads=1)
    prompt_format = policy.prompt_format
    try:
        policy.prompt_format = msgspec.structs.replace(prompt_format, max_completion_length=2)
        cut = rate(hurried, DRAFT, problem, 3, Scorer(judge), random.Random(1))
    finally:
        policy.prompt_format = prompt_format
    assert cut.verdicts == {TRUNCATED: 3}
    long = msgspec.structs.replace(problem, statement="and so on " * 200 + problem.statement)
    attempts = student.attempts(DRAFT, long, random.Random(1))(3)
    assert len(attempts) == 3
    assert all("takes 160 in all" in attempt.text for attempt in attempts)
    rating = rate(student, DRAFT, long, 3, Scorer(judge), random.Random(1))
    assert rating.rate.passes == 0
    assert rating.verdicts[TRUNCATED] == 3
    assert rating.verdicts[NO_ANSWER] == 0
    assert "No answer" in rating.feedback.failed[0].text


@pytest.fixture(scope="module")
def finished(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthesis in this process."""
    out = tmp_path_factory.mktemp("finished")
    manifest = synthesize(config(run), out, Quiet())
    assert manifest.student == policy_name(run)
    assert manifest.counts.accepted > 0
    return out


def test_a_synthesis_says_who_attempted_but_not_where_it_lay(run: Path, finished: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(run / "model", tmp_path / "elsewhere")
    synthesize(config(moved), tmp_path / "two", Quiet())
    assert rows(tmp_path / "two") == rows(finished)
    assert data(tmp_path / "two") == data(finished)
    assert str(run) not in (finished / "config.json").read_text()
    for problem in read_problems(finished / "problems.parquet"):
        named = dict(problem.provenance)["attempts"]  # such as "AC 3, CE 2, none 3"
        assert sum(int(part.split()[-1]) for part in named.split(", ")) == 8
        assert problem.pass_rate is not None


def test_worker_processes_load_the_policy_and_give_the_same_bytes(run: Path, finished: Path, tmp_path: Path) -> None:
    """Some 10 s of CPU: two processes import torch."""
    synthesize(msgspec.structs.replace(config(run), runtime=RuntimeSettings(workers=2)), tmp_path / "two", Quiet())
    assert rows(tmp_path / "two") == rows(finished)
    assert data(tmp_path / "two") == data(finished)


def test_a_policy_attempts_the_problems_of_a_model(run: Path, tmp_path: Path) -> None:
    with ScriptedServer() as server:
        asked = msgspec.structs.replace(config_for(server, tmp_path / "m.sqlite"), refine=RefineSettings(keep_low=0.0))
        asked = msgspec.structs.replace(
            asked, synth=msgspec.structs.replace(asked.synth, student=str(run), chains=2, turns=1, seeds=SEEDS)
        )
        manifest = synthesize(asked, tmp_path / "run", Quiet())
        assert {bill.model for bill in server.bills} == {"teacher"}
    assert manifest.student == policy_name(run)
    assert manifest.spend is not None
    assert {stage.model for stage in manifest.spend.stages} == {"teacher"}


def test_the_name_follows_the_weights_and_the_form(run: Path, tmp_path: Path) -> None:
    name = policy_name(run)
    assert name == policy_name(run / "model")
    assert (
        resolve_config(config(run)).fingerprint_fields() == resolve_config(config(run / "model")).fingerprint_fields()
    )
    assert resolve_config(resolve_config(config(run))) == resolve_config(config(run))
    assert asked_models(resolve_config(config(run))) == []
    other = shutil.copytree(run / "model", tmp_path / "other")
    (other / "stepsmith.json").write_text('{"prompt": "full"}')
    assert policy_name(other) != name
    shutil.copy(run / "model" / "stepsmith.json", other)
    assert policy_name(other) == name
    weights = bytearray((other / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (other / "model.safetensors").write_bytes(weights)
    assert policy_name(other) != name
    assert resolve_config(config(other)).fingerprint_fields() != resolve_config(config(run)).fingerprint_fields()


def test_what_is_no_policy_is_said_in_one_line(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"holds no policy: give the folder of a training run"):
        resolve_config(config(tmp_path))
    with pytest.raises(ConfigError, match="there is no folder"):
        resolve_config(config(tmp_path / "absent"))
    with pytest.raises(ConfigError, match=r"unknown student 'nobody'.*folder of a trained policy"):
        resolve_config(config(Path("nobody")))
    with pytest.raises(ConfigError, match="the folder of the student 'policy 123' is not known"):
        synthesize(config(Path("policy 123")), tmp_path / "out", Quiet())
    (tmp_path / "unfinished" / "checkpoints").mkdir(parents=True)
    with pytest.raises(ConfigError, match="--resume"):
        model_folder(tmp_path / "unfinished")
    broken = shutil.copytree(run / "model", tmp_path / "broken")
    (broken / "config.json").write_text("{")
    with pytest.raises(ConfigError, match="cannot be loaded"):
        PolicyStudent.open(broken)
    monkeypatch.setattr(roles, "find_spec", lambda name: None)
    with pytest.raises(MachineError, match=r"stepsmith\[train\]"):
        resolve_config(config(run))
