"""The card of an exported data set: a ``README.md`` whose YAML header ``datasets`` and the Hugging Face hub read."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import yaml

import stepsmith
from stepsmith.core.records import Problem, Record
from stepsmith.exports.bundle import Bundle, LeftOut
from stepsmith.store.runfolder import MANIFEST

MOST_FEATURES = 25
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

DataFiles = Mapping[str, Mapping[str, str]]  # configuration → split → file


class CardFacts(Record, frozen=True, kw_only=True):
    """What is known of where the problems come from. All of it may be missing."""

    sources: tuple[str, ...] = ()  # names of the folders or files
    teachers: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    contamination: str = ""  # Markdown; "" where nothing was compared


def facts_of(places: Sequence[Path]) -> CardFacts:
    """Return the facts in the manifests beside the problems; a manifest that cannot be read is ignored."""
    manifests = [found for place in places if (found := _json(place / MANIFEST)) is not None]
    curations = [one for one in manifests if "against" in one]
    for one in curations:  # the folders that were curated name the teachers
        beside = {Path(source["path"]).parent for source in one.get("sources", [])}
        manifests += [found for place in sorted(beside) if (found := _json(place / MANIFEST)) is not None]
    runs = [one for one in manifests if "teacher" in one]
    return CardFacts(
        sources=tuple(place.name for place in places),
        teachers=_each(run.get("teacher") for run in runs),
        students=_each(run.get("student") for run in runs),
        seeds=tuple(dict.fromkeys(run["seed"] for run in runs if isinstance(run.get("seed"), int))),
        contamination="\n".join(filter(None, map(_contamination, curations))),
    )


def card(
    bundle: Bundle,
    form: str,
    usage: str,
    data_files: DataFiles | None,
    left_out: Sequence[LeftOut],
    facts: CardFacts,
) -> str:
    """Return the text of the card."""
    parts = [
        f"---\n{yaml.safe_dump(_header(bundle, data_files), sort_keys=False, allow_unicode=True)}---\n",
        f"# {bundle.settings.name}\n",
        f"{len(bundle.problems)} coding problems with verified tests, in the form `{form}` of "
        f"Stepsmith {stepsmith.__version__}.\n",
        usage.replace("FOLDER", ".").replace("MODULE", bundle.settings.module),
        _counts(bundle),
        _features(bundle.problems),
        _methods(bundle.problems, facts),
        _licences(bundle),
        "## Contamination\n\n" + (facts.contamination or "Not compared with any benchmark.") + "\n",
        _limits(bundle.problems, left_out),
    ]
    return "\n".join(filter(None, parts))


def _header(bundle: Bundle, data_files: DataFiles | None) -> dict[str, Any]:
    halves = {name for name, _ in bundle.halves}
    size = next((name for most, name in SIZES if len(bundle.problems) < most), "1M<n<10M")
    header: dict[str, Any] = {
        "pretty_name": bundle.settings.name,
        "license": bundle.settings.license.lower() or "other",
        "language": ["en"],
        "tags": ["code", "synthetic", "reinforcement-learning", "stepsmith"],
        "task_categories": ["text-generation"],
        "size_categories": [size],
    }
    if data_files:
        header["configs"] = [
            {
                "config_name": name,
                **({"default": True} if name == next(iter(data_files)) else {}),
                "data_files": [{"split": half, "path": path} for half, path in files.items() if half in halves],
            }
            for name, files in data_files.items()
        ]
    return header


def _counts(bundle: Bundle) -> str:
    halves = bundle.halves
    lines = ["## Counts\n", f"| | {' | '.join(name for name, _ in halves)} |", "|---|" + "---|" * len(halves)]

    def row(name: str, counts: Iterable[object]) -> None:
        lines.append(f"| {name} | {' | '.join(map(str, counts))} |")

    row("problems", (len(part) for _, part in halves))
    row("chains", (len({one.lineage.chain_id for one in part}) for _, part in halves))
    row("tests", (sum(len(one.tests) for one in part) for _, part in halves))
    for name, value in (
        ("environment", lambda one: one.environment),
        ("band", _band),
        ("interface", lambda one: one.contract.interface),
        ("checker", lambda one: one.contract.checker.name),
    ):
        for key in sorted({value(one) for one in bundle.problems}):
            row(f"{name} {key}", (sum(value(one) == key for one in part) for _, part in halves))
    held = {
        "both": "no chain and no composition of features is in both",
        "chain": "no chain is in both",
        "composition": "no composition of features is in both",
    }
    return "\n".join(lines) + f"\n\nThe halves: {held[bundle.settings.split]}.\n"


def _band(problem: Problem) -> str:
    measured = problem.pass_rate
    return measured.claimed_band if measured and measured.attempts else "not measured"


def _features(problems: Sequence[Problem]) -> str:
    counts = Counter(use.name for one in problems for use in one.features)
    if not counts:
        return ""
    common = ", ".join(f"{name} {count}" for name, count in counts.most_common(MOST_FEATURES))
    more = f", and {len(counts) - MOST_FEATURES} others" if len(counts) > MOST_FEATURES else ""
    return f"## Features\n\n{len(counts)} algorithmic features: {common}{more}.\n"


def _methods(problems: Sequence[Problem], facts: CardFacts) -> str:
    said = [dict(problem.provenance) for problem in problems]
    methods = Counter(one["method"] for one in said if "method" in one)
    kills = [float(one["kill_rate"]) for one in said if "kill_rate" in one]
    attempts = [one.pass_rate.attempts for one in problems if one.pass_rate and one.pass_rate.attempts]
    lines = ["## How it was made\n"]
    if facts.sources:
        lines.append(f"- Sources: {', '.join(facts.sources)}.")
    if facts.teachers:
        lines.append(f"- Teacher: {', '.join(facts.teachers)}. Random seeds: {', '.join(map(str, facts.seeds))}.")
    if methods:
        named = ", ".join(f"{name} ({count})" for name, count in methods.most_common())
        lines.append(f"- Expected outputs were settled by: {named}.")
    if kills:
        lines.append(f"- The tests reject {fmean(kills):.1%} of the mutants of a golden solution, on average.")
    if attempts:
        who = f" by {', '.join(facts.students)}" if facts.students else ""
        lines.append(f"- Difficulty: the pass rate of {min(attempts)} to {max(attempts)} fresh attempts{who}.")
    if "simulated" in facts.students:
        lines.append("- The student is simulated: its pass rates follow a stated model of skill, not a real model's.")
    return "\n".join(lines) + "\n"


def _licences(bundle: Bundle) -> str:
    seeds = Counter(one.lineage.seed_license for one in bundle.problems)
    named = ", ".join(f"{name or 'not recorded'} ({count})" for name, count in sorted(seeds.items()))  # "" first
    given = bundle.settings.license or "none was named when the set was exported (`--license`)"
    return f"## Licences\n\n- Of this set: {given}.\n- Of the seeds that inspired the problems: {named}.\n"


def _limits(problems: Sequence[Problem], left_out: Sequence[LeftOut]) -> str:
    unsure = sum(any(test.confidence < 0.99 for test in one.tests) for one in problems)
    unrated = sum(_band(one) == "not measured" for one in problems)
    lines = [
        "## Limits\n",
        "- A label can be wrong: every expected output has a confidence; "
        f"{unsure} problems have one below 0.99 among theirs.",
        f"- {unrated} problems have no measured pass rate.",
    ]
    reasons = Counter(one.reason for one in left_out)
    for reason, count in reasons.most_common():
        lines.append(f"- Left out, {count}: {reason}. `left-out.jsonl` names them.")
    return "\n".join(lines) + "\n"


def _contamination(curation: Mapping[str, Any]) -> str:
    """Say what `stepsmith curate --against` found, from its manifest; "" where it compared with nothing."""
    against = [Path(one["path"]).name for one in curation["against"]]
    if not against:
        return ""
    found = curation["counts"]["contaminated"]
    by_depth = ", ".join(f"{depth} {count}" for depth, count in found.items()) or "none"
    return (
        f"Compared with {', '.join(against)} by `stepsmith curate` (depth `{curation['settings']['depth']}`). Of "
        f"{curation['counts']['problems']} problems {sum(found.values())} were taken out as contaminated ({by_depth})."
    )


def _json(path: Path) -> Mapping[str, Any] | None:
    try:
        value = msgspec.json.decode(path.read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    return value if isinstance(value, dict) else None


def _each(names: Iterable[object]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(name) for name in names if name))
