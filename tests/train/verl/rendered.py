"""Rendered folders, and their reward function as verl loads it: from the file."""

import importlib.util
from pathlib import Path
from types import ModuleType

import msgspec
import pyarrow.parquet as pq

from stepsmith.core.records import FeatureUse, Problem
from stepsmith.core.stats import pass_rate
from stepsmith.scoring.tests import SplitSettings
from stepsmith.train.settings import TrainConfig, presets, with_overrides
from stepsmith.train.verl.rows import ground_truth
from stepsmith.train.verl.standalone import standalone
from tests.records import a_problem


def load_reward(folder: Path) -> ModuleType:
    """The reward function of a folder; it is put there if need be."""
    path = folder / "reward.py"
    if not path.exists():
        path.write_text(standalone("stepsmith.train.verl.reward"))
    spec = importlib.util.spec_from_file_location("rendered_reward", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(path: Path) -> list[dict]:
    return pq.read_table(path).to_pylist()


def truth(problem: Problem, settings: SplitSettings | None = None) -> str:
    """The ground truth of a problem's row."""
    return msgspec.json.encode(ground_truth(problem, settings or SplitSettings())).decode()


def many(count: int, rates: tuple[float, ...] = (0.9,)) -> list[Problem]:
    """Problems of two features each, no composition twice, with these pass rates in turn."""
    return [
        a_problem(
            title=f"Problem {k}",
            statement=f"Return what number {k} asks for.",
            features=(FeatureUse(name=f"first {k}", category="array"), FeatureUse(name="second", category="array")),
            pass_rate=pass_rate(round(32 * rates[k % len(rates)]), 32),
        )
        for k in range(count)
    ]


def a_config(**rl: object) -> TrainConfig:
    """The x-coder preset, small."""
    changes = {"steps": 8, "groups": 4, "group_size": 2, "micro_batch": None, **rl}
    return with_overrides(presets()["x-coder"], {"data": {"held_out": 0.2}, "rl": changes})
