"""Audit further public data with chosen checks: what the precision of kinds that benchmarks do not show was read from.

``python benchmarks/audit_public.py rows OUT CLONE ...``: write what the clones of public repositories hold into OUT, as
rows that ``stepsmith audit`` reads, and Kattis packages as folders in OUT/packages. Which clone is of which repository
is seen by its files: ``newfacade/LeetCodeDataset``, ``justinchiu-test/codecontests-repo``, ``OckBench/OckBench`` (MBPP
beyond the sanitized set), ``FloridSleeves/LLMDebugger`` (TransCoder), ``amazon-science/mxeval`` (MathQA),
``exercism/problem-specifications`` with ``exercism/python``, and any with Kattis packages. None of their code runs
here; the audit runs programs in the sandbox.
``python benchmarks/audit_public.py audit SOURCE FILE [--checks NAME,...] [--step N] [--skip N] [--count N]
[--inputs N] [--mutants N]``: make these checks alone, on every Nth row, and append a line for each problem to FILE. The
same command goes on where it was stopped.
``python benchmarks/audit_public.py show FILE ... [--kind KIND]``: count the findings, or print those of a kind.
"""

import argparse
import ast
import gzip
import io
import json
import posixpath
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from stepsmith.audit.auditing import run_checks
from stepsmith.audit.checks import PROBLEM_CHECKS
from stepsmith.audit.sources import Problems
from stepsmith.audit.subject import AuditItem, AuditOptions, ProblemSubject
from stepsmith.judge.local import LocalJudge
from stepsmith.verify.formats.reading import ProblemSource

LEETCODE = "data/LeetCodeDataset-v0.2.0-train.jsonl.gz"
TRANSCODER = "input_data/transcoder/dataset/probs.jsonl"
MATHQA = "data/multilingual_mathqa/mathqa-test-python_v1.jsonl"
MBPP = "data/mbpp.jsonl"
CONTESTS = "problems_original/"
CANONICAL, EXERCISES = "canonical-data.json", "exercises/practice/"

Row = dict[str, Any]


class Clone:
    """The files of a clone's newest commit. Files that a snapshot leaves out are no files."""

    def __init__(self, path: Path) -> None:
        self.path = path
        listed = self._git("ls-tree", "-r", "-l", "--full-tree", "HEAD").decode().splitlines()
        entries = [(line.split("\t", 1)[1], line.split()) for line in listed]
        self.blobs = {name: words[2] for name, words in entries if words[3].isdigit()}
        links = [name for name, words in entries if words[0] == "120000"]
        for name, target in [*self.all_data(links)]:
            place = posixpath.normpath(posixpath.join(posixpath.dirname(name), target.decode()))
            self.blobs[name] = self.blobs.get(place, "")
        self.blobs = {name: blob for name, blob in self.blobs.items() if blob}

    def text(self, name: str) -> str:
        """Return a file's text; gzipped ones are opened."""
        data = self.data(name)
        return (gzip.decompress(data) if name.endswith(".gz") else data).decode("utf-8", "replace")

    def data(self, name: str) -> bytes:
        return self._git("cat-file", "blob", self.blobs[name])

    def all_data(self, names: list[str]) -> Iterator[tuple[str, bytes]]:
        """Yield (name, content) of many files."""
        asked = "".join(f"{self.blobs[name]}\n" for name in names)
        out = io.BytesIO(self._git("cat-file", "--batch", given=asked))
        for name in names:
            size = int(out.readline().split()[2])
            yield name, out.read(size)
            out.read(1)

    def _git(self, *words: str, given: str = "") -> bytes:
        done = subprocess.run(["git", "-C", self.path, *words], input=given.encode(), capture_output=True, check=True)
        return done.stdout


def json_lines(text: str) -> Iterator[Row]:
    yield from (json.loads(line) for line in text.split("\n") if line.strip())


# Rows of HumanEval's form


def docstring(text: str) -> str:
    text = text.replace("\\", "\\\\").replace('"""', "'''").replace("\u00a0", " ")
    return '    """\n' + "".join(f"    {line}\n" if line.strip() else "\n" for line in text.splitlines()) + '    """\n'


def leetcode(clone: Clone) -> Iterator[Row]:
    """Yield problems whose method has plain parameters, as functions that call the method."""
    for row in json_lines(clone.text(LEETCODE)):
        about = row.get("meta") or {}
        text = about.get("question_title") or row.get("problem_description") or ""
        head = about.get("lang_code") or row.get("starter_code") or ""
        name = row["entry_point"].split(".")[1]
        method = function_of(row["completion"], name)
        if method is None or re.search(r"TreeNode|ListNode|'Node'|Optional\[Node\]", head):
            continue
        parameters = [p for p in method.args.args if p.arg != "self"]
        test = positional(row["test"], [p.arg for p in parameters])
        if not parameters or not test:
            continue
        signature = ", ".join(map(ast.unparse, parameters))
        returns = f" -> {ast.unparse(method.returns)}" if method.returns else ""
        call = f"Solution().{name}({', '.join(p.arg for p in parameters)})"
        yield {
            "task_id": f"leetcode/{row['task_id']}",
            "prompt": f"{row['prompt']}\n\ndef {name}({signature}){returns}:\n{docstring(text)}",
            "canonical_solution": f"    return {call}\n\n\n{row['completion']}\n",
            "test": test,
            "entry_point": name,
        }


