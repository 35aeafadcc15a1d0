"""For NeMo Gym: a resources server that asks our judge, its configuration, and rows in its form."""

from pathlib import Path

import msgspec

from stepsmith.core.records import Problem
from stepsmith.core.stats import likely_band
from stepsmith.exports.bundle import Bundle, ExportSettings
from stepsmith.exports.jsonl import write_lines
from stepsmith.exports.plain import not_plain, plain_tests
from stepsmith.exports.templates import filled
from stepsmith.scoring.tests import split_tests
from stepsmith.train.verl.rows import ground_truth, prompt_of
from stepsmith.train.verl.standalone import standalone

EXAMPLES = 5  # rows of `example.jsonl`, as NeMo Gym's own servers have
LICENSES = {
    "Apache-2.0": "Apache 2.0",
    "MIT": "MIT",
    "CC-BY-4.0": "Creative Commons Attribution 4.0 International",
    "CC-BY-SA-4.0": "Creative Commons Attribution-ShareAlike 4.0 International",
    "GPL-3.0-only": "GNU General Public License v3.0",
}  # NeMo Gym knows these names and a few more; any other licence is "TBD"
USAGE = """\
A resources server for NeMo Gym 0.7, judged by a running `stepsmith judge serve`. From the folder that holds
`resources_servers/` (copy it into a checkout of NeMo Gym, or work in FOLDER):

    gym dataset collate --config resources_servers/MODULE/configs/MODULE.yaml --mode example_validation

What cannot be judged has `mask_sample` and the `failure_kind` "verifier_error". Rows of plain problems also have
`unit_tests` for NeMo Gym's own `code_gen` server, which compares outputs as they are and runs programs unconfined.
"""


def refuses(_problem: Problem) -> str | None:
    """Return None: the judge serves every environment, with any checker."""
    return None


def write(bundle: Bundle, folder: Path) -> None:
    """Write ``resources_servers/MODULE``."""
    settings = bundle.settings
    server = folder / "resources_servers" / settings.module
    for part in ("configs", "data"):
        (server / part).mkdir(parents=True)
    marks = {
        "MODULE": settings.module,
        "JUDGE_URL": settings.judge_url,
        "LICENSE": LICENSES.get(settings.license, "TBD"),
    }
    (server / "app.py").write_text(filled("nemo_gym/app.py", marks), "utf-8")
    (server / "configs" / f"{settings.module}.yaml").write_text(filled("nemo_gym/config.yaml", marks), "utf-8")
    (server / "judging.py").write_text(standalone("stepsmith.train.verl.reward"), "utf-8")
    (server / "requirements.txt").write_text("nemo-gym\n", "utf-8")
    parts = {"train": bundle.train, "validation": bundle.test, "example": bundle.problems[:EXAMPLES]}
    for half, problems in parts.items():
        write_lines(server / "data" / f"{half}.jsonl", (row(problem, settings) for problem in problems))


def row(problem: Problem, settings: ExportSettings) -> dict[str, object]:
    """Return the row of a problem."""
    measured = problem.pass_rate
    known: dict[str, object] = {
        "problem": problem.id,
        "chain": problem.lineage.chain_id,
        "environment": problem.environment,
        "band": measured.claimed_band if measured else None,
        "likely_band": likely_band(measured),
        "ground_truth": msgspec.json.encode(ground_truth(problem, settings.tests)).decode(),
    }
    if not_plain(problem) is None:
        tests = plain_tests(problem, split_tests(problem, settings.tests).rewarded)
        entry = problem.contract.entry_point
        known["unit_tests"] = {
            "inputs": [test.input for test in tests],
            "outputs": [test.output for test in tests],
            "fn_name": entry.rpartition(".")[2] if entry else None,
        }
    asked = [{"role": "user", "content": prompt_of(problem, settings.form)}]
    return {"responses_create_params": {"input": asked}, "verifier_metadata": known}
