"""TRL: two steps of GRPOTrainer over our rows with scripted replies, and the baseline of its advantages.

The judge is in this process. Faults: "killed" ends its worker processes now and then, "slow" delays it, "overloaded"
makes a third of its answers IE, "failing" every answer to a quarter of the programs.
"""

import itertools
import os
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

from common import arguments, groups, write
from datasets import load_dataset
from faults import doomed
from tests.train.small_runs import a_policy
from trl import GRPOConfig, GRPOTrainer

import stepsmith as st
from stepsmith.core.records import Judgement, Verdict

folder, replies, out, _ = arguments()
fault = sys.argv[5]
problems = st.load_problems(folder)
scripts = {problem: [reply for reply in replies if reply["problem"] == problem] for problem in groups(replies)}
SIZE = max(map(len, scripts.values()))  # of a group; a shorter one begins again


class FaultyJudge:
    """The real judge, with a fault."""

    def __init__(self, judge: st.JudgePool) -> None:
        self._judge, self._count, self._lock = judge, itertools.count(), threading.Lock()
        self.isolation = judge.isolation

    def judge(self, solution, contract, tests, **options):
        with self._lock:
            number = next(self._count)
        if fault == "slow":
            injected.append(number)
            time.sleep(0.2)
        if fault == "killed" and number % 20 == 5:
            for listed in Path("/proc/self/task").glob("*/children"):  # this process's own children, by thread
                for child in listed.read_text().split():
                    os.kill(int(child), signal.SIGKILL)
                    injected.append(child)
        if (fault == "overloaded" and number % 3 == 0) or (fault == "failing" and doomed(solution.code.encode())):
            injected.append(number)
            return Judgement(verdict=Verdict.IE, isolation=self.isolation)
        return self._judge.judge(solution, contract, tests, **options)

    def execute(self, *given):
        return self._judge.execute(*given)

    def agree(self, *given):
        return self._judge.agree(*given)


class Watched(GRPOTrainer):
    """Keeps what the trainer makes of the rewards."""

    def _generate_and_score_completions(self, inputs):
        output = super()._generate_and_score_completions(inputs)
        seen.append(([one["problem_id"] for one in inputs], output["advantages"].tolist(), list(given)))
        return output


seen, given, injected = [], [], []
data = load_dataset(str(folder), "rl", split="train+test", cache_dir=tempfile.mkdtemp())
data = data.select([*range(len(scripts)), 0][: 2 * ((len(scripts) + 1) // 2)])  # two whole steps
data = data.map(lambda row: {"prompt": [{"role": "user", "content": row["problem_id"][:20]}]})  # the policy is tiny
policy = a_policy(problems)
settings = GRPOConfig(
    output_dir=tempfile.mkdtemp(), max_steps=2, per_device_train_batch_size=SIZE,
    gradient_accumulation_steps=(len(scripts) + 1) // 2, num_generations=SIZE,
    max_completion_length=4, use_cpu=True, bf16=False, report_to=[], save_strategy="no",
    gradient_checkpointing=False, scale_rewards="none", shuffle_dataset=False, disable_tqdm=True,
)  # fmt: skip
with st.JudgePool(2) as pool, st.reward_function(problems, hold_back=0, judge=FaultyJudge(pool)) as reward:

    def scripted(problem_id, **_):
        place = {name: itertools.cycle(scripts[name]) for name in set(problem_id)}
        chosen = [next(place[name]) for name in problem_id]
        given[:] = [
            (one["id"], score)
            for one, score in zip(chosen, reward([one["reply"] for one in chosen], problem_id), strict=True)
        ]
        return [score for _, score in given]

    Watched(
        model=policy.model, reward_funcs=scripted, args=settings, train_dataset=data, processing_class=policy.tokenizer
    ).train()
rewards, means, members = {}, {}, {}
for ids, advantages, scored in seen:
    before = set(members)  # of a problem that came twice, the first group counts
    for problem, advantage, (name, score) in zip(ids, advantages, scored, strict=True):
        if problem in before:
            continue
        rewards[name] = score
        members.setdefault(problem, []).append(name)
        if score is None:
            assert advantage == 0.0, (name, advantage)
        else:
            means.setdefault(problem, score - advantage)
missing = {reply["id"] for reply in replies} - set(rewards)
assert not missing, missing
write(
    out,
    rewards,
    {problem: means.get(problem) for problem in scripts},
    "reward − TRL's advantage",
    members,
    len(injected),
)
