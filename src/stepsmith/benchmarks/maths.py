"""Mathematical benchmarks: MATH-500, AIME, and files like GSM8K; answers are compared by the package math-verify.

The package parses and simplifies with SymPy, which can take forever and cannot always be interrupted: ``9^{9^{9^9}}``.
So a process of its own compares answers, under limits on time and memory, and is ended and replaced when it does not
reply. It runs no program of a reply.
"""

import atexit
import contextlib
import importlib.util
import json
import re
import select
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from stepsmith.benchmarks.benchmark import DataFile
from stepsmith.benchmarks.fields import field, need
from stepsmith.benchmarks.harness import HarnessSettings
from stepsmith.benchmarks.problem import BenchmarkProblem
from stepsmith.benchmarks.reply_rules import extraction_rule
from stepsmith.benchmarks.rows import PlacedRow
from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.core.errors import CaseError, MachineError
from stepsmith.judge.protocol import Judge

LIMIT_S = 5  # seconds for each of parsing and comparing, in math-verify itself
GIVE_UP_S = 20.0  # wall seconds after which the process is ended
MEMORY_MB = 4096
MOST_CHARACTERS = 2000  # of an answer; longer ones are wrong
MOST_OF_REPLY = 50_000  # the same, of a whole reply
_ASKED = ("problem", "question", "Problem", "Question")
_ANSWERED = ("answer", "Answer", "final_answer")
# How math-verify reads the expected answer and the given one: the answer in a box, or the text as it is.
READINGS: Mapping[str, tuple[bool, bool]] = {
    "answers": (True, True),
    "whole reply": (True, False),
    "lighteval": (True, False),  # pass_at_k_math of MATH-500 and AIME
    "lighteval, numbers": (False, False),  # expr_gold_metric of GSM8K
}
_WORKER = f"""
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({MEMORY_MB << 20}, {MEMORY_MB << 20}))
from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify
NUMBER, LATEX = ExprExtractionConfig(), LatexExtractionConfig()
AFTER_ANSWER, BOX_FIRST = (LatexExtractionConfig(boxed_match_priority=priority) for priority in (55, 0))
READINGS = {{
    "answers": ([LATEX, NUMBER], [LATEX, NUMBER], 6),
    "whole reply": ([LATEX], [NUMBER, LATEX], 6),
    "lighteval": ([NUMBER, AFTER_ANSWER], [NUMBER, AFTER_ANSWER], 6),
    "lighteval, numbers": ([NUMBER], [NUMBER, BOX_FIRST], 5),
}}
for line in sys.stdin:
    gold, answer, limit, reading = json.loads(line)
    *kinds, rounding = READINGS[reading]
    try:
        read = [
            parse(text, extraction_config=kind, parsing_timeout=limit)
            for text, kind in zip((gold, answer), kinds)
        ]
        right = verify(*read, float_rounding=rounding, timeout_seconds=limit)
    except Exception as error:
        right = f"{{type(error).__name__}}: {{error}}"[:200]
    print(json.dumps(right), flush=True)
"""


class AnswerChecker:
    """Compares answers with math-verify in a process of its own; threads wait for each other.

    Raises ``MachineError`` where the package is not installed. Usable as a context manager.
    """

    def __init__(self, give_up_s: float = GIVE_UP_S) -> None:
        if importlib.util.find_spec("math_verify") is None:
            raise MachineError("answers of mathematics need math-verify; pip install 'stepsmith[evaluate]'")
        self._give_up_s = give_up_s
        self._turn = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def right(self, gold: str, answer: str, reading: str = "answers") -> bool | str:
        """Return whether two LaTeX or plain expressions are equal; a text that says why that could not be decided.

        ``reading`` is a key of ``READINGS``; by all but "answers", the answer is looked for in a whole reply.
        """
        boxes_gold, boxes_answer = READINGS[reading]
        most = MOST_CHARACTERS if boxes_answer else MOST_OF_REPLY
        if boxes_answer and "".join(answer.split()) == "".join(gold.split()):
            return True
        if len(answer) > most:
            return f"the answer has {len(answer)} characters; {most} are read"
        with self._turn:
            try:
                process = self._process = self._process or _started()
                assert process.stdin is not None
                assert process.stdout is not None
                texts = _boxed(gold) if boxes_gold else gold, _boxed(answer) if boxes_answer else answer
                print(json.dumps([*texts, LIMIT_S, reading]), file=process.stdin, flush=True)
                ready, _, _ = select.select([process.stdout], [], [], self._give_up_s)
                line = process.stdout.readline() if ready else ""
            except OSError:
                line = ""
            if not line:
                self.close()
                return f"comparing it took more than {self._give_up_s:g} s, or too much memory"
            decided = json.loads(line)
            return decided if isinstance(decided, bool | str) else False

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            for stream in (self._process.stdin, self._process.stdout):
                with contextlib.suppress(OSError):
                    if stream is not None:
                        stream.close()
            self._process.wait()
            self._process = None

    def __enter__(self) -> "AnswerChecker":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@cache
