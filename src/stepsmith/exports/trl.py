"""For TRL: prompts for ``GRPOTrainer``, prompts and golden answers for ``SFTTrainer``, problems for the reward."""

from pathlib import Path

from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS
from stepsmith.exports.bundle import Bundle
from stepsmith.exports.jsonl import write_lines
from stepsmith.scoring.trl_reward import training_rows
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from stepsmith.store.runfolder import PROBLEMS

DATA_FILES = {
    name: {half: f"{name}/{half}.jsonl" for half in ("train", "test")} for name in ("rl", "sft")
}  # the first is the default
USAGE = """\
```python
import stepsmith as st
from datasets import load_dataset
from trl import GRPOConfig, GRPOTrainer

rows = load_dataset("FOLDER", "rl", split="train")
with st.reward_function(st.load_problems("FOLDER")) as reward:  # opens a judge; None if it could not judge
    GRPOTrainer("MODEL", reward_funcs=reward, train_dataset=rows, args=GRPOConfig("out")).train()
```

`load_dataset("FOLDER", "sft")` has the prompts with golden answers, as `SFTTrainer` takes them.
"""


def refuses(_problem: Problem) -> str | None:
    """Return None: the reward function judges every environment, with any checker."""
    return None


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``rl/`` and ``sft/`` by half, and ``problems.parquet`` for the reward function."""
    brief = bundle.settings.form == "brief"
    for kind in DATA_FILES:
        (folder / kind).mkdir()
    for name, part in bundle.halves:
        rows = training_rows(part, brief=brief)
        write_lines(folder / "rl" / f"{name}.jsonl", rows)
        pairs = ({**row, "completion": _answer(problem)} for row, problem in zip(rows, part, strict=True))
        write_lines(folder / "sft" / f"{name}.jsonl", pairs)
    write_rows(folder / PROBLEMS, PROBLEM_SCHEMA, map(problem_row, bundle.problems))


def _answer(problem: Problem) -> list[dict[str, str]]:
    environment = ENVIRONMENTS[problem.environment]
    return [{"role": "assistant", "content": environment.write(environment.golden(problem))}]
