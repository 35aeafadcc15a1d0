"""The records that travel between layers: frozen, typed, content-addressed.

Words mean what docs/glossary.md says. Text of function problems is Python literals (an argument tuple in
``TestCase.input``, a value in ``TestCase.output``); text of stdio problems is raw.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from stepsmith.core.ids import content_id

Environment = Literal["induction", "abduction", "deduction", "fuzzing"]
Interface = Literal["stdio", "function"]
Style = Literal["codeforces", "atcoder", "leetcode"]
TestKind = Literal["nominal", "complex", "boundary", "stress", "adversarial"]
Direction = Literal["new", "harder", "easier", "sideways"]
Band = Literal["hard", "medium", "easy-medium", "easy"]

# X-Coder's vote weights by kind of case (arXiv 2601.06953); adversarial is ours and counts like stress.
KIND_WEIGHT: dict[TestKind, float] = {
    "nominal": 1.0,
    "complex": 2.0,
    "boundary": 3.0,
    "stress": 4.0,
    "adversarial": 4.0,
}


class Verdict(StrEnum):
    """What the judge says of one run or of a whole judgement. IE is our failure and is never scored."""

    AC = "AC"
    WA = "WA"
    TLE = "TLE"
    MLE = "MLE"
    OLE = "OLE"
    RTE = "RTE"
    CE = "CE"
    IE = "IE"


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all records: immutable, compared by value, round-trips through msgspec."""


class Solution(Record, frozen=True, kw_only=True):
    """A program in a language."""

    language: str
    code: str

    @property
    def id(self) -> str:
        """Content id over language and code."""
        return content_id("sol", self.language, self.code)


class Limits(Record, frozen=True, kw_only=True):
    """What one run may use. CPU and wall limits are separate, so that a loaded machine does not make TLE."""

    time_s: float = 2.0  # CPU seconds
    wall_s: float | None = None  # None: the judge picks a generous multiple of time_s
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
    """What a solution has to honour: how it is called, within which limits, how its output is compared."""

    interface: Interface
    entry_point: str | None = None  # function name, or "Solution.method"; None for stdio
    limits: Limits = Limits()
    checker: Checker = Checker()


class TestCase(Record, frozen=True, kw_only=True):
    """One input with the output that is believed right, and how far it is believed."""

    __test__ = False  # not a pytest class

    input: str
    output: str
    kind: TestKind = "nominal"
    weight: float = 1.0
    confidence: float = 1.0  # probability that `output` is right


class Example(Record, frozen=True, kw_only=True):
    """A worked example of a statement: an input and its output, written as tests of the same interface are."""

    input: str
    output: str


class Execution(Record, frozen=True, kw_only=True):
    """One run of a solution on one input, with nothing to compare with. AC means that it ran to a normal end."""

    verdict: Verdict
    output: str = ""
    cpu_s: float = 0.0
    message: str = ""


class TestResult(Record, frozen=True, kw_only=True):
    """What one test of one solution came to."""

    __test__ = False  # not a pytest class

    verdict: Verdict
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_mb: float = 0.0
    exit_code: int | None = None
    signal: int | None = None
    stderr: str = ""  # the tail
    message: str = ""  # the checker's word, or which limit was hit


class Judgement(Record, frozen=True, kw_only=True):
    """The verdict on a solution: the first failing test's, AC when all pass, CE before any test ran."""

    verdict: Verdict
    tests: tuple[TestResult, ...] = ()  # shorter than the test list when judging stopped at the first failure
    compile_output: str = ""
    isolation: str = ""  # level the runs were done at: "L0".."L3"


class PassRate(Record, frozen=True, kw_only=True):
    """k of n fresh attempts, with a 95% Wilson interval."""

    passes: int
    attempts: int
    low: float
    high: float

    @property
    def rate(self) -> float:
        """Point estimate; 0 without attempts."""
        return self.passes / self.attempts if self.attempts else 0.0


