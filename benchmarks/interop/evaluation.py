"""A benchmark in inspect_ai and in lm-eval: the same score as ours. ``evaluation.py``; environments as in ``run.py``.

The benchmark is the awkward problems of ``benchmarks/agreement`` as rows of LiveCodeBench, with one reply for each. It
is scored by ``stepsmith eval score``, and by the task of ``stepsmith eval task`` in inspect_ai with a model that
replays the replies. lm-eval reads the score's results file. Exits with 1 where a verdict or a figure differs.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from environments import python_of

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "agreement"))
from awkward import CASES, PROBLEMS  # noqa: E402

TABLE = "import json, sys; from lm_eval.utils import make_table; print(make_table(json.load(open(sys.argv[1]))))"


def row(name, problem):
    kind = "functional" if "fn_name" in problem else "stdin"
    tests = [
        {"input": given, "output": output, "testtype": kind}
        for given, output in zip(problem["inputs"], problem["outputs"], strict=True)
    ]
    return {
        "question_id": name, "question_content": f"Question {name}.", "contest_date": "2025-02-01T00:00:00",
        "starter_code": f"class Solution:\n    def {problem['fn_name']}(self):" if problem.get("class") else "",
        "public_test_cases": json.dumps(tests[:1]), "private_test_cases": json.dumps(tests[1:]),
        "metadata": json.dumps({"func_name": problem["fn_name"]} if kind == "functional" else {}),
    }  # fmt: skip


def write(path, rows):
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))


def main():
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        write(place / "test.jsonl", [row(name, problem) for name, problem in PROBLEMS.items()])
        replies = {problem: reply for _, problem, reply in reversed(CASES)}
        write(place / "replies.jsonl", [{"task_id": task, "reply": reply} for task, reply in replies.items()])
        eval_ = [sys.executable, "-m", "stepsmith", "eval"]
        data = ["--benchmark", "livecodebench", "--data", place / "test.jsonl"]
        for words in (
            ["score", "--samples", place / "replies.jsonl", "--out", place / "ours", *data],
            ["task", "--out", place / "task", *data],
            ["convert", place / "ours", "--to", "lm-eval-results", "--out", place / "results.json"],
        ):
            subprocess.run([*eval_, *words], check=True, capture_output=True)
        scored = map(json.loads, (place / "ours" / "scored.jsonl").open())
        ours = {one["task_id"]: one["outcome"] == "passed" for one in scored}
        script = HERE / "consumers" / "inspect_replay.py"
        words = [python_of("inspect"), script, place / "task", place / "replies.jsonl", place / "theirs.json"]
        subprocess.run(words, check=True)
        theirs = json.loads((place / "theirs.json").read_text())
        unlike = [task for task, solved in ours.items() if theirs["solved"][task] != solved]
        share = sum(ours.values()) / len(ours)
        alike = len(ours) - len(unlike)
        print(f"inspect_ai: {alike} of {len(ours)} verdicts alike; {theirs['accuracy']:.4f}, ours {share:.4f}")
        words = [python_of("lm-eval"), "-c", TABLE, place / "results.json"]
        table = subprocess.run(words, check=True, capture_output=True)
        print(table.stdout.decode())
        if unlike or abs(theirs["accuracy"] - share) > 1e-12 or f"{share:.4f}" not in table.stdout.decode():
            sys.exit(f"differences: {unlike}")


if __name__ == "__main__":
    main()
