"""Training in several processes, as a launcher starts them: here two, on the CPU."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import msgspec
import torch
from safetensors.torch import load_file

from stepsmith.core.records import Problem
from stepsmith.pipeline.training import train
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.store.json_lines import read_lines
from stepsmith.store.training_log import EvalResult, Step, read_training
from stepsmith.train.settings import TrainConfig, with_overrides
from tests.train.small_runs import Seen, a_policy, rl_config, some_problems

WORKER = """
import json, os, sys
from pathlib import Path
import msgspec
import stepsmith.pipeline.training_run as conductor
from stepsmith.pipeline.training import train
from stepsmith.train.rl import RlTrainer
from stepsmith.train.settings import TrainConfig
from tests.train.small_runs import ByRule, Seen, by_hash

class Here(ByRule):
    made = []
    def __init__(self, *_, **__):
        super().__init__(by_hash)
        Here.made.append(self)

conductor.Scorer = Here
trainers = []
begin = RlTrainer.__init__
def remembered(self, *arguments, **named):
    begin(self, *arguments, **named)
    trainers.append(self)
RlTrainer.__init__ = remembered
seen = Seen()
for config, folder in zip(sys.argv[1::2], sys.argv[2::2]):
    train(msgspec.json.decode(config, type=TrainConfig), Path(folder), seen)
(trainer,) = trainers
found = {
    "weights": trainer._policy.fingerprint(),
    "sampler": trainer.sampler.state_dict(),
    "replies": [len(batch) for batch in Here.made[-1].batches],
    "told": len(seen.steps),
}
Path(f"{folder}-{os.environ['RANK']}.json").write_text(json.dumps(found))
"""


def test_two_processes_train_one_policy(tmp_path: Path) -> None:
    """SFT ends where one process does. In RL each answers half of a generation; weights and what the curriculum knows
    are the same; one writes it down.
    """
    problems: list[Problem] = some_problems()
    a_policy(problems).save(tmp_path / "model")
    write_rows(tmp_path / "problems.parquet", PROBLEM_SCHEMA, map(problem_row, problems))
    top: dict[str, object] = {
        "model": {"path": str(tmp_path / "model")},
        "data": {"problems": [str(tmp_path / "problems.parquet")]},
        "eval": {"problems": 0, "exercises": {"count": 2, "steps": {"1": 1.0}}},
    }
    config = with_overrides(rl_config(top, curriculum="learnability", initial_samples=2), {"data": {"held_out": 0.1}})
    lessons = {"steps": 3, "batch": 4, "warmup": 0, "learning_rate": 0.01}
    sft = with_overrides(config, {"stage": "sft", "sft": lessons, "eval": {"exercises": None}})
    worker, folder = tmp_path / "worker.py", tmp_path / "run"
    worker.write_text(WORKER)
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [*launch, str(worker), *as_words(sft, tmp_path / "sft"), *as_words(config, folder)],
        cwd=root,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, second = (json.loads(Path(f"{folder}-{rank}.json").read_text()) for rank in (0, 1))
    assert first["weights"] == second["weights"] != a_policy(problems).fingerprint()
    assert first["sampler"] == second["sampler"]
    assert (first["told"], second["told"]) == (3 + 4, 0)
    run = read_training(folder)
    measured, rated = run.held_out, 2 * run.problems
    assert first["replies"] == [measured, rated, 4, 4, 4, 4, measured]  # and half of each generation
    assert second["replies"] == [4, 4, 4, 4]
    steps = read_lines(folder / "metrics.jsonl", Step)
    assert [sum(tally.attempts for tally in step.by_length.values()) for step in steps] == [8] * 4
    assert len(list(read_lines(folder / "eval_results.jsonl", EvalResult))) == 2
    train(sft, tmp_path / "alone", Seen())
    together, alone = (load_file(tmp_path / name / "model" / "model.safetensors") for name in ("sft", "alone"))
    assert together.keys() == alone.keys()
    for name, weight in alone.items():
        torch.testing.assert_close(together[name], weight, rtol=0, atol=1e-4)


def as_words(config: TrainConfig, folder: Path) -> tuple[str, str]:
    return msgspec.json.encode(config).decode(), str(folder)
