"""Problems of HumanEval and MBPP on which nothing was fitted, with published samples of other people's models.

HumanEval: the problems that ``dual_verify.dev`` does not have, 16 of the 100 samples of CodeGen-16B that CodeT
publishes. MBPP: all different programs that LLMDebugger and Reflexion publish for a problem (GPT-4, GPT-3.5,
CodeLlama, StarCoder, and what became of them in debugging). None of the code of these repositories runs, and the
samples run in the sandbox. The truth is EvalPlus' reference on up to 24 inputs of EvalPlus; a problem whose reference
fails there is left out.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from audit_samples import CODET_FILE, files_of, packed, repaired, rows, text_of
from verify_population import DEV, RecordedJudge, Subject

from stepsmith.benchmarks.evalplus_inputs import mbpp_inputs
from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Checker, Contract, Limits, Solution, Verdict
from stepsmith.verify.matrix import ExecutionMatrix

SAMPLES, INPUTS, LONGEST = 16, 24, 4000  # candidates and inputs of a problem; characters of an input
LEAST = 8  # different programs of a problem of MBPP
LEARN = 48  # of these problems of HumanEval are for fitting; the others are kept to be read


def humaneval_subjects(
    judge: RecordedJudge, benchmarks: Path, codet: Path, dev: Path = DEV, most: int | None = None
) -> list[Subject]:
    """Return the problems of HumanEval without those of the development data, in random order: the first ``most``."""
    known = {row["problem_id"] for row in rows(dev.read_text())}
    heads = packed(benchmarks / "HumanEval.jsonl.gz")
    extra = {row["task_id"]: row for row in packed(benchmarks / "HumanEvalPlus-Mini.jsonl.gz")}
    by_name: dict[str, list[str]] = defaultdict(list)
    for head in heads:
        by_name[head["entry_point"]].append(head["task_id"])
    programs: dict[str, list[str]] = {}
    name = next(name for name in files_of(codet) if name.endswith(CODET_FILE))
    for row in rows(text_of(codet, name)):
        tasks = by_name.get(re.findall(r"def (\w+)\(", row["prompt"])[-1], [])
        if len(tasks) == 1:  # those whose name two problems share are left out, as in the development data
            programs[tasks[0]] = row["samples"]
    found = []
    others = [head for head in heads if head["task_id"] not in known and head["task_id"] in programs]
    for head in derive_rng(0, "problems").sample(others, len(others)):
        task = head["task_id"]
        samples = derive_rng(0, "labels", task).sample(programs[task], SAMPLES)
        codes = [head["prompt"] + sample for sample in samples]
        inputs = [tuple(values) for values in (*extra[task]["base_input"], *extra[task]["plus_input"])]
        reference = head["prompt"] + extra[task]["canonical_solution"]
        found += _subject(judge, task, head["entry_point"], head["prompt"], inputs, reference, codes)
        if len(found) == most:
            break
    return found


def learning_subjects(judge: RecordedJudge, data: Path, codet: Path) -> list[Subject]:
    """Return those of ``humaneval_subjects`` on which the shipped model is fitted, beside the development data."""
    return humaneval_subjects(judge, data.parent / "benchmarks", codet, data, LEARN)


def mbpp_subjects(judge: RecordedJudge, benchmarks: Path, clones: Sequence[Path], most: int) -> list[Subject]:
    """Return at most ``most`` problems of MBPP+, at random, that have at least ``LEAST`` published programs."""
    programs: dict[str, dict[str, None]] = defaultdict(dict)
    for sample in (sample for clone in clones for sample in repaired(clone)):
        programs[sample.task].setdefault(sample.code)
    found = []
    enough = [row for row in packed(benchmarks / "MbppPlus.jsonl.gz") if len(programs[row["task_id"]]) >= LEAST]
    for row in derive_rng(0, "problems").sample(enough, min(most, len(enough))):
        task, codes = row["task_id"], list(programs[row["task_id"]])
        inputs = mbpp_inputs(task, [*row["base_input"], *_read(row["plus_input"])])
        found += _subject(judge, task, row["entry_point"], row["prompt"], inputs, row["canonical_solution"], codes)
    return found


def _read(inputs: Any) -> list[Any]:
    return json.loads(inputs) if isinstance(inputs, str) else inputs


def _subject(
    judge: RecordedJudge,
    name: str,
    entry_point: str,
    statement: str,
    inputs: Sequence[tuple[Any, ...]],
    reference: str,
    programs: Sequence[str],
) -> Iterator[Subject]:
    texts = list(dict.fromkeys(text for values in inputs if len(text := repr(values)) <= LONGEST))[:INPUTS]
    contract = Contract(
        interface="function", entry_point=entry_point, limits=Limits(time_s=1.0), checker=Checker(name="literal")
    )
    solutions = [Solution(language="python", code=code) for code in (reference, *programs)]
    if not texts:
        return
    matrix = ExecutionMatrix(judge, contract, solutions, texts)
    runs = matrix.row(0)
    if any(run.verdict is not Verdict.AC for run in runs):
        return
    right = tuple(
        all(r.verdict is Verdict.AC and matrix.agree(j, runs[j].output, r.output) for j, r in enumerate(matrix.row(i)))
        for i in range(1, len(solutions))
    )
    judge.save()
    truth = tuple(run.output for run in runs)
    yield Subject(name, contract, statement, tuple(texts), truth, tuple(solutions[1:]), right, right)
