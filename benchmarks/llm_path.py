"""The model path driven by a scripted endpoint: `python benchmarks/llm_path.py` writes results/llm_path.md.

A server on loopback plays teacher (problems of the offline grammar, with mistakes at stated rates) and student (a
stated skill model) through the real client, prompts, parsers, filters and books. Shown are yields, rejections, tokens,
and multi-turn against single-turn synthesis at equal tokens: of the single-turn run as many chains are counted, in
order, as the multi-turn run had tokens for. The figures say how the path works, not how good a model is: this teacher
makes a problem harder by adding a step of the grammar, and never learns from the attempts that it is shown.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the scripted endpoint lives with the tests

from tests.synth.llm.scripted_server import FAULTY, MUTE, UNREADABLE, ScriptedServer

from stepsmith.core.records import BANDS, Chain, Problem
from stepsmith.core.stats import BAND_EDGES, band_of, paired
from stepsmith.llm.records import ModelSpec, Prices, Sampling
from stepsmith.pipeline.config import Config, Mode, RuntimeSettings, SuiteSettings, SynthSettings
from stepsmith.pipeline.models import add_spends
from stepsmith.pipeline.roles import resolve_config
from stepsmith.pipeline.synthesis import open_chains
from stepsmith.synth.skill import SkillModel

RESULTS = Path(__file__).parent / "results" / "llm_path.md"
PRICES = Prices(input=0.6, output=2.2)
PILOT = 8  # single-turn chains that tell how many are needed
MEDIUM_HIGH = BAND_EDGES[1][0]


class Arm(NamedTuple):
    """The chains of one seed of one arm, and what its endpoint was made to do wrong."""

    chains: list[Chain]
    made: Counter[str]

    @property
    def tokens(self) -> int:
        """Tokens that the chains used."""
        return sum(spend.tokens for chain in self.chains for spend in chain.spent)

    @property
    def problems(self) -> list[Problem]:
        """Problems that are different from each other."""
        return list({problem.id: problem for chain in self.chains for problem in chain.problems}.values())

    def per_million(self, wanted: Callable[[Problem], bool] = lambda _: True) -> float:
        """Kept problems per million tokens."""
        return 1e6 * sum(map(wanted, self.problems)) / max(1, self.tokens)


def not_easy(problem: Problem) -> bool:
    """Whether a problem is medium or hard for the student."""
    return problem.pass_rate is not None and problem.pass_rate.rate < MEDIUM_HIGH


def configuration(server: ScriptedServer, cache: Path, mode: Mode, seed: int, options: argparse.Namespace) -> Config:
    """A run against the server."""
    sampling = Sampling(max_tokens=1000)
    models = {
        name: ModelSpec(name=name, base_url=server.url, model=name, prices=PRICES, sampling=sampling)
        for name in ("teacher", "student")
    }
    synth = SynthSettings(
        teacher="teacher", student="student", mode=mode, seed=seed, turns=options.turns, attempts=options.attempts
    )
    return resolve_config(
        Config(models=models, synth=synth, runtime=RuntimeSettings(cache=str(cache)), suite=SuiteSettings(mutants=0))
    )


def grown(config: Config, indices: Sequence[int]) -> list[Chain]:
    """Grow chains and return them in order."""
    with open_chains(config, indices, "benchmark") as (chains, _):
        return sorted(chains, key=lambda chain: chain.index)


def within(chains: Sequence[Chain], budget: int) -> list[Chain]:
    """The first chains that ``budget`` tokens pay for."""
    chosen: list[Chain] = []
    for chain in chains:
        if Arm([*chosen, chain], Counter()).tokens > budget:
            break
        chosen.append(chain)
    return chosen


def one_seed(skill: float, seed: int, options: argparse.Namespace) -> tuple[Arm, Arm]:
    """Both arms for one seed of the run: multi-turn, and single-turn at the same tokens."""
    rates = dict.fromkeys((*UNREADABLE, *FAULTY, *MUTE), options.rate)
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        ScriptedServer(rates=rates, student=SkillModel(skill=skill)) as server,
    ):
        cache = Path(folder) / "m.sqlite"
        multi_config = configuration(server, cache, "multi-turn", seed, options)
        multi = Arm(grown(multi_config, range(options.chains)), Counter(server.made))
        single_config = configuration(server, cache, "single-turn", seed, options)
        pilot = Arm(grown(single_config, range(PILOT)), Counter())
        needed = round(1.2 * PILOT * multi.tokens / max(1, pilot.tokens)) + 2
        chains = grown(single_config, range(needed))  # the pilot's are in the cache
        single = Arm(within(chains, multi.tokens), Counter())
    print(f"skill {skill}, seed {seed}: {time.monotonic() - started:.0f} s", flush=True)
    if len(single.chains) == len(chains):
        sys.exit("the single-turn run had tokens left; plan more chains")
    return multi, single


def row(name: str, skill: float, arms: Sequence[Arm]) -> str:
    """One arm's figures over all seeds."""
    chains = [chain for arm in arms for chain in arm.chains]
    problems = [problem for arm in arms for problem in arm.problems]
    proposed, tokens = sum(chain.proposed for chain in chains), sum(arm.tokens for arm in arms)
    bands = Counter(band_of(problem.pass_rate.rate) for problem in problems if problem.pass_rate)
    shown = " / ".join(str(bands[band]) for band in BANDS)
    return (
        f"| {skill} | {name} | {len(chains)} | {proposed} | {len(problems)} | {len(problems) / max(1, proposed):.2f} "
        f"| {shown} | {tokens / 1000:.0f}k | {1e6 * len(problems) / max(1, tokens):.0f} |"
    )


