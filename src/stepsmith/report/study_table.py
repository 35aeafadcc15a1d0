"""The tables of a study as Markdown, and how numbers are written in them."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from stepsmith.core.stats import Mean, Paired
from stepsmith.store.study_results import ArmRow, Comparison, FitTable, Summary

FEW = 5  # with fewer seeds the table has a warning


def markdown(summary: Summary) -> str:
    """Return the tables as Markdown."""
    seeds = summary.seeds
    lines = [f"# Study: {summary.name}", "", summary.question, "", f"Source: {summary.source}", ""]
    lines += [f"Seeds: {', '.join(map(str, seeds))} (n = {len(seeds)} for each arm unless a row says otherwise)."]
    lines += [
        "Means over seeds with 95% intervals (Student's t). Differences are paired by seed, with 95% intervals and p of"
        " the paired t test; p (Holm) is adjusted for the number of comparisons in its table. Signs: number of seeds"
        " with a positive / a negative difference."
    ]
    if len(seeds) == 1:
        lines += ["With one seed there are no intervals and no p values: differences may be chance."]
    elif len(seeds) < FEW:
        lines += [
            f"With {len(seeds)} seeds only large effects can be told from chance: when all signs agree, a sign test "
            f"still gives p = {min(1.0, 2 * 0.5 ** len(seeds)):.3g}."
        ]
    if summary.reading:
        lines += ["", summary.reading]
    for name, metric in summary.metrics.items():
        title = title_of(summary, name)
        lines += ["", f"## {name}", "", *([f"{title}.", ""] if title != name else [])]
        lines += table_lines(("arm", "n", "mean [95%]", "by seed"), [_mean_cells(row) for row in metric.rows])
        if metric.comparisons:
            lines += [""]
            lines += table_lines(
                ("arm", "minus", "n", "difference [95%]", "p", "p (Holm)", "signs"),
                [_difference_cells(comparison) for comparison in metric.comparisons],
            )
    lines += _fits(summary)
    lines += ["", "## Arms", ""]
    lines += table_lines(("arm", "description", "n", "steps", "seconds"), costs(summary))
    lines += [
        "",
        "Steps and seconds are means over seeds. A stage that several arms share was run once and counts for each arm.",
    ]
    if summary.failures:
        lines += ["", "## Not finished", ""]
        lines += [f"- {what}: {' '.join(why.split())}" for what, why in summary.failures.items()]
    return "\n".join(lines) + "\n"


def _fits(summary: Summary) -> list[str]:
    """Return the tables of the power laws, and the values that they are fitted to."""
    if not summary.fits:
        return []
    lines = ["", "## Power laws", ""]
    lines += [
        "y = factor · size^exponent, fitted by least squares in logarithms to each seed; exponents are means over seeds"
        " with 95% intervals. Residuals are log(y / fit) of the geometric means over seeds, in the order of the sizes."
        " Bend: where two power laws that meet fit best, with their exponents. The fit chose its place, so the"
        " interval of the change is too narrow: if it includes 0 there is no bend, and if it excludes 0 that is a hint."
    ]
    head = ("size", "y", "n", "factor", "exponent [95%]", "residuals", "bend", "before", "after", "change [95%]")
    lines += ["", *table_lines(head, [_law_cells(fit) for fit in summary.fits]), "", "Values that were fitted:", ""]
    rows = [
        (fit.size, fit.what, str(seed), ", ".join(f"{size:g}: {value:.4f}" for size, value in values.items()))
        for fit in summary.fits
        for seed, values in fit.values.items()
    ]
    return lines + table_lines(("size", "y", "seed", "value by size"), rows)


def _law_cells(fit: FitTable) -> tuple[str, ...]:
    law = fit.law
    parts = (law.before, law.after, law.change)
    residuals = ", ".join(f"{value:+.2f}" for value in law.residuals.values())
    return (
        fit.size,
        fit.what,
        str(law.exponent.n),
        number(law.factor),
        interval_text(law.exponent, signed=True),
        residuals,
        f"{law.bend:g}" if law.bend else "–",
        *(interval_text(part, signed=True) if part else "–" for part in parts),
    )


def title_of(summary: Summary, metric: str) -> str:
    """Return what a metric is, in words; the metrics of a synthesis are words already."""
    if any("synth" in result.stages for result in summary.results):
        return metric
    group, _, share = metric.partition(":")
    group, _, k = group.partition("@")
    where = "all held-out problems" if group == "all" else f"held-out problems: {group}"
    shares = {
        "truncated": "share of completions cut off",
        "no_answer": "share of completions without an answer",
        "loss": "loss in nats per character of the golden completions",
    }
    return f"{shares.get(share, share) if share else f'pass@{k or 1}'}, {where}"


def number(value: float, *, signed: bool = False) -> str:
    """Format a number with three decimals, or with one from 10 on."""
    return f"{value:{'+' if signed else ''}.{1 if abs(value) >= 10 else 3}f}"


def interval_text(found: Mean | Paired, *, signed: bool = False) -> str:
    """Format a mean with its interval, if it has one."""
    mean = number(found.mean, signed=signed)
    if found.interval is None:
        return mean
    low, high = (number(end, signed=signed) for end in found.interval)
    return f"{mean} [{low}, {high}]"


def p_text(p: float | None) -> str:
    """Format a p value; "–" for None."""
    return "–" if p is None else "< 0.001" if p < 0.001 else f"{p:.3f}"


def costs(summary: Summary) -> list[tuple[str, ...]]:
    """Return a row per arm: name, description, n, and steps and seconds by stage (means over seeds)."""
    rows: list[tuple[str, ...]] = []
    for arm, about in summary.arms.items():
        results = [result for result in summary.results if result.arm == arm]
        figures = (_by_stage([result.steps for result in results]), _by_stage([result.seconds for result in results]))
        rows.append((arm, about, str(len(results)), *figures))
    return rows


def _mean_cells(row: ArmRow) -> tuple[str, ...]:
    if row.mean is None:
        return (row.arm, "0", "–", "–")
    return (row.arm, str(row.mean.n), interval_text(row.mean), ", ".join(map(number, row.values.values())))


def _difference_cells(comparison: Comparison) -> tuple[str, ...]:
    test = comparison.paired
    return (
        comparison.arm,
        comparison.against,
        str(test.n),
        interval_text(test, signed=True),
        p_text(test.p),
        p_text(comparison.adjusted_p),
        f"{test.positive} / {test.negative}",
    )


def _by_stage(figures: Sequence[Mapping[str, float]]) -> str:
    """Format the mean of each stage over seeds."""
    stages = dict.fromkeys(stage for by_stage in figures for stage in by_stage)
    return ", ".join(f"{stage} {fmean(by[stage] for by in figures if stage in by):.0f}" for stage in stages) or "–"


def table_lines(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table whose columns are aligned."""
    cells = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (head, *rows)]
    widths = [max(len(row[k]) for row in cells) for k in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [lines[0], rule, *lines[1:]]