def function_of(code: str, name: str) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return None
    return next((n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == name), None)


def positional(test: str, names: list[str]) -> str:
    """Return tests with the arguments of ``candidate`` by position; "" where that cannot be done."""
    try:
        tree = ast.parse(test)
    except SyntaxError:
        return ""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "candidate":
            named = {str(k.arg): k.value for k in call.keywords}
            if named and (call.args or set(named) != set(names)):
                return ""
            call.args, call.keywords = ([named[n] for n in names] if named else call.args), []
    return ast.unparse(tree) + "\n"


def transcoder(clone: Clone) -> Iterator[Row]:
    for row in json_lines(clone.text(TRANSCODER)):
        name, code = row["entry_point"], row["canonical_solution"]
        function = function_of(code, name)
        if function is None:
            continue
        source = row["prompt"].rsplit("[c++]", 1)[1].rsplit("[python]", 1)[0].strip()
        call = f"reference({', '.join(p.arg for p in function.args.args)})"
        renamed = re.sub(rf"\b{re.escape(name)}\b", "reference", code)
        task = docstring(f"Translate this C++ program into Python.\n\n{source}")
        yield {
            "task_id": row["task_id"],
            "prompt": f"def {name}({ast.unparse(function.args)}):\n{task}",
            "canonical_solution": f"    return {call}\n\n\n{renamed}\n",
            "test": row["test"],
            "entry_point": name,
        }


def mathqa(clone: Clone) -> Iterator[Row]:
    """Yield problems without parameters, whose tests are one assertion."""
    for row in json_lines(clone.text(MATHQA)):
        test = re.sub(
            r"^candidate = problem\n(assert .*)\n", r"def check(candidate):\n    \1\n", row["test"], flags=re.M
        )
        yield {**row, "test": test.replace("def check(x): pass\n", "")}


# Rows of Stepsmith's form


def contests(clone: Clone) -> Iterator[Row]:
    texts = {n: d.decode("utf-8", "replace") for n, d in clone.all_data([n for n in clone.blobs if CONTESTS in n])}
    for name, text in sorted(texts.items()):
        top = name.removesuffix("/PROBLEM.md")
        program = texts.get(f"{top}/main.py")
        inputs = [n for n in texts if n.startswith(f"{top}/tests/input_")]
        inputs = sorted(inputs, key=lambda n: int(re.findall(r"(\d+)\.txt", n)[0]))
        pairs = [(texts[n], texts[o]) for n in inputs if (o := n.replace("input_", "output_")) in texts]
        if top != name and program and pairs:
            yield {
                "problem_id": top.split("/")[-1],
                "interface": "stdio",
                "statement": text.split("## Description", 1)[-1].split("## Categories", 1)[0].strip(),
                "inputs": [given for given, _ in pairs],
                "outputs": [output for _, output in pairs],
                "candidates": [{"language": "python", "code": program, "verdict": "AC"}],
            }


def exercism(specifications: Clone, track: Clone) -> Iterator[Row]:
    """Yield exercises that are one function: the examples' programs, and the canonical cases as tests.

    The parameters are taken in the order of the cases. Programs that have another number of them are left out.
    """
    for name in sorted(n for n in specifications.blobs if n.endswith(CANONICAL)):
        slug_ = name.split("/")[1]
        program = f"{EXERCISES}{slug_}/.meta/example.py"
        if program not in track.blobs:
            continue
        code = track.text(program)
        groups: dict[str, list[Row]] = {}
        cases = list(cases_of(json.loads(specifications.text(name))))
        replaced = {case.get("reimplements") for case in cases}
        for case in (case for case in cases if case["uuid"] not in replaced):
            groups.setdefault(re.sub(r"(?<!^)(?=[A-Z])", "_", case["property"]).lower(), []).append(case)
        for function, cases in groups.items():
            outer = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
            node = next((node for node in outer if node.name == function), None)
            if node is None or len(node.args.args) != len(cases[0]["input"]):
                continue
            yield {
                "problem_id": f"exercism/{slug_}/{function}",
                "interface": "function",
                "entry_point": function,
                "statement": track.text(f"{EXERCISES}{slug_}/.docs/instructions.md"),
                "inputs": [repr(tuple(case["input"].values())) for case in cases],
                "outputs": [repr(case["expected"]) for case in cases],
                "candidates": [{"language": "python", "code": code, "verdict": "AC"}],
            }


def cases_of(group: Row) -> Iterator[Row]:
    for case in group.get("cases", []):
        if "cases" in case:
            yield from cases_of(case)
        elif isinstance(case.get("input"), dict) and not (
            isinstance(case["expected"], dict) and "error" in case["expected"]
        ):
            yield case


# Writing


