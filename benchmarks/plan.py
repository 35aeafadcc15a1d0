"""Predict a run before it is made, then make it: `python benchmarks/plan.py [--chains 60] [--pilot 12] [--repeats 3]`.

A pilot of the first chains predicts a run of the same configuration with another seed on this machine, described as a
cluster of one node. Then the run is made, and the table says what was predicted and what came. The prediction is for as
many problems as the run kept.
"""

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

import msgspec

from stepsmith.llm.estimates import Range
from stepsmith.pipeline.config import Config, with_changes
from stepsmith.pipeline.forecast import sample_chains
from stepsmith.pipeline.planning import ClusterDescription, NodeGroup, plan
from stepsmith.pipeline.synthesis import NoObserver, synthesize


def config(seed: int, chains: int, profile: str) -> Config:
    """The configuration of the pilot and of the run."""
    synth = {"profile": profile, "turns": 3, "attempts": 8, "chains": chains, "seed": seed}
    return with_changes(Config(), workers=None, allow_unsafe=None, synth=synth)


def main() -> None:
    """Predict, run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, default=60)
    parser.add_argument("--pilot", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--profile", default="micro")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    here = ClusterDescription(nodes=(NodeGroup(cores=cores),), start_s=2.0)
    inside, rows = 0, []
    print(f"{cores} cores, load {os.getloadavg()[0]:.1f} at start")
    for repeat in range(options.repeats):
        before = os.getloadavg()[0]
        pilot = sample_chains(config(100 + repeat, options.pilot, options.profile), options.pilot, NoObserver())
        run = config(200 + repeat, options.chains, options.profile)
        with tempfile.TemporaryDirectory() as name:
            out = Path(name) / "run"
            between, started = os.getloadavg()[0], time.monotonic()
            manifest = synthesize(run, out)
            seconds = time.monotonic() - started
            print(f"load {before:.1f} before the pilot, {between:.1f} before the run, {os.getloadavg()[0]:.1f} after")
            data = sum((out / file).stat().st_size for file in ("work.sqlite", "problems.parquet", "rejected.parquet"))
        found = plan(run, here, pilot, manifest.counts.accepted)
        scaled = Range(**{key: 3600 * value for key, value in msgspec.structs.asdict(found.hours).items()})
        storage = Range(**{key: 1e3 * value for key, value in msgspec.structs.asdict(found.storage_gb).items()})
        for what, expected, came in (
            ("seconds", scaled, seconds),
            ("chains", found.chains, options.chains),
            ("executions", found.executions, manifest.counts.executions),
            ("programs", found.programs, manifest.counts.judged_programs),
            ("storage, MB", storage, data / 1e6),
        ):
            hit = expected.low <= came <= expected.high
            inside += hit
            rows.append({"what": what, "came": came, **msgspec.structs.asdict(expected)})
            print(
                f"{what:12} predicted {expected.expected:8.4g} ({expected.low:.4g} to {expected.high:.4g}), "
                f"came {came:8.4g} {'' if hit else 'OUTSIDE'}",
                flush=True,
            )
    print(f"{inside} of {len(rows)} inside their 95% intervals")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
