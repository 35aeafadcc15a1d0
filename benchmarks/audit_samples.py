"""Gather further programs for HumanEval and MBPP, as samples for ``stepsmith audit --samples``.

``python benchmarks/audit_samples.py BENCHMARKS OUT [--labels FILE] [CLONE ...]``: BENCHMARKS is the folder with
``HumanEval.jsonl.gz``, ``HumanEvalPlus-Mini.jsonl.gz`` and ``MbppPlus.jsonl.gz``. EvalPlus' references are always
taken. ``--labels`` names a benchmark of labelled programs (``dual_verify.dev.jsonl``). Clones are of public
repositories: ``microsoft/CodeT`` (CodeGen-16B, ``CODET`` samples for each problem), ``FloridSleeves/LLMDebugger``
(GPT-3.5) and ``noahshinn/reflexion`` (GPT-4); none of their code runs. Programs that parse to the same tree are taken
once.
"""

import argparse
import ast
import gzip
import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from stepsmith.core.ids import derive_rng

CODET = 12
CODET_FILE = "HumanEval_codegen16B_temp0.8_topp0.95_num100_max300_code_solution.jsonl"
LEFT_OUT = {"HumanEval/45", "HumanEval/53", "HumanEval/56"}  # in the benchmark of labels, of other problems


class Sample(NamedTuple):
    """A program for a task, and where it is from."""

    task: str
    code: str
    origin: str


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def packed(path: Path) -> list[dict[str, Any]]:
    return rows(gzip.decompress(path.read_bytes()).decode())


def files_of(clone: Path) -> list[str]:
    listed = subprocess.run(
        ["git", "-C", clone, "ls-tree", "-r", "--name-only", "HEAD"], capture_output=True, check=True
    )
    return sorted(listed.stdout.decode().split("\n"))


def text_of(clone: Path, name: str) -> str:
    shown = subprocess.run(["git", "-C", clone, "show", f"HEAD:{name}"], capture_output=True, check=True)
    return shown.stdout.decode()


def references(benchmarks: Path) -> Iterator[Sample]:
    for row in packed(benchmarks / "HumanEvalPlus-Mini.jsonl.gz"):
        yield Sample(row["task_id"], row["prompt"] + row["canonical_solution"], "EvalPlus")
    for row in packed(benchmarks / "MbppPlus.jsonl.gz"):
        yield Sample(row["task_id"], row["canonical_solution"], "EvalPlus")


def labelled(file: Path) -> Iterator[Sample]:
    for row in rows(file.read_text()):
        if row["problem_id"] not in LEFT_OUT:
            yield from (Sample(row["problem_id"], c["code"], file.name) for c in row["candidates"])


def repaired(clone: Path) -> Iterator[Sample]:
    """Yield the programs that LLMDebugger and Reflexion publish: the last one of each row, and those before it."""
    for name in files_of(clone):
        wanted = re.search(r"human_?eval|mbpp", name) and re.search(r"^results/|/seed/|root/.*_py", name)
        if not (wanted and name.endswith(".jsonl")) or "_rs" in name or "testacc" in name:
            continue
        for row in rows(text_of(clone, name)):
            task = str(row.get("task_id") or row.get("name"))
            number = re.match(r"(?:MBPP/|mbpp_)(\d+)", task)
            programs = [row.get("solution"), *(row.get("implementations") or [])]
            yield from (Sample(f"Mbpp/{number[1]}" if number else task, p, clone.name) for p in programs if p)


def of_codet(clone: Path, benchmarks: Path) -> Iterator[Sample]:
    heads = packed(benchmarks / "HumanEval.jsonl.gz")
    by_prompt = {row["prompt"].strip(): row["task_id"] for row in heads}
    by_name = Counter(row["entry_point"] for row in heads)
    alone = {row["entry_point"]: row["task_id"] for row in heads if by_name[row["entry_point"]] == 1}
    name = next(name for name in files_of(clone) if name.endswith(CODET_FILE))
    for row in rows(text_of(clone, name)):
        task = by_prompt.get(row["prompt"].strip()) or alone.get(re.findall(r"def (\w+)\(", row["prompt"])[-1])
        programs = [row["prompt"] + sample for sample in row["samples"] if tree_of(row["prompt"] + sample)]
        if task:
            some = derive_rng(0, "codet", task).sample(programs, min(CODET, len(programs)))
            yield from (Sample(task, program, clone.name) for program in some)


def tree_of(code: str) -> str:
    """Return what two programs that say the same have in common; "" for one that does not parse."""
    try:
        return ast.dump(ast.parse(code))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("benchmarks", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--labels", type=Path, action="append", default=[])
    parser.add_argument("clones", type=Path, nargs="*")
    given = parser.parse_intermixed_args()
    found = [*references(given.benchmarks)]
    found += [sample for file in given.labels for sample in labelled(file)]
    for clone in given.clones:
        is_codet = any(name.endswith(CODET_FILE) for name in files_of(clone))
        found += of_codet(clone, given.benchmarks) if is_codet else repaired(clone)
    distinct = {(s.task, tree): s for s in reversed(found) if (tree := tree_of(s.code))}
    order = sorted(distinct.values(), key=lambda s: (s.task, s.origin, s.code))
    lines = [json.dumps({"task_id": s.task, "solution": s.code, "origin": s.origin}) for s in order]
    given.out.write_text("".join(f"{line}\n" for line in lines))
    print(len(order), "programs for", len({s.task for s in order}), "tasks:", dict(Counter(s.origin for s in order)))


if __name__ == "__main__":
    main()
