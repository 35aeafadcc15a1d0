"""Which labels can be believed on real data: ``python benchmarks/labels.py`` writes results/labels.{json,md,svg}.

48 HumanEval problems with 24 samples of a 16B model each; n = 4, 8, 16 of them are drawn, eight times. Each method
picks a golden solution and ranks the problems; the risk at a coverage is the share of wrong golden solutions among the
problems that rank highest. Problems with equal scores are taken together. The consensus model is cross-fitted by
problem. Three problems that carry another problem's samples are left out (verify_population.MIXED_UP).

Rules of acceptance are nested: the model *and* the threshold come from the other nine tenths of the problems, where
confidences are cross-fitted once more. Intervals: 95% percentiles of a bootstrap over problems.

With ``--codet CLONE`` (of microsoft/CodeT) and ``--debugger CLONE CLONE`` (of FloridSleeves/LLMDebugger and
noahshinn/reflexion) two populations follow on which nothing was fitted or chosen (label_subjects.py): the rest of
HumanEval, and MBPP with programs of several models. There the model and the thresholds are those of the 48 problems.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from label_curves import TITLES, area, coverage_at, curves, figure, interval, shown
from label_more import more_coverage
from label_nested import TARGETS, Accepted, by_rule, coverage_and_wrong, cross_fitted, nested, picked
from label_rules import RULES, Pick
from label_subjects import LEARN, humaneval_subjects, mbpp_subjects
from verify_fit import BUILD, RECORDINGS, SIZES, prepare
from verify_population import DEV, Draw, RecordedJudge, Subject, dev_subjects, draws

from verify import BASELINES, RESULTS, fresh

KNOWN, REST, MBPP = "HumanEval, 48 problems", "the rest of HumanEval", "MBPP+, several models"


# --- populations, and what is written --------------------------------------------------------------------------------


def baselines(drawn: Sequence[tuple[int, int, Draw]]) -> dict[str, list[Pick]]:
    """Return the picks of the other methods."""
    out: dict[str, list[Pick]] = {}
    for name in list(TITLES)[1:]:
        for n, seed, draw in drawn:
            found = BASELINES[name](fresh(draw), seed)
            right = found.golden is not None and draw.right[found.golden]
            score = found.confidence if found.golden is not None else -1.0
            out.setdefault(name, []).append(Pick(draw.subject.name, n, score, right))
    return out


def drawn_from(subjects: Sequence[Subject], judge: RecordedJudge, seeds: int) -> list[tuple[int, int, Draw]]:
    """Return the draws of every size that a problem has candidates for, if half of the problems have them."""
    out = []
    for n in SIZES:
        enough = [subject for subject in subjects if len(subject.candidates) >= n]
        if 2 * len(enough) >= len(subjects):
            out += draws(enough, judge, (n,), seeds)
    return out


def tables(title: str, methods: Mapping[str, Sequence[Pick]], rules: Accepted, report: dict[str, object]) -> list[str]:
    """Return the Markdown of a population and put its figures into ``report``."""
    some = methods["consensus"]
    sizes = sorted({pick.n for pick in some})
    right = sum(pick.right for pick in some) / len(some)
    lines = ["", f"## {title}", "", f"{len({pick.problem for pick in some})} problems; consensus finds a right golden "]
    lines[-1] += f"solution in {right:.3f} of the draws."
    lines += ["", "| method | n | golden right | area under risk–coverage | coverage at risk .02 | at .05 | at .1 |"]
    lines += ["|---|---|---|---|---|---|---|"]
    for name, picks in methods.items():
        for n in sizes:
            mine = [pick for pick in picks if pick.n == n]
            found = curves(mine)
            share = interval(1 - found.risk[:, -1])
            figures = [interval(area(found)), *(interval(coverage_at(found, target)) for target in TARGETS)]
            report[f"{name}|{n}"] = {
                "right": share,
                "area": figures[0],
                "coverage_at": figures[1:],
                "curve": np.column_stack([found.coverage[0], found.risk[0]]).round(4).tolist(),
            }
            lines.append(f"| {TITLES[name]} | {n} | {shown(share)} | " + " | ".join(map(shown, figures)) + " |")
    head = " | ".join(f"n = {n}: coverage, wrong" for n in sizes)
    lines += ["", f"| rule | target | {head} | all: coverage, wrong |", "|---|---|" + "---|" * (len(sizes) + 1)]
    for (rule, target), found in rules.items():
        cells = []
        for n in (*sizes, 0):
            coverage, risk = coverage_and_wrong(found, n)
            report[f"{rule}|{target}|{n or 'all'}"] = {"coverage": coverage, "wrong": risk}
            cells.append(f"{shown(coverage)}, {shown(risk)}")
        lines.append(f"| {rule} | {target} | " + " | ".join(cells) + " |")
    return lines


def one_a_line(report: Mapping[str, Mapping[str, object]]) -> str:
    """Return JSON with one figure a line: indented curves would be ten thousands of lines."""
    parts = []
    for title, figures in report.items():
        lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in figures.items())
        parts.append(f"{json.dumps(title)}: {{\n{lines}\n}}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DEV)
    parser.add_argument("--seeds", type=int, default=8, help="draws of each problem at each n")
    parser.add_argument("--codet", type=Path, help="a clone of microsoft/CodeT")
    parser.add_argument(
        "--debugger", type=Path, nargs="+", default=[], help="clones of FloridSleeves/LLMDebugger, noahshinn/reflexion"
    )
    parser.add_argument("--most", type=int, default=50, help="problems of MBPP+")
    options = parser.parse_args()
    benchmarks = options.data.parent / "benchmarks"
    judge = RecordedJudge(RECORDINGS["model-samples"])
    drawn = drawn_from(dev_subjects(judge, options.data), judge, options.seeds)
    items = [prepare(draw) for _, _, draw in drawn]
    known = cross_fitted(items)
    populations = {KNOWN: {"consensus": known, **baselines(drawn)}}
    rules = {KNOWN: nested(items)}
    judge.close()
    others = RecordedJudge(BUILD / "label_samples.pickle")
    further, prepared = {}, {}
    if options.codet:
        further[REST] = humaneval_subjects(others, benchmarks, options.codet, options.data)
    if options.debugger:
        further[MBPP] = mbpp_subjects(others, benchmarks, options.debugger, options.most)
    for title, subjects in further.items():
        drawn = drawn_from(subjects, others, options.seeds)
        prepared[title] = [prepare(draw) for _, _, draw in drawn]
        picks = picked(items, prepared[title])
        populations[title] = {"consensus": picks, **baselines(drawn)}
        rules[title] = by_rule(known, picks)
        others.save()
    more: list[str] = []
    if REST in prepared:
        first = {subject.name for subject in further[REST][:LEARN]}
        learn = [*items, *(item for item in prepared[REST] if item.draw.subject.name in first)]
        asked = {
            title: [item for item in some if item.draw.subject.name not in first] for title, some in prepared.items()
        }
        more = more_coverage(items, learn, asked)
    others.close()
    report: dict[str, dict[str, object]] = {title: {"seeds": options.seeds} for title in populations}
    lines = ["# Labels on real data", "", (__doc__ or "").split("\n\n", 1)[1].strip(), "", "![risk](labels.svg)"]
    for title, methods in populations.items():
        lines += tables(title, methods, rules[title], report[title])
    lines += ["", "Thresholds over the 48 problems: " + "; ".join(
        f"{name}: " + ", ".join(f"{rule(known, target):.3f}" for target in TARGETS) for name, rule in RULES.items()
    )]  # fmt: skip
    lines += more
    (RESULTS / "labels.json").write_text(one_a_line(report))
    (RESULTS / "labels.svg").write_text(figure(populations))
    (RESULTS / "labels.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
