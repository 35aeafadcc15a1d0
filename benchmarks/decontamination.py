"""Decontamination: precision and recall of each depth on planted disguises of HumanEval, and on innocent look-alikes.

    python benchmarks/decontamination.py [--out benchmarks/results/decontamination.md] [--behaviour SHARE]

It needs the benchmarks' files (shared/data/benchmarks beside the project). About five minutes on two cores, most
of them for running programs; ``--behaviour 0.1`` runs a tenth of the problems, ``--behaviour 0`` none.
"""

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
from planted import CONTESTS_SAY, Planted, contaminated, human_eval, innocent

from stepsmith.core.stats import wilson_interval
from stepsmith.curate.behaviour import passed_items
from stepsmith.curate.benchmark_items import BenchmarkItem
from stepsmith.curate.contamination import ContaminationRule, embed_items, find_contamination
from stepsmith.curate.likeness import ProblemSketches
from stepsmith.curate.meaning import MeaningRule, Meanings
from stepsmith.curate.problem_table import ProblemTable, read_table
from stepsmith.curate.words import all_words
from stepsmith.judge.local import LocalJudge
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows

GUILTY = ("copied", "renamed", "reordered", "another story")
INNOCENT = ("MBPP, same frame", "offline teacher")  # "opposite question" is shown apart: its words are the item's
LIMITS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 0.9)
EVERYTHING = ContaminationRule(grams_13=0.02, grams_8=0.02, statements=0.04, programs=0.2)
USED = {"13-grams": 0.1, "8-grams": 0.15, "statements": 0.2, "programs": 0.5, "meaning": 0.65}

Scores = dict[str, list[float]]  # method -> score of each planted problem


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path)
    options.add_argument("--behaviour", type=float, default=1.0)
    chosen = options.parse_args()
    planted = [*contaminated(), *innocent()]
    items = human_eval()
    framed = [msgspec.structs.replace(item, text=f"{CONTESTS_SAY[0]} {item.text} {CONTESTS_SAY[1]}") for item in items]
    with tempfile.TemporaryDirectory() as folder:
        write_rows(Path(folder) / "problems.parquet", PROBLEM_SCHEMA, (problem_row(one.problem) for one in planted))
        table = read_table([Path(folder)])
        text = [
            __doc__.splitlines()[0],
            "",
            f"Made by `python benchmarks/decontamination.py --behaviour {chosen.behaviour:g}`.",
            "",
            _kinds(planted),
        ]
        scores = _scores(table, planted, items)
        text += ["## The usual rule: any shared n-gram", "", *_usual(table, planted, items, framed)]
        for method, values in scores.items():
            text += [f"## {method}", "", *_curve(planted, values, USED[method])]
        text += ["## The depths, each with those before it", "", *_depths(table, planted, items, framed, scores)]
    if chosen.behaviour > 0:
        text += [
            "## Behaviour: the golden program passes the item's checks",
            "",
            *_behaviour(planted, items, chosen.behaviour),
        ]
    print("\n".join(text))
    if chosen.out:
        chosen.out.write_text("# " + "\n".join(text) + "\n")


def _kinds(planted: Sequence[Planted]) -> str:
    counts = Counter(one.kind for one in planted)
    return (
        f"Guilty: HumanEval copied into another frame ({counts['copied']}); with synonyms and every name changed "
        f"({counts['renamed']}); sentences, functions, comparisons and branches the other way round "
        f"({counts['reordered']}); told by hand as another story, with the program of another author "
        f"({counts['another story']}). Innocent: MBPP in the same frame of boilerplate ({counts['MBPP, same frame']}), "
        f"problems of the offline teacher ({counts['offline teacher']}). Hard: HumanEval's words with the opposite "
        f"question and another program ({counts['opposite question']}); they are other problems, but nobody would "
        "train on them unseen.\n"
    )


def _scores(table: ProblemTable, planted: Sequence[Planted], items: Sequence[BenchmarkItem]) -> Scores:
    """Return scores against the right item, for the innocent against the worst one."""
    scores: Scores = {method: [0.0] * len(planted) for method in USED}
    for hit in find_contamination(table, ProblemSketches(table), items, EVERYTHING):
        if planted[hit.row].item in ("", hit.item):
            scores[hit.method][hit.row] = max(scores[hit.method][hit.row], hit.score)
    cosines = Meanings(table, "wordllama").vectors @ embed_items(items).T
    places = {item.name: number for number, item in enumerate(items)}
    for row, one in enumerate(planted):
        scores["meaning"][row] = float(cosines[row, places[one.item]] if one.item else cosines[row].max())
    return scores


