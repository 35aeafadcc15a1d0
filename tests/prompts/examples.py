"""Every prompt, rendered with an example: what docs/prompts.md shows, and what the test holds the templates to.

`python -m tests.prompts.examples` writes the page anew; the difference is what a change of a template does.
"""

import re
from pathlib import Path

import msgspec

from stepsmith.core.records import Checker, Contract, Lineage, Problem, Solution, TestCase
from stepsmith.core.stats import pass_rate
from stepsmith.envs import ENVIRONMENTS
from stepsmith.envs.abduction import AbductionTask
from stepsmith.envs.deduction import DeductionTask
from stepsmith.envs.literals import call_text
from stepsmith.prompts.library import PromptLibrary, fenced
from stepsmith.synth.draft import FailedAttempt
from stepsmith.synth.llm.draft import CONTRACT, FUZZING_STATEMENT, SHOWN, fuzzing_task, statement
from stepsmith.synth.llm.reply import INPUTS
from stepsmith.synth.llm.solvers import SOLVE
from stepsmith.synth.llm.teacher import EXCERPT, PROPOSE, REFINE, REPAIR
from stepsmith.synth.progression import CHAIN_AIMS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "prompts.md"
BEGIN = "<!-- What follows is written by `python -m tests.prompts.examples`. -->"

SEED = """def dedent_lines(lines):
    margin = None
    for line in lines:
        stripped = line.lstrip()
        if not stripped:
            continue
        indent = len(line) - len(stripped)
        margin = indent if margin is None else min(margin, indent)
    return [line[margin or 0:] for line in lines]
"""
CODE = """def f(levels, k):
    low = min(levels)
    risen = [level - low for level in levels]
    return [level for level in risen if level % k == 0]
"""
MESSAGE = (
    "A terrace of water tanks is lowered until its lowest tank stands on the ground. Report, in order, the heights of "
    "those tanks that can be reached with whole ladder sections of a given length."
)
CASES = [
    ("([3, 5, 7], 2)", "[0, 2, 4]"),
    ("([4, 9, 6], 5)", "[0, 5]"),
    ("([8], 3)", "[0]"),
    ("([2, 12, 7, 2], 5)", "[0, 10, 5, 0]"),
    ("([1, 2, 4], 1)", "[0, 1, 3]"),
]
SOLVED = """Subtract the minimum, keep multiples of k.

```python
def f(levels, k):
    low = min(levels)
    return [x - low for x in levels if (x - low) % k == 0]
```
"""
FAILED = FailedAttempt(
    "returned something else than [0, 2, 4] on input 1, f([3, 5, 7], 2) (value: expected 3 elements, got 0)",
    "```python\ndef f(levels, k):\n    return [x for x in levels if x % k == 0]\n```",
)
FUZZING_CODE = """def f(values):
    kept = []
    for value in values:
        if value not in kept[-2:]:
            kept.append(value)
    return kept


def pre_test_f(values):
    return isinstance(values, list) and all(isinstance(value, int) for value in values)


def test_f(values):
    result = f(values)
    return len(result) == len(set(result)) == len(set(values))
"""

TESTS = tuple(TestCase(input=text, output=output) for text, output in CASES)
INDUCTION = Problem(
    environment="induction",
    style="leetcode",
    title="A terrace of water tanks",
    statement=statement(MESSAGE, TESTS[:SHOWN]),
    contract=CONTRACT,
    starter_code="def f(levels, k):\n    ",
    task="{}",
    features=(),
    tests=TESTS,
    golden=Solution(language="python", code=CODE),
    lineage=Lineage(chain_id="c", turn=1, parent_id=None, change="", direction="new", seed_ref="textwrap.py:1-9"),
)
STDIO = msgspec.structs.replace(
    INDUCTION,
    statement="Read $n$ heights and print the lowest one.\n\n## Input\n\nTwo lines: $n$, and $n$ integers.\n",
    contract=Contract(interface="stdio", checker=Checker(name="tokens")),
    starter_code="",
)


def value_problem(environment: str, words: str, task: msgspec.Struct, **changes: object) -> Problem:
    """The induction problem as one of another environment."""
    text = msgspec.json.encode(task).decode()
    given = {"environment": environment, "statement": words, "task": text, "tests": TESTS[:1], **changes}
    return msgspec.structs.replace(INDUCTION, **given)


