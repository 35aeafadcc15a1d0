"""Where the time of a GRPO step of the small model goes, and what TRL adds to the bare work.

    stepsmith train sft micro --out runs/sft
    python benchmarks/trainer.py --model runs/sft/model

The same prompts go through TRL's trainer and, interleaved, through the bare work: generating, the judge, one
forward and backward pass with the same loss and an optimiser step.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import msgspec
import torch

from stepsmith.curriculum import Sampler, item_of, load_curriculum
from stepsmith.judge.pool import JudgePool
from stepsmith.scoring.scorer import Scorer, ScoringRequest
from stepsmith.scoring.tests import split_tests
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.train.policy import Policy
from stepsmith.train.rl import RlTrainer, layout_of, train_rl
from stepsmith.train.running import quiet_libraries
from stepsmith.train.settings import load_training, with_overrides


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a policy trained by `stepsmith train sft micro`")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6, help="steps per round")
    arguments = parser.parse_args()
    quiet_libraries()
    config = with_overrides(
        load_training("micro"),
        {
            "stage": "rl",
            "model": {"path": arguments.model},
            "rl": {
                "steps": arguments.steps,
                "exercises": {"count": 400},
                "initial_samples": 0,
                "curriculum": "shuffled",
            },
            "runtime": {"log_every": 1, "checkpoint_every": 10_000},
        },
    )
    problems = list(exercises(msgspec.structs.replace(config.rl.exercises or ExerciseSettings(), distinct=True)))
    rows = []
    workers = len(os.sched_getaffinity(0))
    with JudgePool(workers) as judge, Scorer(judge, config.rl.rewards, workers=workers) as scorer:
        for number in range(arguments.rounds):
            trl, generating, judging = through_trl(config, problems, scorer, number)
            bare = bare_work(config, problems, scorer, number)
            rows.append((trl, generating, judging, bare))
            print(
                f"round {number + 1}: TRL {trl:.2f} s a step (generate {generating:.2f}, judge {judging:.2f}), "
                f"bare {bare:.2f} s, ratio {trl / bare:.2f}",
                flush=True,
            )
    trl, generating, judging, bare = (statistics.median(row[column] for row in rows) for column in range(4))
    ratio = statistics.median(row[0] / row[3] for row in rows)
    rest = trl - generating - judging
    print(f"\n| | seconds per step, median of {arguments.rounds} rounds |\n|---|---|")
    print(f"| TRL's step | {trl:.2f} |\n| of it generating | {generating:.2f} |\n| of it judging | {judging:.2f} |")
    print(f"| of it forward, backward, optimiser, bookkeeping | {rest:.2f} |")
    print(f"| the bare work | {bare:.2f} |\n| ratio, median | {ratio:.2f} |")


def through_trl(config, problems, scorer, seed) -> tuple[float, float, float]:
    policy = Policy.open(config.model)
    config = with_overrides(config, {"seed": seed})
    with tempfile.TemporaryDirectory() as folder:
        layout = layout_of(config, Path(folder))
        sampler = Sampler([item_of(p) for p in problems], load_curriculum("shuffled"), layout, seed=seed)
        trainer = RlTrainer(policy, problems, sampler, scorer, config, Path(folder), [])
        started = time.perf_counter()
        train_rl(trainer, policy, None)
        steps = config.rl.steps
        return (
            (time.perf_counter() - started) / steps,
            trainer.statistics.generate_s / steps,
            trainer.statistics.judge_s / steps,
        )


def bare_work(config, problems, scorer, seed) -> float:
    policy, rl = Policy.open(config.model), config.rl
    layout = layout_of(config, Path("unused"))
    sampler = iter(Sampler([item_of(p) for p in problems], load_curriculum("shuffled"), layout, seed=seed))
    known = {problem.id: problem for problem in problems}
    optimizer = torch.optim.AdamW(policy.model.parameters(), lr=rl.learning_rate)
    torch.manual_seed(seed)
    started = time.perf_counter()
    for _ in range(rl.steps):
        batch = [known[next(sampler)] for _ in range(layout.batch_length)]
        asked = [policy.encode(policy.prompt(problem)) for problem in batch]
        policy.model.eval()
        with torch.inference_mode():
            replies = policy._generate(asked, rl.temperature, rl.max_completion_length)
        scored = scorer.score_batch(
            [
                ScoringRequest(problem, reply, split_tests(problem, rl.tests))
                for problem, reply in zip(batch, replies, strict=True)
            ]
        )
        rewards = torch.tensor([one.reward or 0.0 for one in scored]).view(-1, rl.group_size)
        advantages = (rewards - rewards.mean(1, keepdim=True)).flatten()
        heard = [row for row in range(len(batch)) if advantages[row] or not row]
        policy.model.train()
        loss_of(policy, [asked[r] for r in heard], [replies[r].text for r in heard], advantages[heard]).backward()
        torch.nn.utils.clip_grad_norm_(policy.model.parameters(), rl.max_grad_norm)
        optimizer.step()
        optimizer.zero_grad()
    return (time.perf_counter() - started) / rl.steps


def loss_of(policy, asked, texts, advantages) -> torch.Tensor:
    written = [policy.tokenizer(text)["input_ids"] + [policy.tokenizer.eos_token_id] for text in texts]
    whole = [prompt + reply for prompt, reply in zip(asked, written, strict=True)]
    width = max(map(len, whole))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in whole])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in whole])
    scored = torch.zeros_like(ids, dtype=torch.float32)
    for row, (prompt, full) in enumerate(zip(asked, whole, strict=True)):
        scored[row, len(prompt) : len(full)] = 1.0
    logits = policy.model(input_ids=ids, attention_mask=mask).logits[:, :-1]
    log_probs = torch.log_softmax(logits, -1).gather(-1, ids[:, 1:, None])[..., 0]
    return -(log_probs * advantages[:, None] * scored[:, 1:]).sum() / scored.sum()


if __name__ == "__main__":
    main()
