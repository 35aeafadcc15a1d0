"""The metrics of an arm, read from the folders of its finished stages."""

from collections.abc import Callable, Sequence
from pathlib import Path

from stepsmith.core.errors import ConfigError
from stepsmith.pipeline.studies.definition import Study
from stepsmith.pipeline.studies.plan import Task
from stepsmith.store.json_lines import read_lines
from stepsmith.store.manifest import Manifest, read_manifest
from stepsmith.store.study_results import ArmResult
from stepsmith.store.training_log import EVAL_RESULTS, EvalResult, read_training

# The metrics of a synthesis. None: not applicable, because no model was called.
YIELDS: dict[str, Callable[[Manifest], float | None]] = {
    "kept": lambda m: float(m.counts.accepted),
    "proposed": lambda m: float(m.counts.proposed),
    "kept per proposed": lambda m: m.counts.accepted / max(1, m.counts.proposed),
    "kept per judged program": lambda m: m.counts.accepted / max(1, m.counts.judged_programs),
    "kept per execution": lambda m: m.counts.accepted / max(1, m.counts.executions),
    "kept per 1000 tokens": lambda m: 1000 * m.counts.accepted / m.spend.tokens if m.spend and m.spend.tokens else None,
}


def result_of(study: Study, arm: str, seed: int, path: Sequence[Task], stages: Path) -> ArmResult:
    """Return the result of an arm and seed.

    ``path`` holds the arm's stages in the order they ran, all finished; ``stages`` is the folder that holds their
    folders. Raises ``ConfigError`` when a metric does not exist or nothing was evaluated.
    """
    last = stages / path[-1].name
    folders: dict[str, str] = {task.stage: task.name for task in path}
    if path[-1].stage == "synth":
        return ArmResult(arm=arm, seed=seed, values=_yields(study, read_manifest(last)), stages=folders)
    manifests = {task.stage: read_training(stages / task.name) for task in path}
    evaluations = sorted(read_lines(last / EVAL_RESULTS, EvalResult), key=lambda record: record.step)
    if not evaluations:
        raise ConfigError(f"{last} evaluated nothing; set eval.exercises, or give problems to hold out")
    values = {name: _score(evaluations[-1], name) for name in study.metrics}
    first = study.metrics[0]
    if values[first] is None:
        groups = ", ".join(evaluations[-1].groups)
        raise ConfigError(f"study {study.name}: there is no metric {first!r}; the evaluated groups are {groups}")
    curve = {record.step: _score(record, first) for record in evaluations}
    losses = {record.step: _score(record, "all:loss") for record in evaluations}
    return ArmResult(
        arm=arm,
        seed=seed,
        values={name: value for name, value in values.items() if value is not None},
        stages=folders,
        steps={stage: manifest.steps for stage, manifest in manifests.items()},
        seconds={stage: manifest.seconds for stage, manifest in manifests.items()},
        curve=tuple((step, value) for step, value in curve.items() if value is not None),
        loss_curve=tuple((step, value) for step, value in losses.items() if value is not None),
    )


def _yields(study: Study, manifest: Manifest) -> dict[str, float]:
    unknown = [name for name in study.metrics if name not in YIELDS]
    if unknown:
        raise ConfigError(f"study {study.name}: there is no metric {unknown[0]!r}; choose from {', '.join(YIELDS)}")
    found = {name: YIELDS[name](manifest) for name in study.metrics}
    return {name: value for name, value in found.items() if value is not None}


def _score(evaluation: EvalResult, metric: str) -> float | None:
    """Return GROUP, GROUP@K or GROUP:SHARE of an evaluation; None if it has no such group."""
    group, _, share = metric.partition(":")
    group, _, k = group.partition("@")
    score = evaluation.groups.get(group)
    if score is None or not score.problems:
        return None
    if share:
        return {"truncated": score.truncated, "no_answer": score.no_answer, "loss": score.loss}.get(share)
    return score.pass_at_k.get(k) if k else score.pass_at_1