def difference(pairs: Sequence[tuple[Arm, Arm]], wanted: Callable[[Problem], bool]) -> str:
    """Kept per million tokens, multi-turn less single-turn: the mean over seeds, its 95% interval, p of the t test."""
    found = paired([multi.per_million(wanted) for multi, _ in pairs], [one.per_million(wanted) for _, one in pairs])
    if found.interval is None:
        return f"{found.mean:+.0f}"
    low, high = found.interval
    return f"{found.mean:+.0f} ({low:+.0f} to {high:+.0f}), p = {found.p:.3f}, above in {found.positive} of {found.n}"


def details(skill: float, arms: Sequence[Arm]) -> list[str]:
    """What the multi-turn runs were rejected for, and what they spent."""
    chains = [chain for arm in arms for chain in arm.chains]
    made = sum((arm.made for arm in arms), Counter[str]())
    reasons = Counter(rejection.reason for chain in chains for rejection in chain.rejections)
    turns = Counter(turn.turn for chain in chains for turn in chain.turns if turn.problem_id)
    stages = add_spends(spend for chain in chains for spend in chain.spent)
    spent = ", ".join(f"{s.purpose} {s.requests:,} requests and {s.tokens:,} tokens" for s in stages)
    wrong = ", ".join(f"{count} {kind}" for kind, count in sorted(made.items()) if kind not in ("", "none"))
    return [
        f"Skill {skill}, multi-turn. Rejected: {', '.join(f'{n} `{name}`' for name, n in reasons.most_common())}. "
        f"Kept by turn: {', '.join(f'{turn}: {turns[turn]}' for turn in sorted(turns))}. Spent: {spent}. "
        f"Mistakes that the endpoint made: {wrong}.",
        "",
    ]


def main() -> None:
    """Run, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chains", type=int, default=6, help="multi-turn chains for each seed")
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--attempts", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--skills", type=float, nargs="+", default=[0.0, 1.0, 2.0], help="of the student, in logits")
    parser.add_argument("--rate", type=float, default=0.03, help="of every kind of mistake")
    options = parser.parse_args()
    report = [
        "# Multi-turn against single-turn through a scripted endpoint", "",
        f"Written by `benchmarks/llm_path.py`: {options.seeds} seeds, {options.chains} chains of {options.turns} turns "
        f"each, {options.attempts} attempts, every kind of mistake at {options.rate:.0%}. Single-turn has as many "
        "chains as the tokens of the multi-turn run of the same seed pay for. Kept problems are distinct. Skill is "
        "the student's, in logits.", "",
        "| skill | mode | chains | proposed | kept | per proposed | easy / easy-medium / medium / hard | tokens "
        "| kept per million tokens |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    differences = [
        "| skill | kept per million tokens, multi-turn less single-turn | only medium and hard ones |", "|---|---|---|"
    ]  # fmt: skip
    more: list[str] = []
    for skill in options.skills:
        pairs = [one_seed(skill, seed, options) for seed in range(options.seeds)]
        report.append(row("multi-turn", skill, [multi for multi, _ in pairs]))
        report.append(row("single-turn", skill, [single for _, single in pairs]))
        differences.append(f"| {skill} | {difference(pairs, lambda _: True)} | {difference(pairs, not_easy)} |")
        more += details(skill, [multi for multi, _ in pairs])
    note = "Means over seeds with 95% intervals, and p by the paired t test; seeds in which multi-turn was above."
    text = "\n".join([*report, "", *differences, "", note, "", *more])
    print(text)
    RESULTS.write_text(text.rstrip() + "\n")


if __name__ == "__main__":
    main()