def _curve(planted: Sequence[Planted], values: Sequence[float], used: float) -> list[str]:
    rows = ["| limit | precision | " + " | ".join((*GUILTY, *INNOCENT, "opposite question")) + " |"]
    rows.append("|" + "---|" * (len(GUILTY) + len(INNOCENT) + 3))
    for limit in LIMITS:
        rows.append(_line(f"**{limit}**" if limit == used else f"{limit}", planted, lambda row: values[row] >= limit))  # noqa: B023
    return [*rows, "", "Bold: the default.", ""]


def _line(name: str, planted: Sequence[Planted], accused: Callable[[int], bool]) -> str:
    """Return precision (innocent and guilty as many as planted), and the share of each kind that is accused."""
    total, hit = (
        Counter(one.kind for one in planted),
        Counter(one.kind for row, one in enumerate(planted) if accused(row)),
    )
    right, wrong = sum(hit[kind] for kind in GUILTY), sum(hit[kind] for kind in INNOCENT)
    precision = f"{right / (right + wrong):.3f}" if right + wrong else "-"
    shares = [f"{hit[kind] / total[kind]:.2f}" for kind in (*GUILTY, *INNOCENT, "opposite question")]
    return f"| {name} | {precision} | " + " | ".join(shares) + " |"


def _usual(
    table: ProblemTable, planted: Sequence[Planted], items: Sequence[BenchmarkItem], framed: Sequence[BenchmarkItem]
) -> list[str]:
    rows = ["| rule | precision | " + " | ".join((*GUILTY, *INNOCENT, "opposite question")) + " |"]
    rows.append("|" + "---|" * (len(GUILTY) + len(INNOCENT) + 3))
    for n in (13, 8):
        for name, some in (("", items), (", benchmark in the same frame", framed)):
            known = {gram for item in some for gram in _grams(all_words(item.text), n)}
            shared = [not known.isdisjoint(_grams(all_words(table.statement(row)), n)) for row in range(len(table))]
            rows.append(_line(f"any {n}-gram{name}", planted, shared.__getitem__))
    return [*rows, "", "The frame is 73 words of a judge's usual phrases.", ""]


def _depths(
    table: ProblemTable,
    planted: Sequence[Planted],
    items: Sequence[BenchmarkItem],
    framed: Sequence[BenchmarkItem],
    scores: Scores,
) -> list[str]:
    rows = ["| depth | precision | " + " | ".join((*GUILTY, *INNOCENT, "opposite question")) + " |"]
    rows.append("|" + "---|" * (len(GUILTY) + len(INNOCENT) + 3))
    sketches = ProblemSketches(table)
    for name, some in (("near", items), ("near, benchmark in the same frame", framed)):
        hits = find_contamination(table, sketches, some, ContaminationRule())
        accused = defaultdict(set)
        for hit in hits:
            if hit.counts:
                accused[hit.row].add(hit.item)
        rows.append(_line(name, planted, lambda row: _rightly(planted[row], accused[row])))  # noqa: B023
        if some is items:
            also = [value >= MeaningRule().item for value in scores["meaning"]]
            deeper = _line("semantic", planted, lambda row: also[row] or _rightly(planted[row], accused[row]))  # noqa: B023
    rows.insert(3, deeper)
    return [*rows, ""]


def _rightly(one: Planted, accused: set[str]) -> bool:
    return one.item in accused if one.item else bool(accused)


def _behaviour(planted: Sequence[Planted], items: Sequence[BenchmarkItem], share: float) -> list[str]:
    """Run the golden programs against the checks of all items."""
    step = max(1, round(1 / share))
    counted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    others: defaultdict[str, list[str]] = defaultdict(list)
    with LocalJudge() as judge:
        for number, one in enumerate(planted):
            if number % step and one.kind != "another story":
                continue
            passed = {item.name for item, _ in passed_items(judge, one.problem, items)}
            counted[one.kind] += 1
            found[one.kind] += _rightly(one, passed)
            called = one.problem.contract.entry_point
            others[one.kind] += [f"{called} {name}" for name in sorted(passed - {one.item})]
    rows = ["| kind | run | accused | share | 95% interval | passes other items, too |", "|---|---|---|---|---|---|"]
    for kind, total in counted.items():
        low, high = wilson_interval(found[kind], total)
        rows.append(
            f"| {kind} | {total} | {found[kind]} | {found[kind] / total:.3f} | {low:.3f} to {high:.3f} | "
            f"{len(others[kind])} |"
        )
    named = [f"- {kind}: {', '.join(others[kind])}" for kind in (*INNOCENT, "opposite question") if others[kind]]
    return [*rows, "", "Of the innocent, these pass an item's checks (function and item):", "", *named, ""]


def _grams(words: Sequence[str], n: int) -> set[tuple[str, ...]]:
    return {tuple(words[k : k + n]) for k in range(len(words) - n + 1)}


if __name__ == "__main__":
    main()
