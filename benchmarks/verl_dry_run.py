"""A rendered folder against the real verl, as far as a machine without a GPU goes: all but generation and optimisation.

Run by hand with the Python of an environment that has verl 0.9.1 and a CPU build of torch; Stepsmith need not be in it:

    stepsmith judge serve --port 8005 &
    stepsmith train rl x-coder --backend verl --render-only --out FOLDER ...
    stepsmith export PROBLEMS --to trl --out PAIRS --held-out-share ... # golden answers, as the replies of a policy
    /path/to/verl/bin/python benchmarks/verl_dry_run.py FOLDER PAIRS --judge http://127.0.0.1:8005

In order: verl composes and validates the configuration; its data set and loader read the rows, in the order of the
curriculum; its agent-loop worker, reward workers, transfer queue and replay buffer (its default, V1) take scripted
replies (right, wrong, cut off, without code, and some that the judge fails on) to a batch; its GRPO advantage and
policy loss are computed on that batch and compared with the formulas. Prints a line for each, and exits with 1 at the
first that is wrong.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

GROUPS = 4


def tiny_model(folder: Path, texts: list[str]) -> None:
    """A tokenizer with a chat template, learnt from the prompts, and the configuration of a model nobody runs."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<|pad|>", eos_token="<|im_end|>")
    fast.chat_template = (
        "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
        "{% endfor %}"
        "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
    )
    fast.save_pretrained(folder)
    small = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    LlamaConfig(vocab_size=len(fast), architectures=["LlamaForCausalLM"], **small).save_pretrained(folder)


def composed(folder: Path, model: Path, longest: int):
    """verl's configuration with the rendered file over it, as its ``main_ppo`` would have it, checked by verl."""
    from hydra import compose, initialize_config_dir
    from verl.utils.config import omega_conf_to_dataclass, validate_config

    overrides = [
        "trainer.nnodes=1",
        "trainer.n_gpus_per_node=2",
        f"actor_rollout_ref.model.path={model}",
        f"data.max_response_length={longest}",
        f"data.max_prompt_length={4 * longest}",
        f"actor_rollout_ref.rollout.max_model_len={5 * longest}",
        f"data.train_batch_size={GROUPS}",
        f"actor_rollout_ref.actor.ppo_mini_batch_size={GROUPS}",
        "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu=1",
        "reward.num_workers=2",
        "data.dataloader_num_workers=0",
        "+reward.custom_reward_function.reward_kwargs.attempts=1",
    ]
    with initialize_config_dir(str(folder), version_base=None):
        config = compose("grpo", overrides=overrides)
    from verl.experimental.reward_loop import migrate_legacy_reward_impl

    config = migrate_legacy_reward_impl(config)
    validate_config(config, use_reference_policy=config.actor_rollout_ref.actor.use_kl_loss, use_critic=False)
    for part in ("actor_rollout_ref.actor", "actor_rollout_ref.rollout", "algorithm"):
        node = config
        for key in part.split("."):
            node = node[key]
        omega_conf_to_dataclass(node)
    return config


class ScriptedPolicy:
    """Answers prompts with the next of the replies that were laid out for them; stands in for the inference server."""

    def __init__(self, script: dict[str, list[list[int]]]) -> None:
        self.script = script

    async def generate(self, *, prompt_ids, **_):
        from verl.workers.rollout.replica import TokenOutput

        ids = self.script[str(list(prompt_ids))].pop(0)
        return TokenOutput(token_ids=ids, log_probs=[-1.0] * len(ids), stop_reason="completed")


def expect(what: str, condition: bool, detail: object = "") -> None:
    print(f"{'ok  ' if condition else 'WRONG'} {what} {detail}", flush=True)
    if not condition:
        sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("pairs", type=Path)
    parser.add_argument("--judge", default="http://127.0.0.1:8005")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    os.environ |= {"STEPSMITH_FOLDER": str(folder), "STEPSMITH_JUDGE_URL": arguments.judge, "PYTHONPATH": path}
    os.environ |= {
        "HYDRA_FULL_ERROR": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "RAY_DEDUP_LOGS": "0",
    }
    sys.path.insert(0, str(folder))
    with tempfile.TemporaryDirectory() as model:
        os.environ["HF_DATASETS_CACHE"] = f"{model}/datasets"
        run(folder, arguments.pairs, Path(model))


