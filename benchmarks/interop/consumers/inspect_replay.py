"""Run a task of ``stepsmith eval task`` in inspect_ai with replies: ``inspect_replay.py TASK REPLIES OUT``.

REPLIES has {task_id, reply} on each line, one for each problem. Writes {"accuracy": a, "solved": {task_id: bool}}.
"""

import contextlib
import json
import sys
from pathlib import Path

from inspect_ai import eval as inspect_eval
from inspect_ai.model import ModelOutput, ModelUsage, get_model


def rows(path):
    return map(json.loads, path.read_text().splitlines())


def main(folder, replies, out):
    prompts = {
        row["prompt"]: row["id"] for row in map(json.loads, Path(folder, "problems.jsonl").read_text().splitlines())
    }
    given = {row["task_id"]: row["reply"] for row in map(json.loads, Path(replies).read_text().splitlines())}

    def replay(messages, *_):
        output = ModelOutput.from_content("mockllm/model", given[prompts[messages[-1].text]])
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)  # else it downloads a tokenizer
        return output

    model = get_model("mockllm/model", custom_outputs=replay)
    with contextlib.chdir(folder):  # it wants a relative path
        (log,) = inspect_eval("task.py", model=model, log_dir="logs", display="none")
    if log.status != "success":
        sys.exit(str(log.error))
    solved = {sample.id: sample.scores["stepsmith_verdict"].value == "C" for sample in log.samples}
    accuracy = log.results.scores[0].metrics["accuracy"].value
    Path(out).write_text(json.dumps({"accuracy": accuracy, "solved": solved}))


if __name__ == "__main__":
    main(*sys.argv[1:])
