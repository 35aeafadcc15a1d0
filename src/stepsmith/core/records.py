"""The records that all layers exchange: frozen and typed, most of them with a content id.

docs/glossary.md defines the words. Inputs and outputs of function problems are Python literals (an argument tuple in
``TestCase.input``, a value in ``TestCase.output``); those of stdio problems are raw text.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from stepsmith.core.ids import content_id

Environment = Literal["induction", "abduction", "deduction", "fuzzing"]
Interface = Literal["stdio", "function"]
Style = Literal["codeforces", "atcoder", "leetcode"]
SEED_LEAST, SEED_MOST = -(2**63), 2**63 - 1  # ids are hashes of a form that holds no larger numbers
SeedNumber = Annotated[int, msgspec.Meta(ge=SEED_LEAST, le=SEED_MOST)]  # decides all random choices
TestKind = Literal["nominal", "complex", "boundary", "stress", "adversarial"]
Direction = Literal["new", "harder", "easier", "sideways"]
Band = Literal["hard", "medium", "easy-medium", "easy"]
BANDS: tuple[Band, ...] = ("easy", "easy-medium", "medium", "hard")
NO_ANSWER, TRUNCATED = "none", "truncated"  # attempts without a verdict, counted beside those with one
UNDECIDED: Literal["undecided"] = "undecided"  # what files and pages say where the attempts settle no band

# X-Coder's vote weights by kind of test (arXiv 2601.06953); "adversarial" is ours, with the weight of "stress".
KIND_WEIGHT: dict[TestKind, float] = {
    "nominal": 1.0,
    "complex": 2.0,
    "boundary": 3.0,
    "stress": 4.0,
    "adversarial": 4.0,
}


class Verdict(StrEnum):
    """The verdict on one run, or on a solution. IE is a failure of our own machinery and is never scored."""

    AC = "AC"
    WA = "WA"
    TLE = "TLE"
    MLE = "MLE"
    OLE = "OLE"
    RTE = "RTE"
    CE = "CE"
    IE = "IE"


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all records: immutable, compared by value, encoded and decoded by msgspec."""


class Solution(Record, frozen=True, kw_only=True):
    """A program in a language."""

    language: str
    code: str

    @property
    def id(self) -> str:
        """Content id of language and code."""
        return content_id("sol", self.language, self.code)


class Limits(Record, frozen=True, kw_only=True):
    """The limits of one run. CPU and wall time are separate, so that a busy machine does not cause TLE."""

    time_s: float = 2.0  # CPU seconds
    wall_s: float | None = None  # None: a large multiple of time_s, chosen by the judge
    memory_mb: int = 512
    output_mb: float = 8.0


class Checker(Record, frozen=True, kw_only=True):
    """How an output is compared with the expected one.

    ``name`` is one of ``exact, tokens, literal, unordered, float:EPS, custom-kattis, custom-testlib``; ``flags`` are
    the default validator's flags or a custom checker's arguments; ``files`` are (file name, source) of a custom one.
    """

    name: str = "tokens"
    flags: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


class Contract(Record, frozen=True, kw_only=True):
    """How a solution is called, its limits, and how its output is compared."""

    interface: Interface
    entry_point: str | None = None  # function name, or "Solution.method"; None for stdio
    limits: Limits = Limits()
    checker: Checker = Checker()


class TestCase(Record, frozen=True, kw_only=True):
    """One input with its expected output, and the confidence in that output."""

    __test__ = False  # not a pytest class

    input: str
    output: str
    kind: TestKind = "nominal"
    weight: float = 1.0
    confidence: float = 1.0  # probability that ``output`` is right


class Example(Record, frozen=True, kw_only=True):
    """A worked example of a statement: an input and its output, in the form of the tests."""

    input: str
    output: str


class Execution(Record, frozen=True, kw_only=True):
    """One run of a solution on an input without an expected output. AC means that it ended normally."""

    verdict: Verdict
    output: str = ""
    cpu_s: float = 0.0
    message: str = ""


class TestResult(Record, frozen=True, kw_only=True):
    """The result of one test of a solution."""

    __test__ = False  # not a pytest class

    verdict: Verdict
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0
    exit_code: int | None = None
    signal: int | None = None
    stderr: str = ""  # its last part
    message: str = ""  # from the checker, or the limit that was exceeded


class Judgement(Record, frozen=True, kw_only=True):
    """The verdict on a solution: that of the first failing test, AC when all pass, CE when it does not compile."""

    verdict: Verdict
    tests: tuple[TestResult, ...] = ()  # fewer than the tests where judging stopped at the first failure
    compile_output: str = ""
    isolation: str = ""  # isolation level of the runs: "L0" to "L3"


class PassRate(Record, frozen=True, kw_only=True):
    """Passes out of attempts, with a 95% Wilson interval (``low``, ``high``).

    Attempts without a readable answer, cut off, or not judged because our own machinery failed are not among them.
    """

    passes: int
    attempts: int
    low: float
    high: float
    band: Band | None = None  # claimed only where the attempts settle it; None: undecided

    @property
    def rate(self) -> float:
        """Passes per attempt; 0 without attempts."""
        return self.passes / self.attempts if self.attempts else 0.0

    @property
    def claimed_band(self) -> str:
        """The settled band as files and pages show it; UNDECIDED if there is none."""
        return self.band or UNDECIDED


