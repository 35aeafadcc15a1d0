"""TRL's asynchronous GRPO with our data, rewards and judge, as far as a processor goes.

TRL's own worker runs in its own process, asks a generation server for completions, and scores each group there while
the next ones are generated. Here a small server stands in for vLLM: it "generates" golden and wrong programs after a
pause. Checked are the rewards, the advantages, the policy version of every sample, and that generation did not wait for
the judge.

With `--steps`, TRL's trainer makes so many optimiser steps on a tiny model. Two parts are replaced: FlashAttention 3 by
the same attention in plain PyTorch, and the transfer of weights over NCCL by a copy in memory. The server then gives
each completion the log-probabilities of the weights that it was sent. Not run: vLLM, NCCL, more than one process.

    python benchmarks/async_grpo.py --problems runs/micro --groups 12
    python benchmarks/async_grpo.py --problems runs/micro --steps 8
"""

import argparse
import contextlib
import http.server
import json
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import stepsmith as st
from stepsmith.curriculum import Layout, Sampler, item_of
from stepsmith.curriculum.library import load_curriculum

PAUSE_S = 0.3  # of one completion


def rows_in_order(problems: list[st.Problem], groups: int) -> list[dict[str, object]]:
    """Return a row for each group, in the order in which a curriculum draws problems; TRL reads them as they come."""
    by_id = {problem.id: problem for problem in problems}
    layout = Layout(groups=1, group_size=1, batches=groups)
    sampler = Sampler([item_of(problem) for problem in problems], load_curriculum("shuffled"), layout, seed=0)
    return st.training_rows([by_id[one] for one in sampler], brief=True)


