"""TRL's asynchronous rollouts with our data, rewards and judge, as far as a processor goes.

TRL's own worker runs in its own process, asks a generation server for completions, and scores each group there while
the next ones are generated. Here a small server stands in for vLLM: it "generates" golden and wrong programs after a
pause. Checked are the rewards, the advantages, the policy version of every sample, and that generation did not wait for
the judge. Not run: the optimiser (its attention needs a GPU) and the transfer of weights (NCCL).

    python benchmarks/async_grpo.py --problems runs/micro --groups 12
"""

import argparse
import http.server
import json
import threading
import time
from collections import Counter
from pathlib import Path

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
    tokenizer, problems: list[st.Problem], times: list[tuple[float, float]]
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
            choice = {
                "token_ids": [*ids, tokenizer.eos_token_id],
                "logprobs": {"token_logprobs": [-1.0] * (len(ids) + 1)},
            }
            body = json.dumps({"choices": [choice]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)


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
    options = parser.parse_args()
    problems = [one for one in st.load_problems(options.problems) if one.environment == "induction"]
    texts = [st.render_prompt(one, brief=True) + one.golden.code for one in problems]
    config = load_training("micro")
    tokenizer = Policy.from_scratch(config.model, PromptFormat(prompt="brief"), texts, 0).tokenizer
    tokenizer.chat_template = qwen3_chat_template  # TRL parses answers of chat templates that it knows
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
