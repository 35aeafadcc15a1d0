"""LiveCodeBench's harness, in lighteval's copy, over our rows; with a checkout, its own constructor, too."""

import importlib.util
import json
import sys
from pathlib import Path

from common import arguments, write

folder, replies, out, _ = arguments()
harness_file, checkout = sys.argv[5:7]


def loaded(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


harness = loaded("harness", harness_file)
rows = [
    json.loads(line)
    for half in ("train", "test")
    if (folder / f"{half}.jsonl").exists()
    for line in (folder / f"{half}.jsonl").read_text().splitlines()
]
if checkout:
    own = loaded("code_generation", Path(checkout) / "lcb_runner/benchmarks/code_generation.py")
    samples = {row["question_id"]: own.CodeGenerationProblem(**row).get_evaluation_sample() for row in rows}
else:
    samples = {}
    for row in rows:
        tests = json.loads(row["public_test_cases"]) + json.loads(row["private_test_cases"])
        known = {
            "inputs": [t["input"] for t in tests],
            "outputs": [t["output"] for t in tests],
            "fn_name": json.loads(row["metadata"]).get("func_name"),
        }
        samples[row["question_id"]] = {"input_output": json.dumps(known)}
rewards = {}
for reply in replies:
    if reply["problem"] in samples:
        code = harness.extract_code(reply["reply"])
        results = harness.check_correctness(samples[reply["problem"]], code, timeout=6) if code else [False]
        rewards[reply["id"]] = float(all(result is True or result == 1 for result in results) and bool(results))
write(out, rewards, {}, "LiveCodeBench's constructor" if checkout else "lighteval's copy alone")
