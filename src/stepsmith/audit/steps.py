"""What a replay does, step by step: each step is one question to the sandbox and the answer that proves the finding.

A replay is self-contained: it holds the programs, inputs, limits and checkers. A finding is reproduced if every step
shows what it says.
"""

from stepsmith.core.records import Contract, Interface, Record, Solution, Verdict
from stepsmith.verify.formats.harness import HarnessName
from stepsmith.verify.formats.problems import InputValidator


class SuiteTest(Record, frozen=True, kw_only=True):
    """A test as a suite applies it."""

    input: str
    output: str


class Suite(Record, frozen=True, kw_only=True):
    """Tests and how they judge: the contract, and the harness whose looser comparison applies, if one does.

    With ``code`` the tests are a program: it is put behind the solution, and its function ``entry_point`` of the
    contract raises where the solution is wrong and returns ``'passed'`` where it is right.
    """

    contract: Contract
    tests: tuple[SuiteTest, ...]
    harness: HarnessName | None = None
    code: str = ""


class Passes(Record, frozen=True, kw_only=True, tag="passes"):
    """The program passes the whole suite."""

    says: str
    program: Solution
    suite: Suite


class Fails(Record, frozen=True, kw_only=True, tag="fails"):
    """The program does not pass the suite."""

    says: str
    program: Solution
    suite: Suite


class Gives(Record, frozen=True, kw_only=True, tag="gives"):
    """The program gives this output for the input, or another one that the checker accepts for it."""

    says: str
    program: Solution
    contract: Contract
    input: str
    output: str


class Differs(Record, frozen=True, kw_only=True, tag="differs"):
    """The program gives an output for the input that the checker does not accept for this one, or gives none."""

    says: str
    program: Solution
    contract: Contract
    input: str
    output: str


class Ends(Record, frozen=True, kw_only=True, tag="ends"):
    """The program's run on the input ends in this verdict (without an expected output: TLE, MLE, OLE, RTE, CE)."""

    says: str
    program: Solution
    contract: Contract
    input: str
    verdict: Verdict


class Varies(Record, frozen=True, kw_only=True, tag="varies"):
    """Runs of the program on the same input give outputs that the checker does not accept for each other."""

    says: str
    program: Solution
    contract: Contract
    input: str
    runs: int = 8


class Disagree(Record, frozen=True, kw_only=True, tag="disagree"):
    """The checker accepts neither of the two outputs for the other."""

    says: str
    contract: Contract
    input: str
    first: str
    second: str


class Slow(Record, frozen=True, kw_only=True, tag="slow"):
    """The program needs more than this share of the time limit."""

    says: str
    program: Solution
    contract: Contract
    input: str
    share: float


class Refused(Record, frozen=True, kw_only=True, tag="refused"):
    """An input validator rejects the input."""

    says: str
    validator: InputValidator
    interface: Interface
    input: str


class Allowed(Record, frozen=True, kw_only=True, tag="allowed"):
    """All input validators accept the input."""

    says: str
    validators: tuple[InputValidator, ...]
    interface: Interface
    input: str


class Contains(Record, frozen=True, kw_only=True, tag="contains"):
    """The text holds the passage, whatever the white space. Nothing is run."""

    says: str
    text: str
    passage: str


ReplayStep = Passes | Fails | Gives | Differs | Ends | Varies | Disagree | Slow | Refused | Allowed | Contains


class ProgramReplay(Record, frozen=True, kw_only=True, tag="programs"):
    """Steps that run programs; all must hold."""

    steps: tuple[ReplayStep, ...]
