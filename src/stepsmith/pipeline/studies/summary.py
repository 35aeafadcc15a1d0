"""The tables of a study: means and intervals over seeds, paired differences, and the number of seeds of each."""

from collections.abc import Mapping, Sequence

import msgspec

from stepsmith.core.stats import holm, mean_of, paired
from stepsmith.pipeline.studies.definition import Study
from stepsmith.store.study_results import ArmResult, ArmRow, Comparison, MetricTable, Summary


def summarize(
    study: Study, seeds: Sequence[int], arms: Sequence[str], results: Sequence[ArmResult], failures: Mapping[str, str]
) -> Summary:
    """Compute the tables from the results that are finished so far."""
    found = {(result.arm, result.seed): result.values for result in results}
    metrics = {}
    for name in study.metrics:
        values = {arm: {s: found[arm, s][name] for s in seeds if name in found.get((arm, s), {})} for arm in arms}
        rows = [
            ArmRow(arm=arm, values=own, mean=mean_of(list(own.values())) if own else None)
            for arm, own in values.items()
        ]
        if any(values.values()):
            metrics[name] = MetricTable(rows=tuple(rows), comparisons=tuple(_comparisons(study, values)))
    return Summary(
        name=study.name,
        question=study.question,
        source=study.source,
        reading=study.reading,
        seeds=tuple(seeds),
        arms={arm: study.arms[arm].about for arm in arms},
        metrics=metrics,
        results=tuple(results),
        failures=dict(failures),
    )


def _comparisons(study: Study, values: Mapping[str, Mapping[int, float]]) -> list[Comparison]:
    found = []
    for arm, against in study.compared():
        own, base = values.get(arm, {}), values.get(against, {})
        both = [seed for seed in own if seed in base]
        if both:
            test = paired([own[seed] for seed in both], [base[seed] for seed in both])
            found.append(Comparison(arm=arm, against=against, paired=test))
    tested = [k for k, comparison in enumerate(found) if comparison.paired.p is not None]
    adjusted = holm([found[k].paired.p or 0.0 for k in tested])
    for k, p in zip(tested, adjusted, strict=True):
        found[k] = msgspec.structs.replace(found[k], adjusted_p=p)
    return found
