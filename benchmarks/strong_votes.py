"""How often a strong model's programs are right, and alike where wrong: the figures of verify/labels/strong_solvers.py.

``python benchmarks/strong_votes.py RECORDINGS`` runs the recorded solvers of each problem (two_stage.jsonl, see its
README) on the recorded inputs. The largest behaviour is taken for the right one, which reading all of them by eye bears
out; programs that run out of time or memory, or do not compile, are left out, and so is the problem with several right
answers, which its parser refuses. RECORDINGS are not evaluation problems.
"""

import argparse
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec

from stepsmith.core.answers import code_blocks
from stepsmith.core.records import Solution, Verdict
from stepsmith.judge.local import LocalJudge
from stepsmith.llm.parsing import ParseFailure, parse_code, parse_json
from stepsmith.synth.generators import run_generator
from stepsmith.synth.two_stage.inputs import Validator
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import WrittenStatement, input_text, statement_parser
from stepsmith.verify.labels.behaviour import behaviours
from stepsmith.verify.matrix import ExecutionMatrix

WEAK = "small"  # the student, who does not vote


class _Prompted(msgspec.Struct):
    input: object


def main() -> None:
    """Print the two figures, and what they are made of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recordings", type=Path)
    rows = [msgspec.json.decode(line) for line in parser.parse_args().recordings.read_bytes().splitlines()]
    asked = [(row["request"]["model"], row["request"]["messages"][0]["content"], _texts(row)) for row in rows]
    right = total = alike = pairs = 0
    with LocalJudge() as judge:
        for title, statement in _statements(asked).items():
            mine = [(model, prompt, texts) for model, prompt, texts in asked if f"# {title}\n" in prompt[:400]]
            programs = [
                Solution(language="python", code=code_blocks(text)[-1].code)
                for model, prompt, texts in mine
                if model != WEAK and prompt.startswith(f"# {title}")
                for text in texts
                if code_blocks(text)
            ]
            if not programs:
                continue
            matrix = ExecutionMatrix(judge, statement.contract(2.0), programs, _inputs(judge, statement, mine))
            slow = {Verdict.TLE, Verdict.MLE, Verdict.CE}
            rows_ = [i for i in range(len(programs)) if not slow & {run.verdict for run in matrix.row(i)}]
            found = sorted(behaviours(matrix, (), rows_), key=lambda b: -len(b.members))
            wrong = [k for k, b in enumerate(found[1:]) for _ in b.members]
            same = sum(a == b for a, b in combinations(wrong, 2))
            print(f"{title}: {[b.members for b in found]}")
            right, total = right + len(found[0].members), total + len(rows_)
            alike, pairs = alike + same, pairs + len(wrong) * (len(wrong) - 1) // 2
    print(f"right: {right} of {total} programs = {right / total:.2f}")
    smoothed = (alike + 0.5) / (pairs + 1)
    print(f"alike: {alike} of {pairs} pairs of wrong programs; with half a pair on either side {smoothed:.2f}")


def _texts(row: dict[str, Any]) -> list[str]:
    return [one if isinstance(one, str) else one.get("text") or one.get("content") or "" for one in row["answer"]]


def _statements(asked: list[tuple[str, str, list[str]]]) -> dict[str, WrittenStatement]:
    """The last readable statement of each title."""
    found = {}
    for _, prompt, texts in asked:
        if prompt.startswith("You write the statement"):
            style = "leetcode" if "<starter_code>" in texts[0] else "atcoder"
            read = statement_parser(style, TwoStageSettings())(texts[0])
            if not isinstance(read, ParseFailure):
                found[read.title] = read
    return found


def _inputs(judge: LocalJudge, statement: WrittenStatement, mine: list[tuple[str, str, list[str]]]) -> list[str]:
    """The valid ones of the samples and of what was prompted and generated."""
    found = dict.fromkeys(sample.input for sample in statement.samples)
    for _, prompt, texts in mine:
        if "generates test inputs" in prompt:
            code = parse_code(texts[0], "python", "py", "python3")
            run = run_generator(judge, code, 7, statement.interface) if isinstance(code, str) else None
            found.update(dict.fromkeys(item.text for item in (run.inputs if run else ())))
        elif "test inputs for it" in prompt:
            prompted = parse_json(texts[0], list[_Prompted])
            given = [] if isinstance(prompted, ParseFailure) else prompted
            found.update(dict.fromkeys(text for item in given if (text := input_text(item.input, statement.interface))))
    texts = list(found)
    return [text for text, fine in zip(texts, Validator(judge, statement).allowed(texts), strict=True) if fine]


if __name__ == "__main__":
    main()
