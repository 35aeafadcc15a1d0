"""Let lm-eval judge replies that ``study.py`` sampled: ``python benchmarks/gpu/lm_eval_replay.py OUT [ARM ...]``.

For the Python of an environment with lm-eval 0.4.13 and its requirements; run ``elsewhere.py OUT`` first. Prints the
share that lm-eval counts as right, beside ours. lm-eval compares texts, ours compares values.
"""

import json
import sys
from pathlib import Path

from lm_eval import simple_evaluate
from lm_eval.api.model import LM
from lm_eval.tasks import TaskManager

NAME = "stepsmith_cruxeval_deduction"


class Replay(LM):
    """Answers each prompt with the recorded reply."""

    def __init__(self, replies):
        super().__init__()
        self.replies = replies

    def generate_until(self, requests, **_):
        return [self.replies[request.args[0].strip()] for request in requests]

    def loglikelihood(self, *_):
        raise TypeError("this model has recorded replies only; the task must be one that generates")

    loglikelihood_rolling = loglikelihood


def lines(path):
    return [json.loads(line) for line in path.open()]


def main():
    out = Path(sys.argv[1])
    prompts = {row["task_id"]: row["prompt"].strip() for row in lines(out / "lm-eval" / "problems.jsonl")}
    for arm in sys.argv[2:] or ["before", "sft", "shuffled", "raw-code", "rl"]:
        folder = out / arm / "cruxeval-o-deduction"
        replies = {prompts[row["task_id"]]: row["reply"] for row in lines(folder / "samples.jsonl")}
        scored = {row["task_id"]: row["outcome"] == "passed" for row in lines(folder / "scored.jsonl")}
        tasks = TaskManager(include_path=str(out / "lm-eval"))
        found = simple_evaluate(Replay(replies), tasks=[NAME], task_manager=tasks, bootstrap_iters=0)
        theirs = {one["doc"]["task_id"]: bool(one["exact_match"]) for one in found["samples"][NAME]}
        unlike = sum(theirs[task] != right for task, right in scored.items())
        print(f"{arm}: lm-eval {sum(theirs.values())}, ours {sum(scored.values())} of {len(scored)}; {unlike} differ")


if __name__ == "__main__":
    main()
