"""Induction: a statement with examples → a program; AC if its output is right on every test."""

from collections import Counter
from typing import Literal

from stepsmith.core.records import Judgement, Problem, Solution
from stepsmith.envs.environment import Answer
from stepsmith.envs.reading import program_in
from stepsmith.judge.protocol import Judge


class Induction:
    """Reward: 1 iff f̂(i) = o on every test (Deep Dive). All tests are hidden, except the worked samples."""

    name: Literal["induction"] = "induction"

    def render(self, problem: Problem) -> str:
        """Return the statement with the starter code, the limits and the answer format."""
        parts = [problem.statement.strip()]
        if problem.contract.interface == "function":
            if problem.starter_code:
                parts.append(f"Complete this code:\n\n```python\n{problem.starter_code.strip()}\n```")
            asked = f"Write Python 3 code that defines `{problem.contract.entry_point}`."
            answer = "Give the whole code in one ```python code block at the end of your answer."
        else:
            asked = "Write a complete Python 3 program that reads standard input and writes standard output."
            answer = "Give the whole program in one ```python code block at the end of your answer."
        limits = problem.contract.limits
        allowed = f"For each test it may take {limits.time_s:g} seconds and {limits.memory_mb} MB."
        parts.append(f"{asked} {allowed} {answer}")
        return "\n\n".join(parts) + "\n"

    def brief(self, problem: Problem) -> str:
        """Return the statement up to its worked samples."""
        lines = problem.statement.strip().splitlines()
        samples = ("## Sample", "## Example", "**Example", f"{problem.contract.entry_point}(")
        first = next((number for number, line in enumerate(lines) if number and line.startswith(samples)), len(lines))
        return "\n".join(lines[:first]).rstrip() + "\n"

    def write(self, answer: Answer) -> str:
        """Return the program in a fenced block."""
        return f"```{answer.language}\n{answer.text.rstrip()}\n```\n"

    def parse(self, problem: Problem, completion: str) -> Answer | None:
        """Return the program of the last complete code block that defines what is asked for."""
        code = program_in(completion, problem.contract.entry_point)
        if code is None or not code.strip():
            return None
        return Answer(text=code.rstrip() + "\n")

    def judge(
        self, judge: Judge, problem: Problem, answer: Answer, *, stop_at_first_failure: bool = False
    ) -> Judgement:
        """Run the program on every test."""
        solution = Solution(language=answer.language, code=answer.text)
        return judge.judge(solution, problem.contract, problem.tests, stop_at_first_failure=stop_at_first_failure)

    def golden(self, problem: Problem) -> Answer:
        """Return the golden solution."""
        return Answer(text=problem.golden.code, language=problem.golden.language)

    def baselines(self, problem: Problem) -> dict[str, Answer]:
        """Return programs that print nothing, the most frequent output, or their input; admission tries more."""
        constant = Counter(test.output for test in problem.tests).most_common(1)[0][0]
        if problem.contract.interface == "stdio":
            programs = {
                "empty": "pass\n",
                "constant": f"import sys\nsys.stdout.write({constant!r})\n",
                "echo": "import sys\nsys.stdout.write(sys.stdin.read())\n",
            }
        else:
            programs = {
                "empty": _function(problem, "return None"),
                "constant": _function(problem, f"return {constant}"),
                "echo": _function(problem, "return args[0] if len(args) == 1 else list(args)"),
            }
        return {name: Answer(text=text) for name, text in programs.items()}


def _function(problem: Problem, body: str) -> str:
    """Return the source of a function (or ``Solution`` method) with the entry point's name and this ``body``."""
    entry = problem.contract.entry_point or "f"
    if "." in entry:
        owner, method = entry.split(".", 1)
        return f"class {owner}:\n    def {method}(self, *args):\n        {body}\n"
    return f"def {entry}(*args):\n    {body}\n"