class FeatureUse(Record, frozen=True, kw_only=True):
    """One algorithmic feature of a problem, and the lines of the seed that suggested it (empty: chosen at random)."""

    name: str
    category: str
    params: tuple[tuple[str, int], ...] = ()
    seed_lines: tuple[int, ...] = ()  # line numbers in the file of the seed
    signal: str = ""  # what was found in these lines: "sorted call", "dict use", ...


class Seed(Record, frozen=True, kw_only=True):
    """A window of real source code from which a problem is made."""

    source: str  # path as given, or "file.jsonl#7"
    first_line: int
    code: str
    license: str = ""  # SPDX expression; "": none was found

    @property
    def id(self) -> str:
        """Content id of place and text."""
        return content_id("seed", self.source, self.first_line, self.code)

    @property
    def ref(self) -> str:
        """The place as text, ``path:first-last``."""
        return f"{self.source}:{self.first_line}-{self.first_line + self.code.count(chr(10))}"


class Lineage(Record, frozen=True, kw_only=True):
    """The place of a problem in its chain."""

    chain_id: str
    turn: int  # from 1
    parent_id: str | None
    change: str  # what the teacher changed; "" on the first turn
    direction: Direction
    seed_ref: str
    seed_license: str = ""  # SPDX expression; "": not known


class WrongSolution(Record, frozen=True, kw_only=True):
    """A wrong program, with the index of a test that rejects it: a worked example only if no hidden test does."""

    solution: Solution
    killed_by: int
    origin: str  # "mutant: off by one in ...", "candidate", ...


class Problem(Record, frozen=True, kw_only=True):
    """A coding problem. ``id`` is over what a solver sees and is judged by; measurements are not part of it.

    >>> problem = st.load_problems("runs/first")[0]
    >>> problem.lineage.turn, problem.golden.language, len(problem.tests) > 0
    (1, 'python', True)
    """

    environment: Environment
    style: Style
    title: str
    statement: str
    contract: Contract
    starter_code: str
    task: str  # what the environment adds, as JSON text; "{}" for induction
    features: tuple[FeatureUse, ...]
    tests: tuple[TestCase, ...]
    golden: Solution
    lineage: Lineage
    examples: tuple[Example, ...] = ()  # those of ``tests`` that the statement shows
    wrong: tuple[WrongSolution, ...] = ()
    validator: str = (
        ""  # Python: defines `validate(*arguments)`, or a program over stdin that exits 0 for a legal input
    )
    pass_rate: PassRate | None = None
    provenance: tuple[tuple[str, str], ...] = ()  # versions, methods, and results of checks, as text

    @property
    def id(self) -> str:
        """Content id of environment, statement, contract, starter code, task, tests and golden solution."""
        return content_id(
            "prob", self.environment, self.statement, self.contract, self.starter_code, self.task,
            tuple((t.input, t.output) for t in self.tests), self.golden,
        )  # fmt: skip


class Rejection(Record, frozen=True, kw_only=True):
    """A proposed problem that was not kept, with the reason. Rejections are stored like problems."""

    reason: str  # a slug: "constant-output", "mutants-survive", "too-easy", ...
    detail: str
    problem: Problem


class StageSpend(Record, frozen=True, kw_only=True):
    """The completions that one stage used of one model, whether from the server or from the cache."""

    purpose: str  # the stage: "propose", "refine", "attempt", ...
    model: str  # name in the configuration
    requests: int
    completions: int
    prompt_tokens: int
    completion_tokens: int  # with reasoning
    reasoning_tokens: int
    usd: float  # by the prices at the time of the request

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens


class Turn(Record, frozen=True, kw_only=True):
    """One turn of a chain. Exactly one of ``problem_id`` and ``rejected`` (a reason) is set."""

    turn: int
    direction: Direction
    change: str
    problem_id: str | None = None
    rejected: str | None = None
    pass_rate: PassRate | None = None
    verdicts: dict[str, int] = msgspec.field(
        default_factory=dict
    )  # of the attempts; "none" and "truncated" beside them


class StudentAttempt(Record, frozen=True, kw_only=True):
    """The text of one attempt of a student at a problem, and how it ended."""

    chain_id: str
    turn: int
    problem_id: str
    number: int  # from 1
    verdict: str  # as in ``Verdict``; "none" without a readable answer, "truncated" where it was cut off
    why: str = ""  # why it failed; "" where it did not
    text: str  # without reasoning


class Chain(Record, frozen=True, kw_only=True):
    """One seed and the problems made from it: the unit of work, of storage and of resumption."""

    id: str
    index: int
    seed: Seed
    turns: tuple[Turn, ...]
    problems: tuple[Problem, ...]
    rejections: tuple[Rejection, ...]
    proposed: int
    judged_programs: int  # different programs that were judged or executed
    executions: int  # runs of a program on an input
    attempts: tuple[StudentAttempt, ...] = ()  # () where their texts are not kept
    spent: tuple[StageSpend, ...] = ()  # by stage and model, in order of their names; () where no model was called
    seconds: float = 0.0  # wall time; not part of any hashed file
    judge_s: float = 0.0  # the part of it that was spent in the judge; likewise
    stage_s: dict[str, float] = msgspec.field(default_factory=dict)  # its parts by stage; likewise
