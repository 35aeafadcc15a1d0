"""Rendered folders: the rows that verl reads, the order of a curriculum, the configuration."""

import json
import re
import subprocess
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from stepsmith.core.errors import ConfigError, RunFolderError
from stepsmith.envs import ENVIRONMENTS
from stepsmith.scoring.tests import SplitSettings, split_tests
from stepsmith.train.settings import presets, with_overrides
from stepsmith.train.verl import render, write_data
from stepsmith.train.verl.rendering import order
from stepsmith.train.verl.rendering import split as in_halves
from tests.envs.test_environments import PROBLEMS
from tests.train.verl.rendered import a_config, many, rows

JUDGE = "http://judge:8005"


def configured(folder: Path) -> dict:
    return yaml.safe_load((folder / "grpo.yaml").read_text())


def test_a_folder_has_all_that_verl_needs(tmp_path: Path) -> None:
    written = render(a_config(), many(40), tmp_path / "run", JUDGE)
    names = {
        "train.parquet",
        "test.parquet",
        "reward.py",
        "grpo.yaml",
        "fully_async.yaml",
        "launch.sh",
        "stepsmith_hooks.py",
        "config.json",
    }
    assert {path.name for path in written} == names == {path.name for path in (tmp_path / "run").iterdir()}
    script = tmp_path / "run" / "launch.sh"
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
    assert f"STEPSMITH_JUDGE_URL:-{JUDGE}}}" in script.read_text()
    compile((tmp_path / "run" / "stepsmith_hooks.py").read_text(), "hooks", "exec")


def test_the_fully_asynchronous_mode_changes_only_what_it_needs(tmp_path: Path) -> None:
    render(a_config(), many(40), tmp_path, JUDGE)
    found = yaml.safe_load((tmp_path / "fully_async.yaml").read_text())
    sync = configured(tmp_path)
    assert found["reward"] == sync["reward"]
    assert (found["data"]["train_batch_size"], found["data"]["gen_batch_size"]) == (0, 1)
    assert found["rollout"]["n"] == sync["actor_rollout_ref"]["rollout"]["n"]
    steps, groups = sync["trainer"]["total_training_steps"], sync["data"]["train_batch_size"]
    assert found["rollout"]["total_rollout_steps"] == steps * groups
    assert "v1" not in found["trainer"]


