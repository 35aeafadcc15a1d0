"""The tables of a study: means and intervals over seeds, paired differences, and the number of seeds of each."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from stepsmith.core.power_law import power_law
from stepsmith.core.stats import holm, mean_of, paired
from stepsmith.pipeline.studies.definition import Fit, Study
from stepsmith.store.study_results import ArmResult, ArmRow, Comparison, FitTable, MetricTable, Summary

DIGITS = 4  # of the values that are fitted and printed


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
        fits=tuple(_fits(study, seeds, results)),
    )


def _fits(study: Study, seeds: Sequence[int], results: Sequence[ArmResult]) -> Iterator[FitTable]:
    """Yield the power laws: of losses as they are, and of pass rates as the share that is not solved.

    Values are rounded as the table prints them, so that a fit to the printed table gives the same exponents.
    """
    for fit in study.fits:
        for metric in study.metrics:
            group, _, share = metric.partition(":")
            if share not in ("", "loss"):
                continue
            values = {seed: _by_size(fit, metric, share == "loss", seed, results) for seed in seeds}
            values = {seed: found for seed, found in values.items() if found}
            law = power_law(list(values.values()))
            if law:
                what = "loss" if share else f"1 - pass@1, {group}"
                yield FitTable(size=fit.name, metric=metric, what=what, values=values, law=law)


def _by_size(fit: Fit, metric: str, loss: bool, seed: int, results: Sequence[ArmResult]) -> dict[float, float]:
    found: dict[float, float] = {}
    for result in results:
        if result.seed != seed:
            continue
        if result.arm in fit.arms and metric in result.values:
            found[fit.arms[result.arm]] = result.values[metric]
        if result.arm == fit.curve and metric in ("all", "all:loss"):
            points = result.loss_curve if loss else result.curve
            found |= {float(step): value for step, value in points if step}
    return {size: round(value if loss else 1 - value, DIGITS) for size, value in sorted(found.items())}


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
