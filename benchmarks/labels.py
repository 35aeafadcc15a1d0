"""Which labels can be believed on real data: ``python benchmarks/labels.py`` writes results/labels.{json,md,svg}.

48 HumanEval problems with 24 samples of a 16B model each; n = 4, 8, 16 of them are drawn, eight times. Each method
picks a golden solution and ranks the problems; the risk at a coverage is the share of wrong golden solutions among the
problems that rank highest. Problems with equal scores are taken together. The consensus model is cross-fitted by
problem. Three problems that carry another problem's samples are left out (verify_population.MIXED_UP).

Rules of acceptance are nested: the model *and* the threshold come from the other nine tenths of the problems, where
confidences are cross-fitted once more. Intervals: 95% percentiles of a bootstrap over problems.

With ``--codet CLONE`` and ``--debugger CLONE`` (of microsoft/CodeT and FloridSleeves/LLMDebugger) two populations
follow on which nothing was fitted or chosen (label_subjects.py): the rest of HumanEval, and MBPP with programs of
several models. There the model and the thresholds are those of the 48 problems.
"""

import argparse
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from label_curves import TITLES, area, coverage_at, curve, figure, over_problems, shown
from label_rules import RULES, Pick
from label_subjects import humaneval_subjects, mbpp_subjects
from verify_fit import BUILD, RECORDINGS, SIZES, WITHOUT, Prepared, behaviour_choice, fit, prepare
from verify_population import DEV, Draw, RecordedJudge, Subject, dev_subjects, draws

from stepsmith.verify.labels.posterior import choose, shipped_model
from verify import BASELINES, RESULTS, bootstrap, fresh

TARGETS = (0.02, 0.05, 0.1)
FOLDS = 10
KNOWN = "HumanEval, 48 problems"
Accepted = dict[tuple[str, float], list[tuple[Pick, bool]]]


# --- the consensus model, cross-fitted -------------------------------------------------------------------------------


def folds_of(items: Sequence[Prepared], split: int) -> dict[str, int]:
    names = sorted({item.draw.subject.name for item in items})
    random.Random(split).shuffle(names)
    return {name: k % FOLDS for k, name in enumerate(names)}


def cross_fitted(items: Sequence[Prepared], split: int = 0) -> list[Pick]:
    """Return a pick for every draw, by a model that was fitted without any draw of its problem."""
    fold, out = folds_of(items, split), []
    for k in range(FOLDS):
        rest = [item for item in items if fold[item.draw.subject.name] != k]
        out += picked(rest, [item for item in items if fold[item.draw.subject.name] == k])
    return out


def picked(known: Sequence[Prepared], asked: Sequence[Prepared]) -> list[Pick]:
    """Fit on ``known`` and pick in ``asked``; problems with and without worked examples apart, as the product does."""
    out = []
    for examples in (True, False):
        mine = [item for item in asked if bool(item.draw.examples) == examples]
        if not mine:
            continue
        lessons = [behaviour_choice(item) for item in known if bool(item.draw.examples) == examples]
        if lessons:
            weights = fit(lessons, () if examples else WITHOUT["model-samples"])
        else:  # all of the 48 problems show examples: the shipped weights, fitted on them with their statements hidden
            weights = shipped_model("model-samples").without_examples.behaviour
        for item in mine:
            belief = choose(weights, item.evidence)
            best = max(range(len(belief)), key=lambda i: belief[i])
            n = len(item.draw.matrix.solutions)
            out.append(Pick(item.draw.subject.name, n, belief[best], item.right[best]))
    return out


# --- rules of acceptance ---------------------------------------------------------------------------------------------


def by_rule(known: Sequence[Pick], picks: Sequence[Pick]) -> Accepted:
    """Return, by rule and target, every pick with whether it is accepted by the threshold of ``known``."""
    thresholds = {(name, target): rule(known, target) for name, rule in RULES.items() for target in TARGETS}
    return {key: [(pick, pick.score >= threshold) for pick in picks] for key, threshold in thresholds.items()}


def nested(items: Sequence[Prepared], split: int = 0) -> Accepted:
    """Return what is accepted if model and threshold are of other problems."""
    fold, out = folds_of(items, split), {(rule, target): [] for rule in RULES for target in TARGETS}
    for k in range(FOLDS):
        known = [item for item in items if fold[item.draw.subject.name] != k]
        picks = picked(known, [item for item in items if fold[item.draw.subject.name] == k])
        for key, found in by_rule(cross_fitted(known, split + 1), picks).items():
            out[key] += found
    return out


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
            share = over_problems(mine, lambda some: sum(p.right for p in some) / len(some))
            figures = [over_problems(mine, area)]
            figures += [over_problems(mine, lambda some, target=t: coverage_at(some, target)) for t in TARGETS]
            report[f"{name}|{n}"] = {
                "right": share,
                "area": figures[0],
                "coverage_at": figures[1:],
                "curve": curve(mine),
            }
            lines.append(f"| {TITLES[name]} | {n} | {shown(share)} | " + " | ".join(map(shown, figures)) + " |")
    head = " | ".join(f"n = {n}: coverage, wrong" for n in sizes)
    lines += ["", f"| rule | target | {head} | all: coverage, wrong |", "|---|---|" + "---|" * (len(sizes) + 1)]
    for (rule, target), found in rules.items():
        cells = []
        for n in (*sizes, 0):
            taken: dict[str, list[float]] = {}
            wrong: dict[str, list[float]] = {}
            for pick, ok in found:
                if n in (0, pick.n):
                    taken.setdefault(pick.problem, []).append(ok)
                    wrong.setdefault(pick.problem, []).append(ok and not pick.right)
            coverage, risk = bootstrap(taken), bootstrap(wrong, taken)
            report[f"{rule}|{target}|{n or 'all'}"] = {"coverage": coverage, "wrong": risk}
            cells.append(f"{shown(coverage)}, {shown(risk)}")
        lines.append(f"| {rule} | {target} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DEV)
    parser.add_argument("--seeds", type=int, default=8, help="draws of each problem at each n")
    parser.add_argument("--codet", type=Path, help="a clone of microsoft/CodeT")
    parser.add_argument("--debugger", type=Path, help="a clone of FloridSleeves/LLMDebugger")
    parser.add_argument("--most", type=int, default=50, help="problems of each further population")
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
    further = {}
    if options.codet:
        further["the rest of HumanEval"] = humaneval_subjects(
            others, benchmarks, options.codet, options.most, options.data
        )
    if options.debugger:
        further["MBPP+, several models"] = mbpp_subjects(others, benchmarks, options.debugger, options.most)
    for title, subjects in further.items():
        drawn = drawn_from(subjects, others, options.seeds)
        picks = picked(items, [prepare(draw) for _, _, draw in drawn])
        populations[title] = {"consensus": picks, **baselines(drawn)}
        rules[title] = by_rule(known, picks)
        others.save()
    others.close()
    report: dict[str, dict[str, object]] = {title: {"seeds": options.seeds} for title in populations}
    lines = ["# Labels on real data", "", (__doc__ or "").split("\n\n", 1)[1].strip(), "", "![risk](labels.svg)"]
    for title, methods in populations.items():
        lines += tables(title, methods, rules[title], report[title])
    lines += ["", "Thresholds over the 48 problems: " + "; ".join(
        f"{name}: " + ", ".join(f"{rule(known, target):.3f}" for target in TARGETS) for name, rule in RULES.items()
    )]  # fmt: skip
    (RESULTS / "labels.json").write_text(json.dumps(report, indent=1) + "\n")
    (RESULTS / "labels.svg").write_text(figure(populations))
    (RESULTS / "labels.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