class FeatureUse(Record, frozen=True, kw_only=True):
    """One algorithmic feature of a problem, and the seed lines that led to it (empty: chosen freely)."""

    name: str
    category: str
    params: tuple[tuple[str, int], ...] = ()
    seed_lines: tuple[int, ...] = ()  # line numbers in the seed's file
    signal: str = ""  # what was seen there: "sorted call", "dict use", ...


class Seed(Record, frozen=True, kw_only=True):
    """A window of real source code that inspires a problem."""

    source: str  # path as given, or "file.jsonl#7"
    first_line: int
    code: str

    @property
    def id(self) -> str:
        """Content id over the place and the text."""
        return content_id("seed", self.source, self.first_line, self.code)

    @property
    def ref(self) -> str:
        """Human-readable place, ``path:first-last``."""
        return f"{self.source}:{self.first_line}-{self.first_line + self.code.count(chr(10))}"


class Lineage(Record, frozen=True, kw_only=True):
    """Where a problem stands in its chain."""

    chain_id: str
    turn: int  # 1-based
    parent_id: str | None
    change: str  # what the teacher changed; "" on the first turn
    direction: Direction
    seed_ref: str


class WrongSolution(Record, frozen=True, kw_only=True):
    """A wrong program that the tests reject, with the index of the first test that does."""

    solution: Solution
    killed_by: int
    origin: str  # "mutant: off by one in ...", "candidate", ...


class Problem(Record, frozen=True, kw_only=True):
    """A coding problem. ``id`` is over what a solver sees and is judged by; measurements are not part of it."""

    environment: Environment
    style: Style
    title: str
    statement: str
    contract: Contract
    starter_code: str
    task: str  # what an environment adds, as JSON text; "{}" for induction
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
    provenance: tuple[tuple[str, str], ...] = ()  # versions, methods, checks and their figures, as text

    @property
    def id(self) -> str:
        """Content id over environment, statement, contract, task, tests and golden solution."""
        return content_id(
            "prob", self.environment, self.statement, self.contract, self.starter_code, self.task,
            tuple((t.input, t.output) for t in self.tests), self.golden,
        )  # fmt: skip


class Rejection(Record, frozen=True, kw_only=True):
    """A proposed problem that was not kept, and why. Rejections are stored like problems."""

    reason: str  # a slug: "constant-output", "mutants-survive", "too-easy", ...
    detail: str
    problem: Problem


class StageSpend(Record, frozen=True, kw_only=True):
    """What one stage asked of one model: the completions that it used, whether paid for now or cached."""

    purpose: str  # the stage: "propose", "refine", "attempt", ...
    model: str  # its name in the configuration
    requests: int
    completions: int
    prompt_tokens: int
    completion_tokens: int  # reasoning included
    reasoning_tokens: int
    usd: float  # by the prices when they were paid for

    @property
    def tokens(self) -> int:
        """Prompt and completion together."""
        return self.prompt_tokens + self.completion_tokens


class Turn(Record, frozen=True, kw_only=True):
    """One turn of a chain as the teacher saw it; exactly one of ``problem_id`` and ``rejected`` is set."""

    turn: int
    direction: Direction
    change: str
    problem_id: str | None = None
    rejected: str | None = None
    pass_rate: PassRate | None = None


class Chain(Record, frozen=True, kw_only=True):
    """One seed and the problems that grew from it: the unit of work, of storage and of resumption."""

    id: str
    index: int
    seed: Seed
    turns: tuple[Turn, ...]
    problems: tuple[Problem, ...]
    rejections: tuple[Rejection, ...]
    proposed: int
    judged_programs: int  # distinct programs that were judged or executed
    executions: int  # runs of a program on an input
    spent: tuple[StageSpend, ...] = ()  # by stage and model, in order of their names; () where no model was asked
    seconds: float = 0.0  # measured; kept out of every hashed file
