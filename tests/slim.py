"""Run by `make slim` in an environment without extras: everything of the base install imports, and `synth` works."""

import importlib
import importlib.util
import pkgutil
import subprocess
import sys
import tempfile
from pathlib import Path

import stepsmith

ABSENT = ("torch", "ray", "plotly", "starlette", "openai", "trl", "datasets", "rensa")
NEED_AN_EXTRA = (  # what the base install does not have to import
    "stepsmith.audit.page",
    "stepsmith.curate.",
    "stepsmith.evaluate.contamination",
    "stepsmith.llm.transport",
    "stepsmith.pipeline.endpoint_roles",
    "stepsmith.pipeline.machine",
    "stepsmith.pipeline.training_run",
    "stepsmith.prompts.library",
    "stepsmith.report.",
    "stepsmith.serve.",
    "stepsmith.synth.llm.",
    "stepsmith.synth.two_stage.",
    "stepsmith.train.decoding",
    "stepsmith.train.evaluation",
    "stepsmith.train.policy",
    "stepsmith.train.recording",
    "stepsmith.train.rl",
    "stepsmith.train.running",
    "stepsmith.train.sft",
    "stepsmith.train.student",
    "stepsmith.view.",
)

for name in ABSENT:
    assert importlib.util.find_spec(name) is None, f"{name} is installed: this is not a slim environment"
for module in pkgutil.walk_packages(stepsmith.__path__, "stepsmith."):
    if not module.name.startswith(NEED_AN_EXTRA):
        importlib.import_module(module.name)
with tempfile.TemporaryDirectory() as folder:
    out = Path(folder) / "run"
    command = [
        str(Path(sys.executable).with_name("stepsmith")),
        "synth",
        "--chains",
        "2",
        "--turns",
        "2",
        "--workers",
        "1",
    ]
    subprocess.run([*command, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
    assert (out / "problems.parquet").stat().st_size > 0
print("slim install: every module imports, synth runs")