def test_launch_stops_where_the_judge_does_not_judge(tmp_path: Path) -> None:
    render(a_config(), many(40), tmp_path, "http://127.0.0.1:9")
    run = subprocess.run(["bash", str(tmp_path / "launch.sh")], capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1
    assert "the judge server does not work" in run.stderr


def test_rows_have_verls_form(tmp_path: Path) -> None:
    problems = many(40)
    write_data(*in_halves(problems, 0.3), tmp_path, form="full", tests=SplitSettings())
    train, test = rows(tmp_path / "train.parquet"), rows(tmp_path / "test.parquet")
    assert Counter(row["extra_info"]["problem"] for row in [*train, *test]) == Counter(p.id for p in problems)
    by_id = {problem.id: problem for problem in problems}
    for half, part in (("train", train), ("test", test)):
        assert part
        for index, row in enumerate(part):
            problem = by_id[row["extra_info"]["problem"]]
            assert list(row) == ["data_source", "prompt", "ability", "reward_model", "extra_info"]
            assert row["prompt"] == [{"role": "user", "content": ENVIRONMENTS["induction"].render(problem)}]
            assert row["reward_model"]["style"] == "rule"
            assert (row["extra_info"]["index"], row["extra_info"]["split"]) == (index, half)
            assert row["extra_info"]["chain"] == "chain_1"
            assert row["extra_info"]["band"] == "easy"
    features = [{tuple(row["extra_info"]["features"]) for row in part} for part in (train, test)]
    assert not features[0] & features[1]


def test_what_is_held_back_is_never_rewarded(tmp_path: Path) -> None:
    problems = many(40)
    tests = SplitSettings(hold_back=0.4, most_tests=2, seed=5)
    write_data(*in_halves(problems, 0.3), tmp_path, form="brief", tests=tests)
    by_id = {problem.id: problem for problem in problems}
    for row in rows(tmp_path / "train.parquet"):
        truth = json.loads(row["reward_model"]["ground_truth"])
        split = split_tests(by_id[row["extra_info"]["problem"]], tests)
        for name, wanted in (("tests", split.rewarded), ("held_back", split.held_back)):
            assert truth[name] == [{"input": test.input, "output": test.output} for test in wanted]
        assert len(truth["tests"]) == 2
        assert truth["held_back"]
        assert not {test["input"] for test in truth["tests"]} & {test["input"] for test in truth["held_back"]}
    for row in rows(tmp_path / "test.parquet"):
        truth = json.loads(row["reward_model"]["ground_truth"])
        assert truth["held_back"] == []
        problem = by_id[row["extra_info"]["problem"]]
        assert len(truth["tests"]) == len(problem.tests) - len(
            problem.examples
        )  # what the statement shows is not asked


def test_every_environment_becomes_a_row(tmp_path: Path) -> None:
    write_data(*in_halves([*PROBLEMS.values(), *many(20)], 0.2), tmp_path, form="full", tests=SplitSettings())
    found = [row for name in ("train", "test") for row in rows(tmp_path / f"{name}.parquet")]
    assert {row["data_source"] for row in found} == {f"stepsmith/{name}" for name in ENVIRONMENTS}
    for row in found:
        truth = json.loads(row["reward_model"]["ground_truth"])
        assert set(truth) == {"environment", "case", "tests", "held_back", "signature", "returns"}
        assert truth["tests"]
        assert ("code" in truth["case"]) == (truth["environment"] in ("abduction", "fuzzing"))  # never an answer


def test_the_order_is_the_curriculums() -> None:
    problems = many(90, rates=(0.9, 0.5, 0.2))  # easy, medium, hard in turn
    config = a_config(curriculum="classic", steps=40, groups=10)
    places = order(config, problems)
    assert places is not None
    batches = [Counter(place % 3 for place in places[k : k + 10]) for k in range(0, 400, 10)]
    assert all(batch == {0: 10} for batch in batches[:10])
    assert sum(batches[10:15], Counter()) == {0: 38, 1: 12} or sum(batches[10:15], Counter()) == {0: 37, 1: 13}
    assert all(batch == {1: 10} for batch in batches[15:25])
    assert all(batch == {2: 10} for batch in batches[30:])


def test_an_ordered_folder_says_so(tmp_path: Path) -> None:
    config = a_config(curriculum="hard", steps=6, updates=2, warmup=5)
    render(config, many(60, rates=(0.9, 0.5, 0.2)), tmp_path, JUDGE)
    places = json.loads((tmp_path / "train.order.json").read_text())
    assert len(places) == 3 * 4  # generations of four groups
    assert max(places) < len(rows(tmp_path / "train.parquet"))
    found = configured(tmp_path)
    assert found["data"]["shuffle"] is False
    assert found["trainer"]["total_training_steps"] == 3
    assert found["actor_rollout_ref"]["actor"]["ppo_mini_batch_size"] == 2
    assert found["actor_rollout_ref"]["actor"]["optim"]["lr_warmup_steps"] == 3
    render(a_config(), many(60), tmp_path, JUDGE)  # shuffled: nothing of the order stays behind
    assert not (tmp_path / "train.order.json").exists()
    assert configured(tmp_path)["data"]["shuffle"] is True


def test_the_papers_settings_in_verls_terms(tmp_path: Path) -> None:
    paper_a = with_overrides(presets()["deep-dive"], {"rl": {"steps": 4, "curriculum": "easy-only"}})
    render(paper_a, many(60), tmp_path / "a", JUDGE)
    found = configured(tmp_path / "a")
    actor, rollout = found["actor_rollout_ref"]["actor"], found["actor_rollout_ref"]["rollout"]
    assert found["algorithm"]["norm_adv_by_std_in_grpo"] is False
    assert (found["algorithm"]["use_kl_in_reward"], actor["use_kl_loss"], actor["kl_loss_coef"]) == (False, False, 0)
    assert (actor["clip_ratio_low"], actor["clip_ratio_high"], actor["loss_agg_mode"]) == (0.2, 0.28, "token-mean")
    assert rollout["agent"]["default_agent_loop"] == "stepsmith_masks_truncated"
    assert actor["optim"]["lr"] == 1e-6
    assert isinstance(actor["optim"]["lr"], float)  # not text, as YAML 1.1 reads 1e-06
    render(presets()["x-coder"], many(60), tmp_path / "b", JUDGE)
    found = configured(tmp_path / "b")
    kwargs = found["reward"]["custom_reward_function"]["reward_kwargs"]
    assert (kwargs["reward"], kwargs["judge_url"]) == ("x-coder", "${oc.env:STEPSMITH_JUDGE_URL}")
    assert (found["data"]["train_batch_size"], found["actor_rollout_ref"]["rollout"]["n"]) == (128, 8)
    assert found["algorithm"]["norm_adv_by_std_in_grpo"] is True
    assert found["trainer"]["total_training_steps"] == 938
    assert found["trainer"]["test_freq"] == 938


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"model": {"path": ""}}, "model.path is empty"),
        ({"rl": {"scale_rewards": "batch"}}, "scale_rewards"),
        ({"rl": {"schedule": "linear"}}, "linear"),
        ({"rl": {"updates": 8}}, "must divide rl.groups 4"),
        ({"rl": {"teacher": {"every": 5}}}, "rl.teacher"),
        ({"rl": {"initial_samples": 8}}, "initial_samples"),
        ({"rl": {"random_reward": True}}, "random_reward"),
        ({"rl": {"curriculum": "learnability"}}, "learnability.*which verl does not report"),
        ({"rl": {"mix": {"review": 0.1}}}, "review 0.1"),
        ({"rl": {"mix": {"real": 0.5}}}, "none of"),
        ({"data": {"held_out": 0.0}}, "none is held out"),
        ({"data": {"held_out": 1.0}}, "none is left to train on"),
    ],
)
def test_what_verl_cannot_do_is_refused_before_anything_is_written(
    changes: dict[str, object], said: str, tmp_path: Path
) -> None:
    config = with_overrides(a_config(group_size=8), changes)
    with pytest.raises(ConfigError, match=said):
        render(config, many(40), tmp_path / "run", JUDGE)
    assert not (tmp_path / "run").exists()


def test_a_run_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").mkdir()
    with pytest.raises(RunFolderError, match="checkpoints"):
        render(a_config(), many(40), tmp_path, JUDGE)


@pytest.mark.parametrize("name", ["deep-dive", "x-coder"])
def test_every_value_of_the_papers_presets_has_its_source(name: str) -> None:
    text = files("stepsmith.train").joinpath("presets", f"{name}.toml").read_text("utf-8")
    values = [line for line in text.splitlines() if re.match(r"\w+ = ", line) and not line.startswith("about")]
    assert len(values) > 40
    for line in values:
        assert re.search(r"  # .*(paper|release|our choice|PPO|likewise|the bands)", line), line