def generator(
    tokenizer,
    problems: list[st.Problem],
    times: list[tuple[float, float]],
    log_probs: Callable[[Sequence[int], Sequence[int]], list[float]] = lambda _, ids: [-1.0] * len(ids),
) -> http.server.ThreadingHTTPServer:
    """Return a server with vLLM's completion endpoint: every other completion is the golden program."""
    golden = {st.render_prompt(problem, brief=True): problem.golden.code for problem in problems}
    count = iter(range(10**9))

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            began = time.time()
            time.sleep(PAUSE_S)
            times.append((began, time.time()))
            prompt = tokenizer.decode(asked["prompt"])
            code = next((code for text, code in golden.items() if text.strip() in prompt), "pass")
            number = next(count)
            ids = tokenizer.encode(f"```python\n{code if number % 2 else 'pass'}\n# {number}\n```")
            ids.append(tokenizer.eos_token_id)
            choice = {"token_ids": ids, "logprobs": {"token_logprobs": log_probs(asked["prompt"], ids)}}
            body = json.dumps({"choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):  # the worker has ended
                self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


class ServedWeights:
    """The generation server's copy of a model, and TRL's way to replace it (its ``WeightTransferProtocol``)."""

    def __init__(self, model) -> None:
        self.model = model
        self.received = 0
        self._lock = threading.Lock()

    def log_probs(self, prompt: Sequence[int], ids: Sequence[int]) -> list[float]:
        """Return the log-probability of each token of a completion."""
        import torch

        with self._lock, torch.no_grad():
            logits = self.model(torch.tensor([[*prompt, *ids]])).logits[0, len(prompt) - 1 : -1]
        return logits.log_softmax(-1).gather(1, torch.tensor(ids)[:, None])[:, 0].tolist()

    def init_weight_transfer(self) -> None:
        """Do nothing: it is a copy in memory."""

    def pause(self) -> None:
        """Answer nothing while weights are replaced."""
        self._lock.acquire()

    def send_weights(self, iterator: Iterator[tuple[str, object]]) -> None:
        """Take the weights of the trainer."""
        own = dict(self.model.named_parameters())
        for name, tensor in iterator:
            own[name].data.copy_(tensor)
        self.received += 1

    def resume(self) -> None:
        """Answer again."""
        self._lock.release()

    def destroy(self) -> None:
        """Do nothing."""


def varlen_attention(query, key, value, ends_q, ends_k, _max_q, _max_k, *, softmax_scale, causal, window_size):
    """``flash_attn_varlen_func`` in plain PyTorch: each segment of queries ends where its keys end."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    assert causal
    assert window_size == (-1, -1)
    parts = []
    for (q, q_end), (k, k_end) in zip(pairwise(ends_q.tolist()), pairwise(ends_k.tolist()), strict=True):
        seen = torch.ones(q_end - q, k_end - k, dtype=torch.bool).tril((k_end - k) - (q_end - q))
        heads = (query[q:q_end].transpose(0, 1), key[k:k_end].transpose(0, 1), value[k:k_end].transpose(0, 1))
        part = scaled_dot_product_attention(*heads, attn_mask=seen, scale=softmax_scale, enable_gqa=True)
        parts.append(part.transpose(0, 1))
    return torch.cat(parts)


def optimise(policy, tokenizer, problems: list[st.Problem], groups: int, generations: int, steps: int) -> None:
    """Make optimiser steps with TRL's trainer, and print what it logged and how the programs' likelihood changed."""
    import torch
    from datasets import Dataset
    from transformers import AutoModelForCausalLM
    from trl.experimental.async_grpo import AsyncGRPOConfig, AsyncGRPOTrainer, async_grpo_trainer, packing

    async_grpo_trainer.get_peak_flops_per_device = lambda *_: None  # it would ask the GPU
    packing._flash_attn = lambda: SimpleNamespace(flash_attn_varlen_func=varlen_attention)
    with tempfile.TemporaryDirectory(prefix="async-grpo-") as name:
        policy.save_pretrained(name)
        tokenizer.save_pretrained(name)
        served = ServedWeights(AutoModelForCausalLM.from_pretrained(name))
        server = generator(tokenizer, problems, [], served.log_probs)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        trainer = AsyncGRPOTrainer(
            name,
            reward_funcs=st.reward_function(problems),
            train_dataset=Dataset.from_list(rows_in_order(problems, groups)),
            processing_class=tokenizer,
            weight_transfer=served,
            args=AsyncGRPOConfig(
                f"{name}/out", max_steps=steps, num_generations=generations, per_device_train_batch_size=generations,
                gradient_accumulation_steps=2, learning_rate=1e-3, token_budget=4096, max_completion_length=512,
                vllm_server_base_url=f"http://127.0.0.1:{server.server_address[1]}", use_cpu=True, bf16=False,
                dtype="float32", report_to="none", save_strategy="no", logging_steps=1, weight_sync_steps=1,
                gradient_checkpointing=False,
            ),
        )  # fmt: skip
        prompt = tokenizer.encode(st.render_prompt(problems[0], brief=True))
        answers = [tokenizer.encode(f"```python\n{code}\n```") for code in (problems[0].golden.code, "pass")]
        before = [sum(served.log_probs(prompt, ids)) / len(ids) for ids in answers]
        try:
            trainer.train()
        finally:
            server.shutdown()
        after = [sum(served.log_probs(prompt, ids)) / len(ids) for ids in answers]
        own = dict(trainer.model.named_parameters())
        same = all(torch.equal(tensor, own[name]) for name, tensor in served.model.named_parameters())
    for row in trainer.state.log_history:
        print("  ".join(f"{key} {value:.4g}" for key, value in row.items() if key in LOGGED), flush=True)
    (golden, wrong), (golden_after, wrong_after) = before, after
    print(f"{trainer.state.global_step} steps, {served.received} transfers; the server has the same weights: {same}")
    print(
        f"log-probability per token: golden {golden:.2f} to {golden_after:.2f}, wrong {wrong:.2f} to {wrong_after:.2f}"
    )


LOGGED = ("step", "loss", "grad_norm", "reward", "ratio", "sample/staleness_mean", "sample/staleness_max")


def main() -> None:
    from accelerate import PartialState
    from datasets import Dataset
    from trl.chat_template_utils import qwen3_chat_template
    from trl.experimental.async_grpo import async_rollout_worker

    from stepsmith.train.policy import Policy, PromptFormat
    from stepsmith.train.settings import load_training

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=Path, required=True)
    parser.add_argument("--groups", type=int, default=12)
    parser.add_argument("--generations", type=int, default=4)
    parser.add_argument("--steps", type=int, default=0, help="make so many optimiser steps instead")
    options = parser.parse_args()
    problems = [one for one in st.load_problems(options.problems) if one.environment == "induction"]
    texts = [st.render_prompt(one, brief=True) + one.golden.code for one in problems]
    config = load_training("micro")
    policy = Policy.from_scratch(config.model, PromptFormat(prompt="brief"), texts, 0)
    tokenizer = policy.tokenizer
    tokenizer.chat_template = qwen3_chat_template  # TRL parses answers of chat templates that it knows
    if options.steps:
        async_rollout_worker.is_vllm_available = lambda *_, **__: True  # our server answers in its place
        optimise(policy.model, tokenizer, problems, options.groups, options.generations, options.steps)
        return
    times: list[tuple[float, float]] = []
    server = generator(tokenizer, problems, times)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    PartialState()  # TRL's logger wants it; the trainer makes it otherwise
    async_rollout_worker.is_vllm_available = lambda *_, **__: True  # the server below answers in its place
    worker = async_rollout_worker.AsyncRolloutWorker(
        model_name="stand-in", dataset=Dataset.from_list(rows_in_order(problems, options.groups)),
        reward_funcs=[st.reward_function(problems)], processing_class=tokenizer, eos_token_ids=[tokenizer.eos_token_id],
        num_generations=options.generations, max_inflight_tasks=2 * options.generations, max_tokens=512,
        vllm_server_url=f"http://127.0.0.1:{server.server_address[1]}",
    )  # fmt: skip
    worker.start()
    samples, staleness = [], []
    try:
        for number in range(options.groups * options.generations):
            samples.append(worker.rollout_buffer.get(timeout=120))
            version = number // (4 * options.generations)  # a new policy every four groups
            worker.update_model_version(version)
            staleness.append(version - samples[-1].model_version)
    finally:
        worker.stop()
        server.shutdown()
    rewards = Counter(sample.metrics["reward"] for sample in samples)
    groups = Counter(sample.group_id for sample in samples)
    print(
        f"{len(samples)} samples in {len(groups)} groups; rewards {dict(rewards)}; staleness {dict(Counter(staleness))}"
    )
    print(f"advantages sum to {sum(sample.advantage for sample in samples):.6f}")
    busy = sum(end - begin for begin, end in times)
    span = max(end for _, end in times) - min(begin for begin, _ in times)
    print(
        f"{busy / span:.1f} completions were generated at once on average, over {span:.1f} s, while groups were judged"
    )


if __name__ == "__main__":
    main()
