"""Problems as rows of Parquet files for verl. A row holds all that a judge server needs besides the completion."""

import msgspec
import pyarrow as pa

from stepsmith.core.records import Contract, Environment, Problem, Record, TestCase
from stepsmith.core.stats import likely_band
from stepsmith.envs import ENVIRONMENTS
from stepsmith.envs.abduction import AbductionTask
from stepsmith.envs.fuzzing import FAILS, PROGRAM, FuzzingTask, harness
from stepsmith.envs.literals import Signature, kinds_of, signature_of
from stepsmith.scoring.tests import SplitSettings, split_tests
from stepsmith.store.dataset import Row
from stepsmith.train.settings import PromptLength

_TEXT = pa.string()
ROW_SCHEMA = pa.schema(
    [
        ("data_source", _TEXT),
        ("prompt", pa.list_(pa.struct([("role", _TEXT), ("content", _TEXT)]))),
        ("ability", _TEXT),
        ("reward_model", pa.struct([("style", _TEXT), ("ground_truth", _TEXT)])),
        (
            "extra_info",
            pa.struct(
                [
                    ("index", pa.int64()),
                    ("split", _TEXT),
                    ("problem", _TEXT),
                    ("chain", _TEXT),
                    ("turn", pa.int64()),
                    ("environment", _TEXT),
                    ("band", _TEXT),
                    ("likely_band", _TEXT),
                    ("pass_rate", pa.float64()),
                    ("features", pa.list_(_TEXT)),
                ]
            ),
        ),
    ]
)


class Pair(Record, frozen=True, kw_only=True):
    """A test as it is sent to the judge; it has no input if the completion is the input (abduction)."""

    input: str = ""
    output: str


class CaseForm(Record, frozen=True, kw_only=True, omit_defaults=True):
    """A case of the judge's own API (docs/judge.md), without its tests and without what the completion provides."""

    id: str
    language: str
    interface: str
    checker: str
    time_limit_s: float
    code: str = ""
    entry_point: str | None = None
    checker_flags: tuple[str, ...] = ()
    checker_files: dict[str, str] = msgspec.field(default_factory=dict)
    memory_limit_mb: int | None = None
    wall_limit_s: float | None = None
    output_limit_mb: float | None = None


class GroundTruth(Record, frozen=True, kw_only=True):
    """How completions for a problem are scored; stored as JSON in a row's ``reward_model.ground_truth``.

    If the completion is a program (induction), it becomes the code of the case. If it is a value (deduction), a program
    that returns the value becomes the code. If it is an input (abduction, fuzzing), the code of the case is run on it.
    ``signature`` (of the arguments) and ``returns`` (the type of the result) say how values are parsed.
    """

    environment: Environment
    case: CaseForm
    tests: tuple[Pair, ...]  # rewarded
    held_back: tuple[Pair, ...] = ()  # never rewarded; run if all the others pass
    signature: Signature = Signature("", (), 0)
    returns: str = ""


def verl_row(problem: Problem, index: int, split: str, form: PromptLength, tests: SplitSettings) -> Row:
    """Return the row of a problem in the schema ``ROW_SCHEMA``.

    In the ``split`` "test" no test is held back, because nothing is trained on it.
    """
    if split == "test":
        tests = msgspec.structs.replace(tests, hold_back=0.0, most_tests=None)
    measured = problem.pass_rate
    return {
        "data_source": f"stepsmith/{problem.environment}",
        "prompt": [{"role": "user", "content": prompt_of(problem, form)}],
        "ability": "code",
        "reward_model": {"style": "rule", "ground_truth": msgspec.json.encode(ground_truth(problem, tests)).decode()},
        "extra_info": {
            "index": index,
            "split": split,
            "problem": problem.id,
            "chain": problem.lineage.chain_id,
            "turn": problem.lineage.turn,
            "environment": problem.environment,
            "band": measured.claimed_band if measured else None,
            "likely_band": likely_band(measured),
            "pass_rate": measured.rate if measured and measured.attempts else None,
            "features": [use.name for use in problem.features],
        },
    }


def prompt_of(problem: Problem, form: PromptLength) -> str:
    """Return the prompt for a problem: full or brief."""
    environment = ENVIRONMENTS[problem.environment]
    return environment.brief(problem) if form == "brief" else environment.render(problem)


def ground_truth(problem: Problem, tests: SplitSettings) -> GroundTruth:
    """Return how completions for a problem are scored. Raises ``ConfigError`` for a problem without tests."""
    split = split_tests(problem, tests)
    case = _case(problem.id, problem.contract)
    if problem.environment == "induction":
        return GroundTruth(
            environment="induction", case=case, tests=_pairs(split.rewarded), held_back=_pairs(split.held_back)
        )
    if problem.environment == "deduction":
        return GroundTruth(
            environment="deduction",
            case=msgspec.structs.replace(case, interface="function", entry_point="answer"),
            tests=_pairs(problem.tests[:1]),
            signature=Signature((problem.contract.entry_point or "").rpartition(".")[2], (), 0),
            returns="".join(kinds_of(f"({problem.tests[0].output},)")),
        )
    if problem.environment == "abduction":
        task = msgspec.json.decode(problem.task, type=AbductionTask)
        return GroundTruth(
            environment="abduction",
            case=msgspec.structs.replace(case, code=task.program),
            tests=(Pair(output=task.output),),
            signature=signature_of(task.program, problem.contract.entry_point or "", problem.tests[0].input),
        )
    program, contract = harness(msgspec.json.decode(problem.task, type=FuzzingTask), problem.contract)
    return GroundTruth(
        environment="fuzzing",
        case=msgspec.structs.replace(_case(problem.id, contract), code=program.code),
        tests=(Pair(output=FAILS),),
        signature=signature_of(program.code, PROGRAM, problem.tests[-1].input),
    )


def _case(problem_id: str, contract: Contract) -> CaseForm:
    limits, checker = contract.limits, contract.checker
    return CaseForm(
        id=problem_id,
        language="python",  # what every prompt asks for
        interface=contract.interface,
        entry_point=contract.entry_point,
        checker=checker.name,
        checker_flags=checker.flags,
        checker_files=dict(checker.files),
        time_limit_s=limits.time_s,
        memory_limit_mb=limits.memory_mb,
        wall_limit_s=limits.wall_s,
        output_limit_mb=limits.output_mb,
    )


def _pairs(tests: tuple[TestCase, ...]) -> tuple[Pair, ...]:
    return tuple(Pair(input=test.input, output=test.output) for test in tests)
