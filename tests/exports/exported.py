"""Problems for exports, and exports of them."""

from pathlib import Path

import msgspec

from stepsmith.core.records import Checker, Contract, FeatureUse, Lineage, Problem, Solution, TestCase, WrongSolution
from stepsmith.exports import ExportSettings, FormatName, Written, write_export
from stepsmith.scoring.tests import SplitSettings
from tests.envs.test_environments import PROBLEMS
from tests.records import a_problem

RULES = "def right(given, answer):\n    return abs(given) == answer\n"
CHECKER = """\
import sys
from rules import right
sys.exit(42 if right(int(sys.stdin.read()), int(open(sys.argv[2]).read())) else 43)
"""


VALIDATOR = "import sys\nline = sys.stdin.read()\nsys.exit(0 if line == f'{int(line)}\\n' else 1)\n"
WRONG = {"print(5)\n": "wrong_answer", "import os\nos.abort()\n": "run_time_error", "print(int(input()) ** 2)\n": None}


def a_package_problem() -> Problem:
    """A stdio problem with a validator, wrong programs of two verdicts, and one that is not wrong."""
    return msgspec.structs.replace(
        PROBLEMS["stdio"],
        title="50% of $x$ & more",
        statement="Square $x_1$.\n\n## Input\n\n- `n`, **one** line\n\n## Examples\n\n### Input\n\n3\n",
        validator=VALIDATOR,
        examples=(),
        wrong=tuple(
            WrongSolution(solution=Solution(language="python", code=code), killed_by=0, origin="a test")
            for code in WRONG
        ),
    )


def in_chain(problem: Problem, chain: str, *features: str, turn: int = 1) -> Problem:
    """The problem as one of a chain, composed of these features. Its title and statement make it another problem."""
    return msgspec.structs.replace(
        problem,
        title=f"{problem.title} {chain} {turn}",
        statement=f"{problem.statement}\n({chain}, {turn})\n",
        features=tuple(FeatureUse(name=name, category="array") for name in features),
        lineage=Lineage(
            chain_id=chain, turn=turn, parent_id=None, change="", direction="new", seed_ref="json/decoder.py:1-9"
        ),
    )


def a_checked_problem() -> Problem:
    """A stdio problem with a checker program: the sign of the answer does not matter."""
    return a_problem(
        title="Root",
        statement="Print a number whose square is n.\n",
        contract=Contract(
            interface="stdio",
            checker=Checker(name="custom-kattis", files=(("checker.py", CHECKER), ("rules.py", RULES))),
        ),
        starter_code="",
        examples=(),
        tests=tuple(TestCase(input=f"{n * n}\n", output=f"{n}\n") for n in (3, 4, 0, 7)),
        golden=Solution(language="python", code="print(round(int(input()) ** 0.5))\n"),
        wrong=(),
        validator=VALIDATOR,
    )


def one_of_each() -> list[Problem]:
    """A problem of every environment and interface, one with a checker program; each a chain of its own."""
    problems = [*PROBLEMS.values(), a_checked_problem(), a_package_problem(), a_problem()]
    return [in_chain(problem, f"chain_{k}", f"first {k}", "second") for k, problem in enumerate(problems)]


def exported(to: FormatName, folder: Path, **changes: object) -> Written:
    """``one_of_each`` in a form, with every hidden test rewarded."""
    settings = {"name": "little set", "held_out": 0.3, "tests": SplitSettings(hold_back=0.0), **changes}
    return write_export(one_of_each(), to, folder, msgspec.convert(settings, ExportSettings))


def lines(path: Path) -> list[dict]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]