def shared_checker() -> AnswerChecker:
    """Return this process's checker, which is closed when the interpreter ends. Raises ``MachineError``."""
    checker = AnswerChecker()
    atexit.register(checker.close)
    return checker


def whole_reply_right(gold: str, reply: str, reading: str = "whole reply") -> bool | str:
    """Return whether math-verify finds the answer in a whole reply; a text that says why it could not be decided."""
    return shared_checker().right(gold, reply, reading)


def _started() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def _boxed(text: str) -> str:
    return f"\\boxed{{{text}}}"


class Maths:
    """A file of problems with a final answer: any rows that have a problem or question, and an answer."""

    limits = f"{LIMIT_S} s to read an answer and {LIMIT_S} s to compare it"

    def __init__(self, name: str, title: str, files: Sequence[DataFile], extraction: str = "boxed") -> None:
        self.name, self.title, self.files, self.extraction = name, title, files, extraction

    def read(self, rows: Iterable[PlacedRow]) -> list[BenchmarkProblem]:
        """Return the problems of a file's rows. Raises ``CaseError`` for a row without problem or answer."""
        return [self._problem(row) for row in rows]

    def _problem(self, placed: PlacedRow) -> BenchmarkProblem:
        asked = next((key for key in _ASKED if placed.row.get(key) is not None), _ASKED[0])
        answered = next((key for key in _ANSWERED if placed.row.get(key) is not None), _ANSWERED[0])
        need(placed, (asked, answered), self.title)
        answer = str(placed.row[answered]).strip()
        if "####" in answer:  # GSM8K: the solution, then the number
            answer = extraction_rule("after-hashes").take(answer, "")
        if not answer:
            raise CaseError(f"{placed.place}: {answered}: empty")
        names = ("unique_id", "id", "ID", "problem_id")
        task = next((placed.row[key] for key in names if placed.row.get(key) is not None), placed.number - 1)
        subject = field(placed, "subject", str, "")
        return BenchmarkProblem(
            task_id=str(task),
            prompt=str(placed.row[asked]),
            statement=str(placed.row[asked]),
            interface="text",
            reference=_boxed(answer),
            answer=answer,
            difficulty=str(placed.row.get("level") or ""),
            features=(subject,) if subject else (),
        )

    def prompt(self, problem: BenchmarkProblem) -> str:
        """Return the problem and the request for a boxed answer."""
        return f"{problem.prompt}\n\nPlease reason step by step, and put your final answer within \\boxed{{}}."

    def program(self, problem: BenchmarkProblem, completion: str) -> str:
        """Return the final answer in a completion."""
        taken = extraction_rule(self.extraction).take(completion, "")
        if taken or self.extraction != "after-hashes":
            return taken
        return extraction_rule("boxed").take(completion, "") or extraction_rule("last-number").take(completion, "")

    def judge(
        self,
        judge: Judge,
        problem: BenchmarkProblem,
        answers: Sequence[str],
        harness: HarnessSettings,
    ) -> list[SampleVerdict]:
        """Judge final answers. Raises ``MachineError`` where math-verify is not installed."""
        return [self._verdict(problem, _without_box(answer)) for answer in answers]

    def _verdict(self, problem: BenchmarkProblem, answer: str) -> SampleVerdict:
        if not answer.strip():
            return SampleVerdict(outcome="no code", message="no answer was found in the reply")
        right = shared_checker().right(problem.answer, answer)
        if right is True:
            return SampleVerdict(outcome="passed", got=answer[:200])
        return SampleVerdict(outcome="wrong answer", message=right or "", failed_test=problem.answer, got=answer[:200])


def _without_box(answer: str) -> str:
    found = re.fullmatch(r"\s*\\boxed\{(.*)\}\s*", answer, re.DOTALL)
    return found[1] if found else answer


MATH_500 = Maths(
    "math-500",
    "MATH-500",
    (DataFile(name="math500.jsonl", source="https://huggingface.co/datasets/HuggingFaceH4/MATH-500", problems=500),
     DataFile(name="test.jsonl", source="https://huggingface.co/datasets/HuggingFaceH4/MATH-500", problems=500)),
)  # fmt: skip
AIME = Maths(
    "aime",
    "AIME",
    (DataFile(name="aime24.jsonl", source="https://huggingface.co/datasets/HuggingFaceH4/aime_2024", problems=30),
     DataFile(name="aime25.jsonl", source="https://huggingface.co/datasets/math-ai/aime25", problems=30)),
)  # fmt: skip
GSM8K = Maths(
    "gsm8k",
    "GSM8K",
    (DataFile(name="gsm8k.jsonl", source="https://huggingface.co/datasets/openai/gsm8k (main, test)", problems=1319),),
    "after-hashes",
)
