"""HumanEval and CRUXEval, read from their files and judged by our judge."""

import gzip
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from stepsmith.core.answers import last_code_block
from stepsmith.core.records import (
    Checker,
    Contract,
    Environment,
    Judgement,
    Limits,
    Lineage,
    Problem,
    Solution,
    TestCase,
    Verdict,
)
from stepsmith.core.stats import wilson_interval
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.envs.abduction import AbductionTask
from stepsmith.envs.deduction import DeductionTask
from stepsmith.judge.protocol import Judge
from stepsmith.train.policy import Policy

ENTRY = "passes_all_tests"
LIMITS = Limits(time_s=10.0)
_Row = TypeVar("_Row")


class Task(NamedTuple):
    """One problem of a benchmark: its prompt, a right reply, and how a reply is judged (None: no answer in it)."""

    id: str
    prompt: str
    reference: str
    judge: Callable[[Judge, str], Judgement | None]


class Result(msgspec.Struct, frozen=True):
    """pass@1 of greedy replies, with a 95% Wilson interval over problems. Replies that were not judged are left out."""

    problems: int
    passed: int
    pass_at_1: float
    low: float
    high: float
    truncated: int = 0
    no_answer: int = 0
    prompt_too_long: int = 0  # counted as failed
    not_judged: int = 0


class _HumanEvalRow(msgspec.Struct):
    task_id: str
    prompt: str
    entry_point: str
    canonical_solution: str
    test: str


def human_eval(path: Path) -> list[Task]:
    """HumanEval (openai/human-eval): the file's own ``check`` runs in the judge, on the reply's code.

    What the prompt imports and defines comes before the code, as the benchmark has it. An answer could tamper with the
    assertions, which run in its own process: these are figures of honest models.
    """
    return [_human_eval_task(row) for row in _rows(path, _HumanEvalRow)]


def _human_eval_task(row: _HumanEvalRow) -> Task:
    def judged(judge: Judge, reply: str) -> Judgement | None:
        code = last_code_block(reply)
        if code is None:
            return None
        call = f"def {ENTRY}():\n    check({row.entry_point})\n    return True\n"
        program = Solution(language="python", code=f"{row.prompt}\n    pass\n\n{code}\n\n{row.test}\n\n{call}")
        contract = Contract(interface="function", entry_point=ENTRY, limits=LIMITS, checker=Checker(name="literal"))
        return judge.judge(program, contract, [TestCase(input="()", output="True")])

    prompt = (
        f"Complete this code:\n\n```python\n{row.prompt.rstrip()}\n```\n\n"
        f"Write Python 3 code that defines `{row.entry_point}`. "
        "Give the whole code in one ```python code block at the end of your answer.\n"
    )
    return Task(row.task_id, prompt, f"```python\n{row.prompt}{row.canonical_solution}\n```\n", judged)


class _CruxEvalRow(msgspec.Struct):
    id: str
    code: str
    input: str
    output: str


def crux_eval(path: Path, environment: Environment) -> list[Task]:
    """CRUXEval (facebookresearch/cruxeval): output prediction is our deduction, input prediction our abduction."""
    return [_crux_eval_task(row, environment) for row in _rows(path, _CruxEvalRow)]


def _crux_eval_task(row: _CruxEvalRow, environment: Environment) -> Task:
    arguments = f"({row.input},)" if row.input.strip() else "()"
    given = DeductionTask(program=row.code, input=arguments)
    asked = AbductionTask(program=row.code, output=row.output)
    problem = Problem(
        environment=environment,
        style="leetcode",
        title=row.id,
        statement="Here is a Python function.",
        contract=Contract(interface="function", entry_point="f", limits=LIMITS, checker=Checker(name="literal")),
        starter_code="",
        task=msgspec.json.encode(given if environment == "deduction" else asked).decode(),
        features=(),
        tests=(TestCase(input=arguments, output=row.output),),
        golden=Solution(language="python", code=row.code),
        lineage=Lineage(chain_id=row.id, turn=1, parent_id=None, change="", direction="new", seed_ref="cruxeval"),
    )
    place = ENVIRONMENTS[environment]

    def judged(judge: Judge, reply: str) -> Judgement | None:
        answer = place.parse(problem, reply)
        return None if answer is None else place.judge(judge, problem, answer)

    right = Answer(text=row.output if environment == "deduction" else arguments)
    return Task(row.id, place.render(problem), place.write(right), judged)


def score(policy: Policy, tasks: Sequence[Task], judge: Judge, workers: int, max_tokens: int) -> Result:
    """Let the policy answer every task greedily, once."""
    room = policy.context - max_tokens
    fitting = [task for task in tasks if len(policy.encode(task.prompt)) <= room]
    replies = [reply for (reply,) in policy.complete([task.prompt for task in fitting], 1, 0.0, max_tokens, seed=0)]
    texts = ["" if reply.truncated else reply.text for reply in replies]
    truncated = sum(reply.truncated for reply in replies)
    return _counted(fitting, texts, judge, workers, truncated=truncated, too_long=len(tasks) - len(fitting))


def reference(tasks: Sequence[Task], judge: Judge, workers: int) -> Result:
    """Judge the benchmark's own answers: what is below 1 is lost to reading or judging."""
    return _counted(tasks, [task.reference for task in tasks], judge, workers)


def _counted(
    tasks: Sequence[Task], texts: Sequence[str], judge: Judge, workers: int, truncated: int = 0, too_long: int = 0
) -> Result:
    with ThreadPoolExecutor(workers) as threads:
        judged = list(threads.map(lambda task, text: task.judge(judge, text), tasks, texts))
    lost = sum(found is not None and found.verdict is Verdict.IE for found in judged)
    passed = sum(found is not None and found.verdict is Verdict.AC for found in judged)
    counted = len(tasks) + too_long - lost
    low, high = wilson_interval(passed, counted)
    return Result(
        problems=counted,
        passed=passed,
        pass_at_1=passed / counted if counted else 0.0,
        low=low,
        high=high,
        truncated=truncated,
        no_answer=sum(found is None for found in judged) - truncated,
        prompt_too_long=too_long,
        not_judged=lost,
    )


def _rows(path: Path, kind: type[_Row]) -> list[_Row]:
    raw = path.read_bytes()
    lines = (gzip.decompress(raw) if path.suffix == ".gz" else raw).splitlines()
    return [msgspec.json.decode(line, type=kind) for line in lines if line.strip()]
