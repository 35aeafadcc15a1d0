"""One hundred replies to problems, of many kinds, and what our own scorer says of them."""

from collections.abc import Iterator

import msgspec

import stepsmith as st
from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.scoring.scorer import Scorer
from stepsmith.scoring.tests import SplitSettings, split_tests

TESTS = SplitSettings(hold_back=0.0)
STDIO, FUNCTIONS, ENDLESS = 9, 3, 1  # problems with many replies each; of the first, those that get an endless one

SPACED = """\
import contextlib, io, sys
text = io.StringIO()
with contextlib.redirect_stdout(text):
    exec({code!r}, {{"__name__": "__main__"}})
for line in text.getvalue().splitlines():
    sys.stdout.write(line + "  \\n")
sys.stdout.write("\\n")
"""


class Reply(msgspec.Struct):
    """A reply to a problem; ``code`` where it is a program. ``solved`` is what our scorer says."""

    id: str
    problem: str
    kind: str
    reply: str
    code: str | None
    solved: bool | None = None


def chosen(problems: list[Problem]) -> list[Problem]:
    """The problems that are answered: programs, functions, and one of each other environment."""
    stdio = [p for p in problems if (p.environment, p.contract.interface) == ("induction", "stdio") and p.wrong]
    functions = [p for p in problems if (p.environment, p.contract.interface) == ("induction", "function") and p.wrong]
    others = [next(p for p in problems if p.environment == name) for name in ("abduction", "deduction", "fuzzing")]
    return [*stdio[:STDIO], *functions[:FUNCTIONS], *others]


def replies(problems: list[Problem]) -> list[Reply]:
    """The replies, with their verdicts by our own scorer."""
    made = [reply for number, problem in enumerate(problems) for reply in _replies(problem, number)]
    by_id = {problem.id: problem for problem in problems}
    with st.JudgePool(2) as judge, Scorer(judge) as scorer:
        for reply in made:
            problem = by_id[reply.problem]
            (scored,) = scorer.score(problem, [st.Completion(text=reply.reply)], split_tests(problem, TESTS))
            reply.solved = scored.solved
    return made


def _replies(problem: Problem, number: int) -> Iterator[Reply]:
    environment = ENVIRONMENTS[problem.environment]

    def reply(kind: str, answer: Answer) -> Reply:
        code = answer.text if problem.environment == "induction" else None
        return Reply(f"{number:02}-{kind}", problem.id, kind, environment.write(answer), code)

    golden = environment.golden(problem)
    yield reply("golden", golden)
    yield Reply(f"{number:02}-prose", problem.id, "prose", "I do not know how to solve this.", None)
    if problem.environment != "induction":
        yield reply("wrong", next(iter(environment.baselines(problem).values())))
        return
    yield reply("wrong", Answer(text=problem.wrong[0].solution.code))
    yield reply("crash", Answer(text="1 / 0\n" + golden.text))
    yield reply("syntax", Answer(text=golden.text + "\nthis is no (Python\n"))
    if problem.contract.interface == "function":
        yield reply("noise", Answer(text=golden.text + "\nprint('loaded')\n"))
        return
    yield reply("spaces", Answer(text=SPACED.format(code=golden.text)))
    yield reply("exit-3", Answer(text=golden.text + "\nimport sys\nsys.exit(3)\n"))
    yield reply("guard", Answer(text=_guarded(golden.text)))
    if number < ENDLESS:
        yield reply("endless", Answer(text="while True:\n    pass\n" + golden.text))


def _guarded(code: str) -> str:
    body = "".join(f"    {line}\n" if line else "\n" for line in code.splitlines())
    return f'def main():\n{body}\n\nif __name__ == "__main__":\n    main()\n'