def run(folder: Path, pairs: Path, model: Path) -> None:
    import datasets
    import numpy as np
    import ray
    import torch
    import transfer_queue as tq
    import verl
    from omegaconf import OmegaConf
    from tensordict import TensorDict
    from torchdata.stateful_dataloader import StatefulDataLoader
    from verl.trainer.ppo.utils import create_rl_dataset, create_rl_sampler
    from verl.utils import hf_tokenizer
    from verl.utils.dataset.rl_dataset import collate_fn
    from verl.utils.tensordict_utils import get_tensordict

    print(f"verl {verl.__version__}, torch {torch.__version__}, ray {ray.__version__}, datasets {datasets.__version__}")
    lines = [
        json.loads(line)
        for name in ("train", "test")
        for line in (pairs / "sft" / f"{name}.jsonl").read_text().splitlines()
    ]
    golden = {line["problem_id"]: line["completion"][0]["content"] for line in lines}
    tiny_model(model, [line["prompt"][0]["content"] for line in lines] + list(golden.values()))
    tokenizer = hf_tokenizer(str(model))
    longest = max(len(tokenizer.encode(text)) for text in golden.values()) + 8
    config = composed(folder, model, longest)
    expect("verl composes and validates the configuration", True)

    # The data set and its order.
    train = create_rl_dataset(config.data.train_files, config.data, tokenizer, None)
    test = create_rl_dataset(config.data.val_files, config.data, tokenizer, None, is_train=False)
    loader = StatefulDataLoader(
        train, batch_size=GROUPS, drop_last=True, collate_fn=collate_fn, sampler=create_rl_sampler(config.data, train)
    )
    batches = list(loader)
    expect("verl's data set and loader read the rows", len(train) > 0 < len(test), f"{len(train)} + {len(test)}")
    order = folder / "train.order.json"
    if order.exists():
        seen = [extra["index"] for batch in batches for extra in batch["extra_info"]]
        wanted = json.loads(order.read_text())
        expect("in the order of the curriculum", seen == wanted[: len(seen)], f"{len(seen)} rows")

    # Replies to the first batch: per group one right, then what can go wrong.
    batch = batches[0]
    n = config.actor_rollout_ref.rollout.n
    script: dict[str, list[list[int]]] = {}
    wanted_kinds: dict[str, list[str]] = {}
    kinds = ["right", "wrong", "no code", "cut off", "right", "unjudged"]
    end = tokenizer.eos_token_id
    uids = [f"uid{k}" for k in range(GROUPS)]
    for group in range(GROUPS):
        problem = batch["extra_info"][group]["problem"]
        reply = tokenizer.encode(golden[problem], add_special_tokens=False)
        filler = (reply * (longest // len(reply) + 1))[:longest]
        texts = {
            "right": [*reply, end],
            "wrong": [*tokenizer.encode("```python\n0\n```\n", add_special_tokens=False), end],
            "no code": [*tokenizer.encode("I do not know.", add_special_tokens=False), end],
            "cut off": filler,
            "unjudged": [*tokenizer.encode(f"```python\n# unjudged {group}\n```\n"), end],
        }
        laid = [kinds[k % len(kinds)] for k in range(n)] if group else ["unjudged"] * n  # the first group: all of them
        prompt = tokenizer.apply_chat_template(list(batch["raw_prompt"][group]), add_generation_prompt=True)
        prompt = prompt["input_ids"] if not isinstance(prompt, list) else prompt
        script[str(list(prompt))] = [texts[kind] for kind in laid]
        wanted_kinds[uids[group]] = laid

    # A judge that fails on some: the reward function's own server, told apart by what is sent.
    failing = model / "failing.py"
    failing.write_text(
        (folder / "reward.py").read_text().partition('if __name__ == "__main__":')[0]
        + "\n\n_post = Server.post\n\n\ndef _sometimes(self, path, content):\n"
        "    if '# unjudged' in content['cases'][0].get('code', ''):\n"
        "        return {'results': [{'verdict': 'IE', 'tests': [], 'compile_output': 'on purpose'}]}\n"
        "    return _post(self, path, content)\n\n\nServer.post = _sometimes\n"
    )
    config.reward.custom_reward_function.path = str(failing)

    from verl.experimental.agent_loop.agent_loop import AgentLoopWorker  # noqa: F401 - registers its loops
    from verl.experimental.reward_loop import RewardLoopWorker
    from verl.trainer.ppo.v1.agent_loop_tq import AgentLoopWorkerTQ
    from verl.trainer.ppo.v1.replay_buffer import ReplayBuffer

    runtime = OmegaConf.to_container(config.ray_kwargs.ray_init.runtime_env, resolve=True)
    ray.init(num_cpus=4, runtime_env={"env_vars": runtime["env_vars"]}, log_to_driver=False, include_dashboard=False)
    try:
        config.transfer_queue.backend.SimpleStorage.num_data_storage_units = 1
        config.transfer_queue.enable = True
        OmegaConf.resolve(config)
        tq.init(config.transfer_queue)
        rewarders = [ray.remote(RewardLoopWorker).options(num_cpus=0.1).remote(config) for _ in range(2)]
        worker = AgentLoopWorkerTQ.options(num_cpus=0.1).remote(
            config, ScriptedPolicy(script), reward_loop_worker_handles=rewarders
        )
        tags = [{"is_prompt": True, "status": "pending", "global_steps": 1} for _ in uids]
        tq.kv_batch_put(keys=uids, partition_id="train", tags=tags)
        fields = {key: value for key, value in batch.items() if isinstance(value, np.ndarray)}
        prompts: TensorDict = get_tensordict({**fields, "uid": np.array(uids, dtype=object)}, {"global_steps": 1})
        ray.get(worker.generate_sequences.remote(prompts))
        buffer = ReplayBuffer("sync", config.trainer, 8, "drop", {}, poll_interval=0.2)
        sampled, _ = buffer.sample(global_steps=1, partition_id="train", batch_size=GROUPS)
        check_batch(config, sampled, wanted_kinds)

        # A judge that is gone: every reply is left out, and verl ends the run instead of training on nothing.
        gone = ["gone0"]
        script_gone = {key: [[*tokenizer.encode("```python\n# unjudged\n```\n"), end]] * n for key in script}
        worker = AgentLoopWorkerTQ.options(num_cpus=0.1).remote(
            config, ScriptedPolicy(script_gone), reward_loop_worker_handles=rewarders
        )
        tq.kv_batch_put(keys=gone, partition_id="train", tags=tags[:1])
        one = {key: value[1:2] for key, value in fields.items()}
        ray.get(
            worker.generate_sequences.remote(
                get_tensordict({**one, "uid": np.array(gone, dtype=object)}, {"global_steps": 1})
            )
        )
        try:
            buffer.sample(global_steps=1, partition_id="train", batch_size=1)
            expect("a step without any reward ends the run", False)
        except RuntimeError as error:
            expect(
                "a step without any reward ends the run:",
                "no materializable trajectories" in str(error),
                str(error)[:70],
            )
    finally:
        ray.shutdown()


def check_batch(config, sampled, wanted_kinds: dict[str, list[str]]) -> None:
    """Rewards on the right replies, unjudged ones out, cut-off ones masked; then verl's advantage and loss."""
    import numpy as np
    import torch
    import transfer_queue as tq
    from verl.trainer.ppo.core_algos import get_adv_estimator_fn, get_policy_loss_fn
    from verl.utils.config import omega_conf_to_dataclass

    kwargs = config.reward.custom_reward_function.reward_kwargs
    worth = {"binary": {"right": 1.0}, "x-coder": {"right": 5.0, "no code": -2.0, "cut off": -2.0}}[kwargs.reward]
    data = tq.kv_batch_get(keys=sampled.keys, partition_id="train")
    found = {}
    extras = {}
    for row, key in enumerate(sampled.keys):
        uid, session, _ = key.split("_")
        found[uid, int(session)] = float(data["rm_scores"][row].sum())
        extra = getattr(data["extra_fields"][row], "data", data["extra_fields"][row])
        extras[uid, int(session)] = extra["reward_extra_info"]
    kept = {(uid, k): kind for uid, laid in wanted_kinds.items() for k, kind in enumerate(laid) if kind != "unjudged"}
    expect(
        "replies without a judgement are left out, alone",
        set(found) == set(kept),
        f"{len(found)} of {sum(map(len, wanted_kinds.values()))} are in the batch",
    )
    wrong = {place: (found[place], kind) for place, kind in kept.items() if found[place] != worth.get(kind, 0.0)}
    expect(f"every reward ({kwargs.reward}) is on its reply", not wrong, wrong or dict(Counter(kept.values())))
    told = Counter(
        "cut off" if extra["truncated"] else "no code" if extra["no_answer"] else "answer" for extra in extras.values()
    )
    expect("cut off and no code are told apart", told["cut off"] == Counter(kept.values())["cut off"], dict(told))

    mask = data["response_mask"].to_padded_tensor(padding=0)
    masked = config.actor_rollout_ref.rollout.agent.default_agent_loop == "stepsmith_masks_truncated"
    for row, key in enumerate(sampled.keys):
        uid, session, _ = key.split("_")
        cut = kept[uid, int(session)] == "cut off"
        if bool(mask[row].any()) == (cut and masked):
            expect("cut-off replies are out of the loss", False, key)
    expect(f"cut-off replies are {'out of' if masked else 'in'} the loss", True)

    scores = data["rm_scores"].to_padded_tensor(padding=0.0)
    index = np.array([key.split("_")[0] for key in sampled.keys], dtype=object)
    advantages, _ = get_adv_estimator_fn("grpo")(
        token_level_rewards=scores.clone(),
        response_mask=mask,
        index=index,
        norm_adv_by_std_in_grpo=config.algorithm.norm_adv_by_std_in_grpo,
        config=config.algorithm,
    )
    totals = scores.sum(-1)
    for row in range(len(index)):
        group = totals[torch.from_numpy(index == index[row])]
        hand = totals[row] - group.mean()
        if config.algorithm.norm_adv_by_std_in_grpo:
            hand = hand / (group.std() + 1e-6)
        if not torch.allclose(advantages[row], hand * mask[row], atol=1e-5):
            expect("verl's advantage is the formula's", False, (advantages[row][:3], hand))
    expect(
        "verl's advantage is reward - mean" + (" over std" if config.algorithm.norm_adv_by_std_in_grpo else ""), True
    )

    actor = omega_conf_to_dataclass(config.actor_rollout_ref.actor)
    generator = torch.Generator().manual_seed(0)
    old = -torch.rand(mask.shape, generator=generator)
    new = old + 0.8 * (torch.rand(mask.shape, generator=generator) - 0.5)
    loss, _ = get_policy_loss_fn(actor.policy_loss.loss_mode)(
        old_log_prob=old, log_prob=new, advantages=advantages, response_mask=mask,
        loss_agg_mode=actor.loss_agg_mode, config=actor,
    )  # fmt: skip
    ratio = torch.exp(new - old)
    clipped = torch.clamp(ratio, 1 - actor.clip_ratio_low, 1 + actor.clip_ratio_high)
    terms = torch.maximum(-advantages * ratio, -advantages * clipped)  # no ratio here is beyond the dual clip
    hand = (terms * mask).sum() / mask.sum()
    if actor.loss_agg_mode == "token-mean" and actor.policy_loss.loss_mode == "vanilla":
        expect("verl's loss is clip-higher over all tokens", torch.allclose(loss, hand, atol=1e-6), f"{loss:.6f}")


if __name__ == "__main__":
    asyncio.set_event_loop(asyncio.new_event_loop())
    main()
