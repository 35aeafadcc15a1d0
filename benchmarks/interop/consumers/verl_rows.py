"""verl: its loader of reward functions, our reward file over our rows, and its GRPO baseline over what has a reward."""

import asyncio
import inspect

import numpy as np
import pyarrow.parquet as pq
import torch
from common import arguments, groups, in_threads, write
from omegaconf import OmegaConf
from verl.trainer.ppo.core_algos import compute_grpo_outcome_advantage
from verl.trainer.ppo.reward import get_custom_reward_fn

folder, replies, out, judge_url = arguments()
kwargs = {"judge_url": judge_url, "held_back": False}
custom = {"path": str(folder / "reward.py"), "name": "compute_score", "reward_kwargs": kwargs}
score = get_custom_reward_fn(OmegaConf.create({"reward": {"custom_reward_function": custom}}))
rows = {
    row["extra_info"]["problem"]: row
    for half in ("train", "test")
    for row in pq.read_table(folder / f"{half}.parquet").to_pylist()
}


def judged(reply):
    row = rows[reply["problem"]]
    given = {"data_source": row["data_source"], "solution_str": reply["reply"], "extra_info": row["extra_info"]}
    try:
        scored = score(ground_truth=row["reward_model"]["ground_truth"], **given)
        if inspect.isawaitable(scored):
            scored = asyncio.run(scored)
    except Exception as error:
        if type(error).__name__ not in ("JudgeError", "LeftOutError"):
            raise
        return None  # verl's agent loop drops a reply whose reward function raises: benchmarks/verl_dry_run.py
    return scored["score"]


rewards = in_threads(judged, replies)
kept = [reply for reply in replies if rewards[reply["id"]] is not None]
values = torch.tensor([[rewards[reply["id"]]] for reply in kept])
index = np.array([reply["problem"] for reply in kept])
advantages, _ = compute_grpo_outcome_advantage(values, torch.ones_like(values), index, norm_adv_by_std_in_grpo=False)
baseline = {
    reply["id"]: float(value - advantage)
    for reply, value, advantage in zip(kept, values[:, 0], advantages[:, 0], strict=True)
}
means = {
    problem: next((baseline[name] for name in names if name in baseline), None)
    for problem, names in groups(replies).items()
}
write(out, rewards, means, "value − verl's advantage")
