"""A plain reward that is sound: a new interpreter for each test, in a folder of its own, whole outputs compared."""

import json
import re
import subprocess
import sys
import tempfile

CALL = """
import json, sys
_given = json.loads(sys.stdin.read())
print("\\n" + json.dumps({entry}(*_given)))
"""


def extract(text):
    text = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)
    blocks = re.findall(r"```(?:python|py|python3)?[ \t]*\r?\n(.*?)```", text, re.DOTALL)
    return blocks[-1] if blocks else None


def run(code, given, timeout=5.0):
    """The output of a program, or None if it fails."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-S", "-c", code.replace("\0", "")], input=given, capture_output=True, text=True,
                timeout=timeout, cwd=folder, env={},
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
    return done.stdout if done.returncode == 0 else None


def passes(code, tests, timeout=3.0):
    truth = json.loads(tests)
    if not truth["inputs"] or len(truth["inputs"]) != len(truth["outputs"]):
        raise ValueError("no tests")
    for given, wanted in zip(truth["inputs"], truth["outputs"], strict=True):
        if truth.get("fn_name"):
            out = run(code + CALL.replace("{entry}", truth["fn_name"]), json.dumps(given), timeout)
            try:
                if out is None or json.loads(out.strip().splitlines()[-1]) != wanted:
                    return False
            except (ValueError, IndexError):
                return False
        else:
            out = run(code, given, timeout)
            if out is None or out.strip() != wanted.strip():
                return False
    return True


def text_of(completion):
    return completion if isinstance(completion, str) else completion[-1]["content"]


def reward(completions, ground_truth, **columns):
    rewards = []
    for completion, tests in zip(completions, ground_truth, strict=True):
        code = extract(text_of(completion))
        rewards.append(float(code is not None and passes(code, tests)))
    return rewards
