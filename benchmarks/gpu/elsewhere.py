"""Score a trained model with lm-eval: ``python benchmarks/gpu/elsewhere.py OUT`` writes a task into OUT/lm-eval.

OUT is the folder of ``study.py``. The task has the functions of CRUXEval asked as deduction, with the study's prompts.
lm-eval 0.4.13 loads OUT/ARM/training/model itself, samples, and compares texts by its own filters, so nothing of ours
judges. The command is printed. ``--compare SAMPLES``, the samples_*.jsonl that lm-eval logged, sets its replies and its
verdicts beside ours. ``lm_eval_replay.py`` gives lm-eval the replies that were sampled before instead.
"""

import argparse
import json
from pathlib import Path

import yaml

from stepsmith.benchmarks.data import load_benchmark
from stepsmith.evaluate.library import find_benchmark
from stepsmith.store.folder_lock import write_whole

NAME = "stepsmith_cruxeval_deduction"
TASK = {
    "task": NAME,
    "dataset_path": "json",
    "test_split": "test",
    "output_type": "generate_until",
    "doc_to_text": "{{prompt}}",
    "doc_to_target": "{{answer}}",
    "generation_kwargs": {"do_sample": False, "max_gen_toks": 192, "until": ["<|im_end|>"]},
    "filter_list": [
        {
            "name": "last-block",  # the last complete code block, which is how the prompt asks for an answer
            "filter": [
                {"function": "regex", "regex_pattern": r"```(?:python)?\s*\n(.*)\n```", "group_select": -1},
                {"function": "take_first"},
            ],
        }
    ],
    "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    "metadata": {"version": 1},
}


def compared(ours: Path, logged: Path) -> str:
    """Return how many replies are equal, and how many each side counts as right."""
    replies = {row["task_id"]: row["reply"].strip() for row in map(json.loads, (ours / "samples.jsonl").open())}
    right = {row["task_id"]: row["outcome"] == "passed" for row in map(json.loads, (ours / "scored.jsonl").open())}
    theirs = {row["doc"]["task_id"]: row for row in map(json.loads, logged.open())}
    equal = sum(row["resps"][0][0].strip() == replies[task] for task, row in theirs.items())
    counts = f"lm-eval counts {sum(bool(row['exact_match']) for row in theirs.values())} as right"
    return f"{len(theirs)} functions: {equal} replies are equal; {counts}, we {sum(right[task] for task in theirs)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="folder of study.py")
    parser.add_argument("--arm", default="sft", help="whose model the printed command scores")
    parser.add_argument("--compare", type=Path, metavar="SAMPLES", help="samples that lm-eval logged, of this arm")
    words = parser.parse_args()
    if words.compare:
        print(compared(words.out / words.arm / "cruxeval-o-deduction", words.compare))
        return
    asked = [
        json.loads(line)["task_id"]
        for line in (words.out / words.arm / "cruxeval-o-deduction" / "samples.jsonl").open()
    ]
    found = load_benchmark(find_benchmark("data-set"), words.out / "cruxeval-o-deduction").problems
    by_id = {problem.task_id: problem for problem in found}
    rows = [{"task_id": name, "prompt": by_id[name].prompt, "answer": by_id[name].tests[0].output} for name in asked]
    folder = words.out / "lm-eval"
    folder.mkdir(exist_ok=True)
    file = (folder / "problems.jsonl").resolve()
    write_whole(file, "".join(json.dumps(row) + "\n" for row in rows).encode())
    task = TASK | {"dataset_kwargs": {"data_files": {"test": str(file)}}}
    write_whole(folder / f"{NAME}.yaml", yaml.safe_dump(task, sort_keys=False).encode())
    model = (words.out / words.arm / "training" / "model").resolve()
    print(f"{len(rows)} functions in {file}; score them with lm-eval 0.4.13:")
    print(
        f"lm_eval run --model hf --model_args pretrained={model},dtype=bfloat16 --include_path {folder.resolve()} "
        f"--tasks {NAME} --apply_chat_template --log_samples --output_path {folder.resolve() / words.arm}"
    )
    print("on a CPU: dtype=float32 instead, with --device cpu --batch_size 12 --limit 48")


if __name__ == "__main__":
    main()