def teacher_examples(library: PromptLibrary) -> dict[str, tuple[str, str]]:
    """Heading → (template, prompt) of Deep Dive's teacher and of solvers."""
    common = {"count": INPUTS, "shown": SHOWN}
    cases = [(call_text("f", text), output) for text, output in CASES]
    refine = {
        "code": CODE, "cases": cases, "message": MESSAGE, "excerpt": EXCERPT, "draw": 731, "environment": "induction",
        "corrected": [], "shown_inputs": "f([3, 5, 7], 2); f([4, 9, 6], 5); f([8], 3)", **common,
    }  # fmt: skip
    found: dict[str, tuple[str, str]] = {}
    for environment in ENVIRONMENTS:
        text = library.render(PROPOSE, seed=SEED, environment=environment, draw=4071, aim=None, **common)
        found[f"A new problem: {environment}"] = (PROPOSE, text)
    text = library.render(PROPOSE, seed=SEED, environment="induction", draw=4071, aim=CHAIN_AIMS["hard"], **common)
    found["A new problem that starts a chain from hard down"] = (PROPOSE, text)
    outvoted = {**refine, "corrected": [("f([8], 3)", "[0]", "[]")]}
    text = library.render(
        REFINE, rate=pass_rate(15, 32), solved=(), failed=(FAILED,), direction="sideways", aim=None, **outvoted
    )
    found["The next problem, after solvers did not agree with the last one's program"] = (REFINE, text)
    for direction, passes, aim in (("harder", 29, (0.35, 0.65)), ("easier", 0, (0.35, 0.65)), ("sideways", 15, None)):
        solved, failed = (SOLVED,) * bool(passes), (FAILED,) * (passes < 32)
        text = library.render(
            REFINE, rate=pass_rate(passes, 32), solved=solved, failed=failed, direction=direction, aim=aim, **refine
        )
        found[f"The next problem: {direction}, after {passes} of 32"] = (REFINE, text)
    fuzzing = {
        **refine, "code": FUZZING_CODE, "cases": [("f([1, 1, 2])", "[1, 2]")], "environment": "fuzzing",
        "shown_inputs": "",
    }  # fmt: skip
    missed = FailedAttempt("answered f([1, 2]), for which test_f returns True", "```python\n[1, 2]\n```")
    solved = ("```python\n([1, 2, 3, 1],)\n```",)
    text = library.render(
        REFINE, rate=pass_rate(31, 32), solved=solved, failed=(missed,), direction="harder", aim=(0.35, 0.65),
        **fuzzing,
    )  # fmt: skip
    found["The next problem: fuzzing"] = (REFINE, text)
    for environment in ("induction", "fuzzing"):
        detail = "input block 3: its arguments are not Python literals (malformed node or string on line 1)"
        text = library.render(REPAIR, detail=detail, environment=environment, count=INPUTS)
        found[f"A request for repair: {environment}"] = (REPAIR, text)
    text = library.render(SOLVE, problem=ENVIRONMENTS["induction"].render(INDUCTION))
    found["To a solver"] = (SOLVE, text)
    return found


def student_examples() -> dict[str, str]:
    """Heading → prompt of students; these are written by the environments, ``envs/*.py``."""
    entry = INDUCTION.contract.entry_point
    deduction = DeductionTask(program=CODE, input=CASES[1][0])
    abduction = AbductionTask(program=CODE, output=CASES[1][1])
    here = f"Here is a Python function, `{entry}`, and"
    problems = {
        "induction, a function": INDUCTION,
        "induction, a program": STDIO,
        "deduction": value_problem("deduction", f"{here} the arguments that it is called with.", deduction),
        "abduction": value_problem("abduction", f"{here} a value that it returned for some arguments.", abduction),
        "fuzzing": value_problem("fuzzing", FUZZING_STATEMENT, fuzzing_task(FUZZING_CODE)),
    }
    return {f"To a student: {name}": ENVIRONMENTS[p.environment].render(p) for name, p in problems.items()}


def rendered(library: PromptLibrary) -> str:
    """The generated part of the page."""
    parts = [BEGIN, ""]
    for heading, (template, text) in teacher_examples(library).items():
        parts += [f"### {heading}", "", f"`{template}.md.j2`", "", fenced(text, "text"), ""]
    for heading, text in student_examples().items():
        parts += [f"### {heading}", "", fenced(text, "text"), ""]
    return "\n".join(parts)


def shown_on_page() -> str:
    """The generated part as it stands on the page."""
    return BEGIN + PAGE.read_text().partition(BEGIN)[2]


def main() -> None:
    """Write the page anew."""
    by_hand = PAGE.read_text().partition(BEGIN)[0]
    PAGE.write_text(by_hand + rendered(PromptLibrary()))
    print(f"{len(re.findall('^### ', PAGE.read_text(), re.MULTILINE))} prompts in {PAGE.name}")


if __name__ == "__main__":
    main()
