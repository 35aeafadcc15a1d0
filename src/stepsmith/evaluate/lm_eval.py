"""Results in the form of lm-eval (EleutherAI/lm-evaluation-harness 0.4.13), for tools that collect its files.

The file is what ``EvaluationTracker.save_results_aggregated`` writes: ``results`` by task with "METRIC,FILTER" and
"METRIC_stderr,FILTER". The filter is the extraction rule, as it is there.
"""

import json
from pathlib import Path

from stepsmith.evaluate.evaluation import Evaluation


def lm_eval_results(evaluation: Evaluation) -> dict[str, object]:
    """Return an evaluation as the content of an lm-eval results file. Shares are from 0 to 1."""
    conditions, figures = evaluation.conditions, evaluation.metrics.all
    task = conditions.benchmark
    chosen = conditions.extraction
    values: dict[str, object] = {"alias": task, "sample_len": figures.problems}
    higher = {}
    for k, value in figures.pass_at_k.items():
        values[f"pass@{k},{chosen}"] = value
        values[f"pass@{k}_stderr,{chosen}"] = figures.standard_error if k == "1" else "N/A"
        higher[f"pass@{k}"] = True
    known = {} if conditions.release == "unknown" else {"release": conditions.release}
    return {
        "results": {task: values},
        "group_subtasks": {task: []},
        "configs": {
            task: {
                "task": task,
                "dataset_path": conditions.title,
                "output_type": "generate_until",
                "generation_kwargs": conditions.sampling,
                "filter_list": [{"name": chosen}],
                "metadata": {**known, "window": conditions.window, "data_sha256": conditions.data_sha256},
            }
        },
        "versions": {task: conditions.release},
        "n-shot": {task: 0},
        "higher_is_better": {task: higher},
        "n-samples": {task: {"original": conditions.problems, "effective": figures.problems}},
        "config": {"model": conditions.model, "model_args": {}, "gen_kwargs": conditions.sampling, "limit": None},
        "git_hash": None,
        "date": conditions.date,
        "model_source": "stepsmith",
        "model_name": conditions.model,
        "task_hashes": {task: conditions.problems_id},
        "stepsmith": {"limits": conditions.limits, "rules": conditions.rules, "isolation": conditions.isolation},
    }


def write_lm_eval_results(path: Path, evaluation: Evaluation) -> None:
    """Write an evaluation as an lm-eval results file."""
    path.write_text(json.dumps(lm_eval_results(evaluation), indent=2) + "\n", "utf-8")
