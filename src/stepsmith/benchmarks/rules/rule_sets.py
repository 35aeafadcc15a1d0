"""The rule sets of harnesses that score programs on tests: what each takes out of a reply, runs, compares and counts.

The rules are written by us after reading the sources that each set names, and checked against the real code where it
can be installed (docs/evaluation-rules.md has the cases and the differences that remain).
"""

from collections.abc import Mapping
from typing import Literal

from stepsmith.benchmarks.rules.comparing import CHECKER
from stepsmith.core.errors import CaseError
from stepsmith.core.records import Record

Wrapping = Literal["function", "indented", "module", "script"]
Stream = Literal["mock", "iterable-mock", "plain", "real"]


class RuleSet(Record, frozen=True, kw_only=True):
    """How one harness turns a reply and a problem's tests into "solved" or not.

    ``wrapping`` says how a program is run. "function": its statements in a function, top-level imports outside, a last
    main guard opened, all inputs in one process, one call each. "indented": the same by the text of its lines.
    "module": as it stands, all inputs in one process. "script": as it stands, a process for each input, and an exit
    code other than 0 is a failure. ``stream`` is what ``sys.stdin`` is, except for scripts, which read a real one.
    """

    name: str
    title: str
    source: str
    extraction: str = "last-fence"  # a name of ``benchmarks.reply_rules.RULES``
    refuses_thinking: bool = False  # a reply with a <think> tag is not solved, whatever its program does
    prelude: str = ""  # imports before every program
    recursion_limit: int = 0  # set after them; 0: Python's own
    wrapping: Wrapping = "function"
    stream: Stream = "mock"
    guarded: bool = True  # functions of os, shutil and subprocess, quit and some modules are taken away
    exit_kept: bool = True  # ``exit`` stays
    hidden_modules: tuple[str, ...] = ()
    integer_digits: int = 4300  # most digits of an integer that is converted to text
    time_is_up: Literal["raise", "die"] = "raise"  # what happens in the program after ``time_s``
    text: str = "lines, decimals by value"  # a name of ``comparing.TEXTS``, or "checker"
    value: str = "equal"  # a name of ``comparing.VALUES``, or "checker"
    time_s: float = 6.0  # seconds for one test; 0: the problem's own limit
    whole_s: float = 0.0  # seconds for all tests together; 0: (time_s + 1) for each test, and 5
    again: int = 0  # if a test fails: run each of the first this many tests alone, and count only these
    functions: bool = True  # problems that call a function can be scored


# LiveCodeBench's imports; PRIME took them over. `builtins` near the end gives the shadowed built-in functions back.
_MODULES = (
    "string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random", "statistics", "itertools",
    "functools", "operator", "io", "sys", "json",
)  # fmt: skip
EVERYTHING = "".join(f"from {name} import *\n" for name in (*_MODULES, "builtins", "typing"))
EVERYTHING += "".join(f"import {name}\n" for name in _MODULES)

OFFICIAL = RuleSet(
    name="official",
    title="LiveCodeBench",
    source="LiveCodeBench/LiveCodeBench 28fef95: lcb_runner/evaluation/testing_util.py, utils/extraction_utils.py",
    prelude=EVERYTHING,
    recursion_limit=50_000,
    integer_digits=50_000,
)
LIGHTEVAL = RuleSet(
    name="lighteval",
    title="lighteval",
    source="lighteval 0.13.0: tasks/tasks/lcb/codegen_metrics.py",
    prelude=EVERYTHING,
    recursion_limit=50_000,
    integer_digits=50_000,
    stream="plain",
)
NEMO_GYM = RuleSet(
    name="nemo-gym",
    title="NeMo Gym",
    source="NVIDIA-NeMo/Gym 07d6b0d: resources_servers/code_gen (app.py, lcb_integration/testing_util.py, configs)",
    refuses_thinking=True,
    prelude=EVERYTHING,
    recursion_limit=50_000,
    integer_digits=50_000,
    stream="iterable-mock",
    value="equal, same JSON, or nearly equal",
    time_s=10.0,
)
VERIFIERS = RuleSet(
    name="verifiers",
    title="verifiers",
    source="verifiers 0.4.0: v1/utils/score.py (compare_stdout_results), environments/code_golf/taskset.py",
    extraction="first-fence-or-all",
    wrapping="script",
    guarded=False,
    text="tokens, numbers within 0.001",
    time_s=0.0,
    functions=False,
)
VERL = RuleSet(
    name="verl",
    title="verl's prime_code",
    source="verl 0.9.1: utils/reward_score/prime_code (__init__.py, utils.py, testing_util.py)",
    extraction="after-last-python-fence",
    prelude=EVERYTHING,
    recursion_limit=600_000,
    wrapping="indented",
    stream="plain",
    exit_kept=False,
    hidden_modules=("subprocess", "ctypes"),
    time_is_up="die",
    text="lines, nearly equal numbers",
    value="equal, or the first of the expected list",
    time_s=5.0,
    whole_s=6.0,
    again=10,
)
STRICT = RuleSet(
    name="strict",
    title="Stepsmith, strict",
    source="scoring/scorer.py, judge/local.py",
    extraction="strict",
    wrapping="script",
    guarded=False,
    text=CHECKER,
    value=CHECKER,
    time_s=0.0,
)
RULE_SETS: Mapping[str, RuleSet] = {
    rules.name: rules for rules in (OFFICIAL, LIGHTEVAL, NEMO_GYM, VERIFIERS, VERL, STRICT)
}


def rule_set(name: str) -> RuleSet:
    """Return the rule set of a name. Raises ``CaseError`` for one that does not exist."""
    if name not in RULE_SETS:
        raise CaseError(f"unknown rules {name!r}; give --rules once for each of: {', '.join(RULE_SETS)}")
    return RULE_SETS[name]
