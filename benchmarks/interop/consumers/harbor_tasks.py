"""Harbor: its own models of a task, and each task's `tests/test.sh` outside of a container."""

import json
import subprocess
import sys
import tempfile
import typing
from pathlib import Path

from common import arguments, in_threads, write

if not hasattr(typing, "override"):  # Python 3.12 has it; Harbor asks for that
    typing.override = lambda method: method
from harbor.models.task.task import Task

folder, replies, out, _ = arguments()
tasks = {}
for path in folder.glob("*/*/task.toml"):
    task = Task(path.parent)
    tasks[task.config.metadata["problem"]] = path.parent


def judged(reply):
    with tempfile.TemporaryDirectory() as place:
        answer = Path(place, "answer")
        answer.write_text(reply["reply"])
        words = ["--answer", answer, "--logs", Path(place, "logs"), "--same-user"]
        subprocess.run([sys.executable, tasks[reply["problem"]] / "tests" / "grade.py", *words], check=True)
        return json.loads(Path(place, "logs", "reward.json").read_text())["reward"]


wanted = [reply for reply in replies if reply["problem"] in tasks]
write(out, in_threads(judged, wanted), {}, f"{len(tasks)} tasks read by harbor.models.task.Task")
