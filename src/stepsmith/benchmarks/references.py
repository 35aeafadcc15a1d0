"""What the reference of an EvalPlus problem returns for each input: run once in the sandbox, and kept on disk."""

from pathlib import Path

import msgspec

from stepsmith.benchmarks.harness import RULES, harness_program, run_samples
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.core.errors import CaseError, SandboxError
from stepsmith.core.ids import content_id
from stepsmith.core.records import Limits, Record
from stepsmith.judge.protocol import Judge
from stepsmith.store.folder_lock import write_whole

TIME_S = 300.0  # CPU seconds for a reference on all inputs


class ReferenceOutputs(Record, frozen=True, kw_only=True):
    """Outputs as the harness packs them (never unpacked outside the sandbox), and the CPU seconds of each input."""

    packed: str
    seconds: tuple[float, ...]


class References:
    """Computes outputs of references when they are first asked for. With ``folder`` they are kept there."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._known: dict[str, ReferenceOutputs] = {}

    def outputs(self, judge: Judge, problem: BenchmarkProblem, dataset: str) -> ReferenceOutputs:
        """Return what the reference of a problem returns. Raises ``CaseError`` if it fails on one of its inputs."""
        key = content_id("reference", RULES, dataset, problem.entry_point, problem.reference, problem.inputs)
        if key not in self._known:
            file = None if self.folder is None else self.folder / f"{key}.json"
            if file is not None and file.is_file():
                self._known[key] = msgspec.json.decode(file.read_bytes(), type=ReferenceOutputs)
            else:
                self._known[key] = found = _computed(judge, problem, dataset)
                if file is not None:
                    file.parent.mkdir(parents=True, exist_ok=True)
                    write_whole(file, msgspec.json.encode(found))
        return self._known[key]


def reference_program(problem: BenchmarkProblem, dataset: str, packed: str = "") -> str:
    """Return the harness program for the inputs of a problem. They and the outputs stand in it as texts."""
    data = {"DATASET": dataset, "ENTRY_POINT": problem.entry_point, "INPUTS": problem.inputs, "EXPECTED": packed}
    lines = [harness_program("run_inputs"), *(f"{name} = {value!r}" for name, value in data.items())]
    return "\n".join(lines) + "\n"


def _computed(judge: Judge, problem: BenchmarkProblem, dataset: str) -> ReferenceOutputs:
    limits = Limits(time_s=TIME_S, wall_s=4 * TIME_S, memory_mb=4096, output_mb=256)
    code = reference_program(problem, dataset)
    (run,) = run_samples(judge, code, limits, [(problem.reference,)], "expected_outputs")
    if run.status == "error":
        raise SandboxError(f"the reference of {problem.task_id} could not be run: {run.text}")
    if run.status != "passed":
        said = run.text or run.status
        raise CaseError(f"the reference of {problem.task_id} fails on its own inputs ({said}); the file is damaged")
    packed, seconds = run.details
    return ReferenceOutputs(packed=packed, seconds=tuple(seconds))
