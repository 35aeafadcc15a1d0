"""A problem's life told in lines: what ``stepsmith explain`` prints and what the viewer shows."""

from collections import Counter
from collections.abc import Iterator

import msgspec

from stepsmith.core.records import Chain, PassRate, Problem, Turn
from stepsmith.core.stats import pass_rate
from stepsmith.report.life import Life
from stepsmith.scoring.tests import SplitSettings, split_tests

WIDTH = 100  # of a line of evidence
SEED_LINES = 12  # lines of a seed that are shown at most
IN_LINES = {  # facts of the provenance that have a line of their own
    "prompt", "prompt_id", "teacher", "method", "golden_confidence", "support", "voters", "attempts", "rated_by",
    "kill_rate", "strong_attempts",
}  # fmt: skip


def life_story(life: Life) -> Iterator[tuple[str, list[str]]]:
    """Yield the stations of a problem's life in their order, each with its lines; those without lines are left out."""
    one = life.problem
    facts = dict(one.provenance)
    stations = [
        ("Rejected", [f"{life.rejected[0]}: {life.rejected[1]}"] if life.rejected else []),
        ("Seed", _seed(one, life.chain)),
        ("Chain", _chain(one, life.chain)),
        ("Made by", _makers(life, facts)),
        ("Labels", _labels(facts)),
        ("Tests", _tests(one, facts)),
        ("Difficulty", _difficulty(life, facts)),
        ("Filters", _filters(life)),
        ("Exports", [f"named in {path}" for path in life.exports]),
        ("Rewards", _rewards(one)),
        ("Also known", [f"{key}: {_short(value)}" for key, value in one.provenance if key not in IN_LINES]),
    ]
    return (station for station in stations if station[1])


def _seed(problem: Problem, chain: Chain | None) -> list[str]:
    lineage = problem.lineage
    lines = [f"{lineage.seed_ref}, licence {lineage.seed_license or 'not found'}"]
    called: dict[int, list[str]] = {}
    for use in problem.features:
        for number in use.seed_lines:
            called.setdefault(number, []).append(f"{use.name}: {use.signal}")
    if chain is None:
        return lines
    code = dict(enumerate(chain.seed.code.splitlines(), start=chain.seed.first_line))
    numbers = sorted(number for number in called if number in code) or sorted(code)[:3]
    for number in numbers[:SEED_LINES]:
        why = f"   <- {', '.join(called[number])}" if number in called else ""
        lines.append(f"{number:>5}  {_short(code[number])}{why}")
    if not called:
        lines.append("no line of the seed called for a feature")
    return lines


def _chain(problem: Problem, chain: Chain | None) -> list[str]:
    if chain is None:
        return [f"{problem.lineage.chain_id}, turn {problem.lineage.turn}"]
    return [f"{chain.id}, turn {problem.lineage.turn} of {chain.proposed}"] + [
        f"{'>' if turn.turn == problem.lineage.turn else ' '} {_turn(turn)}" for turn in chain.turns
    ]


def _turn(turn: Turn) -> str:
    rate = f", {_rate(turn.pass_rate)}" if turn.pass_rate else ""
    became = f"rejected as {turn.rejected}" if turn.rejected else "kept"
    change = f" ({_short(turn.change)})" if turn.change else ""
    return f"{turn.turn} {turn.direction}{change}: {became}{rate}"


def _makers(life: Life, facts: dict[str, str]) -> list[str]:
    manifest = life.manifest
    if manifest is None:
        return [f"prompt {facts['prompt']}"] if "prompt" in facts else []
    lines = [
        f"teacher {manifest.teacher}, student {manifest.student}, seed {manifest.seed}, isolation {manifest.isolation}"
    ]
    if "prompt" in facts:
        lines.append(f"prompt {facts['prompt']}")
    models = msgspec.json.decode(manifest.config).get("models", {})
    lines += [f"model {name}: {spec.get('weights', '')}" for name, spec in models.items()]
    versions = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    return [*lines, f"{versions}; configuration {manifest.config_id}"]


def _labels(facts: dict[str, str]) -> list[str]:
    if "method" not in facts:
        return []
    names = {"method": "method", "voters": "voters", "golden_confidence": "golden confidence", "support": "support"}
    return [", ".join(f"{word} {facts[key]}" for key, word in names.items() if key in facts)]


def _tests(problem: Problem, facts: dict[str, str]) -> list[str]:
    kinds = Counter(test.kind for test in problem.tests)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    least = min((test.confidence for test in problem.tests), default=0.0)
    lines = [f"{len(problem.tests)} ({told}), confidence at least {least:.3f}; checker {problem.contract.checker.name}"]
    killed = Counter(wrong.origin.partition(":")[0] or "wrong program" for wrong in problem.wrong)
    if killed:
        lines.append("wrong programs that fail: " + ", ".join(f"{count} {kind}" for kind, count in killed.items()))
    if "kill_rate" in facts:
        lines.append(f"kill rate on new mutants {facts['kill_rate']}")
    return lines


def _difficulty(life: Life, facts: dict[str, str]) -> list[str]:
    rate = life.problem.pass_rate
    student = facts.get("rated_by") or (life.manifest.student if life.manifest else "a student")
    lines = [f"{student}: {_rate(rate)}; by attempt: {facts.get('attempts', '')}" if rate else "not rated"]
    for row in life.ratings:
        found = pass_rate(int(str(row["passes"])), int(str(row["attempts"])))
        lines.append(f"{row['student']}: {_rate(msgspec.structs.replace(found, band=None))}, band {row['band']}")
    if "strong_attempts" in facts:
        lines.append(f"strong solver, by attempt: {facts['strong_attempts']}")
    return lines


def _rate(rate: PassRate) -> str:
    band = f", {rate.band}" if rate.band else ""
    return f"{rate.passes} of {rate.attempts} attempts pass ({rate.low:.2f} to {rate.high:.2f}){band}"


def _filters(life: Life) -> list[str]:
    lines = []
    for place, record, hits in life.curations:
        why = "" if record["decision"] == "kept" else f" as {record['reason']}"
        match = (
            f" ({record['depth']}) of {record['match']}: {_short(str(record['evidence']))}" if record["match"] else ""
        )
        lines.append(f"{place}: {record['decision']}{why}{match}")
        if linked := record["linked"]:
            lines.append(f"  linked to {', '.join(map(str, linked))}" if isinstance(linked, list) else "")
        lines += [f"  sign of a benchmark: {_short(str(hit))}" for hit in hits]
    return lines


def _rewards(problem: Problem) -> list[str]:
    if not problem.tests:
        return []
    split = split_tests(problem, SplitSettings())
    return [
        f"in RL by default {len(split.rewarded)} tests are rewarded, {len(split.held_back)} held back, "
        f"{len(split.shown)} shown in the statement"
    ]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
