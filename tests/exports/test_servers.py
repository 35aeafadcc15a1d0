"""Task sets whose replies our judge server judges: for verifiers and NeMo Gym. `make interop` runs both for real."""

import json
import tomllib
from pathlib import Path

import yaml

from stepsmith.exports.templates import filled
from tests.exports.exported import exported, lines, one_of_each
from tests.train.verl.rendered import load_reward


def test_a_package_of_verifiers_holds_what_is_judged_by(tmp_path: Path) -> None:
    exported("verifiers", tmp_path / "set", name="Little Set 2", judge_url="http://judge:1")
    package = tmp_path / "set" / "little_set_2"
    project = tomllib.loads((tmp_path / "set" / "pyproject.toml").read_text())
    assert project["project"]["name"] == "little_set_2"
    assert {path.name for path in package.iterdir()} == {"__init__.py", "taskset.py", "judging.py", "problems.jsonl"}
    for path in package.glob("*.py"):
        compile(path.read_text(), str(path), "exec")
    assert '"http://judge:1"' in (package / "taskset.py").read_text()
    rows = lines(package / "problems.jsonl")
    assert {row["half"] for row in rows} == {"train", "test"}
    assert {row["task"]["id"] for row in rows} == {problem.id for problem in one_of_each()}
    for row in rows:
        assert json.loads(row["ground_truth"])["tests"]
        assert row["golden"] not in row["task"]["prompt"]


def test_a_server_of_nemo_gym_has_rows_and_a_configuration(tmp_path: Path) -> None:
    exported("nemo-gym", tmp_path / "set", license="MIT")
    server = tmp_path / "set" / "resources_servers" / "little_set"
    compile((server / "app.py").read_text(), "app.py", "exec")
    settings = yaml.safe_load((server / "configs" / "little_set.yaml").read_text())
    sets = settings["little_set_simple_agent"]["responses_api_agents"]["simple_agent"]["datasets"]
    assert [(one["type"], one.get("license")) for one in sets] == [
        ("train", "MIT"),
        ("validation", "MIT"),
        ("example", None),
    ]
    rows = [row for name in ("train", "validation") for row in lines(server / "data" / f"{name}.jsonl")]
    assert len(rows) == len(one_of_each())
    for row in rows:
        (message,) = row["responses_create_params"]["input"]
        assert message["role"] == "user"
        plain = row["verifier_metadata"].get("unit_tests")
        assert plain is None or len(plain["inputs"]) == len(plain["outputs"]) > 0
    assert sum("unit_tests" in row["verifier_metadata"] for row in rows) == 4


def test_both_carry_the_reward_function_of_verl(tmp_path: Path) -> None:
    exported("verifiers", tmp_path / "set")
    (tmp_path / "set" / "little_set" / "judging.py").rename(tmp_path / "reward.py")
    judging = load_reward(tmp_path)
    assert issubclass(judging.JudgeError, judging.LeftOutError)
    assert callable(judging.compute_score)


def test_marks_are_filled() -> None:
    assert 'name = "some_set"' in filled("verifiers/pyproject.toml", {"MODULE": "some_set"})
