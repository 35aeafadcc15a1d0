"""The model path driven by a scripted endpoint: `python benchmarks/llm_path.py [--chains 12] [--seeds 3]`.

A server on loopback plays teacher (problems of the offline grammar, with mistakes at stated rates) and student (a
stated skill model) through the real client, prompts, parsers, filters and books. Shown are yields, rejections, tokens
and cost, and multi-turn against single-turn synthesis at equal tokens: of the single-turn run as many chains are
counted, in order, as the multi-turn run had tokens for. The figures say how the path works, not how good a model is.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the scripted endpoint lives with the tests

from tests.synth.llm.scripted_server import FAULTY, MUTE, UNREADABLE, ScriptedServer

from stepsmith.core.records import Chain
from stepsmith.core.stats import band_of
from stepsmith.llm.records import ModelSpec, Prices, Sampling
from stepsmith.pipeline.config import Config, Mode, SynthSettings
from stepsmith.pipeline.models import add_spends
from stepsmith.pipeline.players import settled
from stepsmith.pipeline.synthesis import growing
from stepsmith.synth.skill import SkillModel

PRICES = Prices(input=0.6, output=2.2)
PILOT = 12  # single-turn chains that tell how many are needed


def configuration(server: ScriptedServer, memory: Path, mode: Mode, seed: int, turns: int, attempts: int) -> Config:
    """A run against the server."""
    sampling = Sampling(max_tokens=1000)
    models = {
        name: ModelSpec(name=name, base_url=server.url, model=name, prices=PRICES, sampling=sampling)
        for name in ("teacher", "student")
    }
    synth = SynthSettings(teacher="teacher", student="student", mode=mode, seed=seed, turns=turns, attempts=attempts)
    return settled(Config(models=models, synth=synth, memory=str(memory)))


def grown(config: Config, indices: Sequence[int]) -> list[Chain]:
    """Grow chains and return them in order."""
    with growing(config, indices, "benchmark") as (chains, _):
        return sorted(chains, key=lambda chain: chain.index)


def tokens(chains: Sequence[Chain]) -> int:
    """Tokens that the chains used."""
    return sum(spend.tokens for chain in chains for spend in chain.spent)


def kept(chains: Sequence[Chain]) -> int:
    """Problems that are different from each other."""
    return len({problem.id for chain in chains for problem in chain.problems})


def within(chains: Sequence[Chain], budget: int) -> list[Chain]:
    """The first chains that ``budget`` tokens pay for."""
    chosen: list[Chain] = []
    for chain in chains:
        if tokens([*chosen, chain]) > budget:
            break
        chosen.append(chain)
    return chosen


def describe(name: str, chains: Sequence[Chain]) -> dict[str, object]:
    """One arm's figures, printed."""
    proposed = sum(chain.proposed for chain in chains)
    bands = Counter(band_of(p.pass_rate.rate) for chain in chains for p in chain.problems if p.pass_rate)
    used = tokens(chains)
    row: dict[str, object] = {
        "arm": name,
        "chains": len(chains),
        "proposed": proposed,
        "kept": kept(chains),
        "kept_per_proposed": round(kept(chains) / max(1, proposed), 3),
        "tokens": used,
        "kept_per_million_tokens": round(1e6 * kept(chains) / max(1, used), 1),
        "bands": dict(sorted(bands.items())),
    }
    print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return row


def one_seed(seed: int, options: argparse.Namespace, rates: dict[str, float]) -> dict[str, object]:
    """Both arms for one seed of the run."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ScriptedServer(rates=rates, student=SkillModel(skill=options.skill)) as s,
    ):
        memory = Path(folder) / "m.sqlite"
        started = time.monotonic()
        multi_config = configuration(s, memory, "multi-turn", seed, options.turns, options.attempts)
        multi = grown(multi_config, range(options.chains))
        seconds = time.monotonic() - started
        made = {kind: count for kind, count in sorted(s.made.items()) if kind}
        single_config = configuration(s, memory, "single-turn", seed, options.turns, options.attempts)
        pilot = grown(single_config, range(PILOT))
        needed = round(1.3 * PILOT * tokens(multi) / max(1, tokens(pilot))) + PILOT
        single = within(grown(single_config, range(needed)), tokens(multi))  # the pilot's chains are remembered
    print(f"\nseed {seed}: {seconds:.1f} s for the multi-turn run")
    rows = [describe("multi-turn", multi), describe("single-turn", single)]
    reasons = Counter(rejection.reason for chain in multi for rejection in chain.rejections)
    spent = add_spends(spend for chain in multi for spend in chain.spent)
    print("  rejected (multi-turn): " + ", ".join(f"{count} {reason}" for reason, count in reasons.most_common()))
    print("  mistakes that the endpoint made: " + ", ".join(f"{count} {kind}" for kind, count in made.items()))
    for spend in spent:
        print(f"  {spend.purpose:16} {spend.requests:5} requests {spend.tokens:9,} tokens  ${spend.usd:.4f}")
    by_turn = Counter(turn.turn for chain in multi for turn in chain.turns if turn.problem_id)
    print("  kept by turn: " + ", ".join(f"{turn}: {by_turn[turn]}" for turn in range(1, options.turns + 1)))
    return {"seed": seed, "arms": rows, "rejected": dict(reasons), "made": made, "kept_by_turn": dict(by_turn)}


def main() -> None:
    """Run and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, default=12)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--attempts", type=int, default=16)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--skill", type=float, default=1.0, help="of the student, in logits")
    parser.add_argument("--rate", type=float, default=0.03, help="of every kind of mistake")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    rates = dict.fromkeys((*UNREADABLE, *FAULTY, *MUTE), options.rate)
    results = [one_seed(seed, options, rates) for seed in range(options.seeds)]
    ratios = []
    for result in results:
        multi, single = result["arms"]  # type: ignore[misc]
        ratios.append(multi["kept_per_million_tokens"] / max(0.1, single["kept_per_million_tokens"]))
    spread = statistics.stdev(ratios) if len(ratios) > 1 else 0.0
    mean = statistics.mean(ratios)
    print(f"\nkept per token, multi-turn over single-turn: {mean:.2f} ± {spread:.2f} over {len(ratios)} seeds")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