def write_rows(out: Path, paths: list[Path]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    clones = [Clone(path) for path in paths]
    track = next((c for c in clones if any(n.startswith(EXERCISES) for n in c.blobs)), None)
    for clone in clones:
        found: dict[str, Iterator[Row]] = {}
        if LEETCODE in clone.blobs:
            found["leetcode"] = leetcode(clone)
        if TRANSCODER in clone.blobs:
            found["transcoder"] = transcoder(clone)
        if MATHQA in clone.blobs:
            found["mathqa"] = mathqa(clone)
        if MBPP in clone.blobs:
            found["mbpp"] = json_lines(clone.text(MBPP))
        if any(name.startswith(CONTESTS) for name in clone.blobs):
            found["contests"] = contests(clone)
        if track and any(name.endswith(f"/{CANONICAL}") for name in clone.blobs):
            found["exercism"] = exercism(clone, track)
        for name, rows in found.items():
            lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows]
            (out / f"{name}.jsonl").write_text("".join(lines))
            print(name, len(lines))
        packages(clone, out / "packages")


def packages(clone: Clone, out: Path) -> None:
    """Write the Kattis packages of a clone. Tests of which a file is missing are left out."""
    label = clone.path.parent.name if clone.path.name in ("repo", ".git") else clone.path.name
    tops = [name.removesuffix("problem.yaml") for name in clone.blobs if name.split("/")[-1] == "problem.yaml"]
    for top in tops:
        files = [n for n in clone.blobs if n.startswith(top) and not n.endswith((".pdf", ".png", ".zip"))]
        kept = [n for n in files if not n.endswith((".in", ".ans")) or {n, partner(n)} <= clone.blobs.keys()]
        if not any(n.endswith(".ans") for n in kept):
            continue
        folder = out / re.sub(r"[^\w.-]+", "-", f"{label}-{top.rstrip('/').split('/')[-1] or 'problem'}")
        for name, data in clone.all_data(kept):
            place = folder / name.removeprefix(top)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        print("package", folder.name, sum(n.endswith(".ans") for n in kept), "tests")


def partner(name: str) -> str:
    return f"{name[:-3]}.ans" if name.endswith(".in") else f"{name[:-4]}.in"


# Auditing


def audit(given: argparse.Namespace) -> None:
    names = given.checks.split(",") if given.checks else [check.name for check in PROBLEM_CHECKS]
    checks = [check for check in PROBLEM_CHECKS if check.name in names]
    options = AuditOptions(mutants=given.mutants, inputs=given.inputs, tests=0)
    known = [json.loads(line)["id"] for line in given.file.read_text().splitlines()] if given.file.exists() else []
    items = list(Problems(ProblemSource(given.source)).items())[given.skip :: given.step][: given.count]
    began = time.monotonic()
    with LocalJudge() as judge, given.file.open("a") as out:
        for number, item in enumerate(items):
            name = str(item.problem.problem_id if isinstance(item, AuditItem) else item.problem_id)
            if name in known:
                continue
            line: Row = {"id": name}
            if isinstance(item, AuditItem):
                findings, made, lacking = run_checks(ProblemSubject(item, judge, options), checks)
                line |= {"findings": msgspec.to_builtins(findings), "made": made}
                line["lacking"] = [[gap.check, gap.reason] for gap in lacking]
            else:
                line["unread"] = item.detail
            out.write(json.dumps(line) + "\n")
            out.flush()
            if number % 20 == 0:
                print(f"{number} of {len(items)}, {time.monotonic() - began:.0f} s", flush=True)


def show(given: argparse.Namespace) -> None:
    counts: Counter[str] = Counter()
    made: Counter[str] = Counter()
    for line in (json.loads(text) for file in given.files for text in file.read_text().splitlines()):
        made.update(line.get("made", ()))
        for finding in line.get("findings", ()):
            counts[finding["kind"] + (", ambiguous" if finding.get("ambiguous") else "")] += 1
            if finding["kind"] == given.kind and not finding.get("ambiguous"):
                print(line["id"], "|", finding["message"])
    if not given.kind:
        print("problems checked:", dict(made))
        print("findings:", dict(sorted(counts.items())))


def main() -> None:
    sys.setrecursionlimit(10_000)
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("rows")
    one.add_argument("out", type=Path)
    one.add_argument("clones", type=Path, nargs="+")
    one.set_defaults(run=lambda given: write_rows(given.out, given.clones))
    two = commands.add_parser("audit")
    two.add_argument("source", type=Path)
    two.add_argument("file", type=Path)
    two.add_argument("--checks", default="")
    for option, default in (("step", 1), ("skip", 0), ("count", 10**9), ("inputs", 60), ("mutants", 0)):
        two.add_argument(f"--{option}", type=int, default=default)
    two.set_defaults(run=audit)
    three = commands.add_parser("show")
    three.add_argument("files", type=Path, nargs="+")
    three.add_argument("--kind", default="")
    three.set_defaults(run=show)
    given = parser.parse_args()
    given.run(given)


if __name__ == "__main__":
    main()
