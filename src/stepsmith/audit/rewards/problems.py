"""The user's problems as specimens: what ``verify`` reads, with the rows as they are in the files."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from stepsmith.audit.rewards.specimens import Specimen, confirmed
from stepsmith.core.errors import CaseError
from stepsmith.core.records import Contract, Limits, Verdict
from stepsmith.judge.protocol import Judge
from stepsmith.scoring.trl_reward import training_rows
from stepsmith.store import dataset
from stepsmith.train.verl.rows import GroundTruth
from stepsmith.verify.formats.dataset import dataset_problem
from stepsmith.verify.formats.examples import find_examples
from stepsmith.verify.formats.problems import UnreadProblem, VerifyProblem
from stepsmith.verify.formats.reading import Format, ProblemSource, read_problems

MOST_READ = 200  # rows of a file that are looked at
MOST_TESTS = 30  # of a specimen: a reward that runs every test must end in time
MOST_BYTES = 200_000  # of a specimen's tests
CHOSEN = 2  # specimens of the user's problems
_TIME_KEYS = ("time_limit", "time_limit_s", "timeout", "time_limit_ms")


class ChosenSpecimens(NamedTuple):
    """The specimens that were chosen, and why others were not."""

    specimens: tuple[Specimen, ...]
    left_out: tuple[str, ...]


def choose_specimens(sources: Sequence[Path], format_: Format, judge: Judge) -> ChosenSpecimens:
    """Choose specimens from files that are read together: a problem's right program may be in another file.

    Raises ``CaseError`` if no problem can be used, with the reason of the first.
    """
    programs: dict[str, str] = {}
    found: dict[str, Specimen] = {}
    reasons: list[str] = []
    for path in sources:
        for item, row in _rows(path, format_):
            specimen = _specimen(item, row)
            if isinstance(specimen, str):
                reasons.append(specimen)
                continue
            if specimen.right:
                programs.setdefault(specimen.name, specimen.right)
            known = found.get(specimen.name)
            if known is None or ("reward_model" in specimen.row and "reward_model" not in known.row):
                found[specimen.name] = specimen
    usable = []
    for specimen in found.values():
        right = specimen.right or programs.get(specimen.name, "")
        if not right:
            reasons.append(f"{specimen.name}: no right program in Python (a candidate with the verdict AC)")
        elif not specimen.tests or len(specimen.tests) > MOST_TESTS or _size(specimen) > MOST_BYTES:
            reasons.append(f"{specimen.name}: {len(specimen.tests)} tests; between 1 and {MOST_TESTS} are used")
        else:
            usable.append(msgspec.structs.replace(specimen, right=right))
    usable.sort(key=_rank)
    chosen: list[Specimen] = []
    for specimen in usable:
        if len(chosen) == CHOSEN:
            break
        if sum(one.interface == specimen.interface for one in chosen) and len({s.interface for s in usable}) > 1:
            continue
        good = list(confirmed([specimen], judge))
        chosen += good
        if not good:
            reasons.append(
                f"{specimen.name}: its right program fails its tests in our sandbox, or its tests pay nothing"
            )
    if not chosen:
        first = reasons[0] if reasons else "there are no problems in it"
        raise CaseError(f"no problem of {', '.join(map(str, sources))} can be used: {first}")
    return ChosenSpecimens(tuple(chosen), tuple(reasons))


def _rank(specimen: Specimen) -> tuple[bool, bool, int]:
    """Prefer problems with some hidden tests and with outputs that nobody guesses, and few tests among these."""
    long_outputs = sum(len(output.strip()) >= 6 for _, output in specimen.hidden)
    return (len(specimen.hidden) < 4, long_outputs < 2, len(specimen.tests))


def _size(specimen: Specimen) -> int:
    return sum(len(given) + len(output) for given, output in specimen.tests)


def _rows(path: Path, format_: Format) -> Iterator[tuple[object, dict[str, Any]]]:
    """Yield (problem as read, row as it is in the file)."""
    if not path.exists():
        raise CaseError(f"{path} does not exist")
    file = path / "problems.parquet" if path.is_dir() and (path / "problems.parquet").is_file() else path
    raw: Iterator[dict[str, Any]] = iter(())
    if file.suffix == ".parquet":
        raw = dataset.read_rows(file)
    elif file.is_file():
        raw = _lines(file)
    items = read_problems(ProblemSource(path, format_))
    for _, (item, row) in zip(range(MOST_READ), zip_longest(items, raw, fillvalue=None), strict=False):
        if item is not None:
            yield item, row or {}


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        for line in lines:
            if line.strip():
                try:
                    row = msgspec.json.decode(line)
                except msgspec.DecodeError:
                    row = {}
                yield row if isinstance(row, dict) else {}


def _specimen(item: object, row: dict[str, Any]) -> Specimen | str:
    """Return the specimen of a row, perhaps without a right program; or why there is none."""
    if {"golden", "seed_ref"} <= row.keys():
        problem = dataset.row_problem(row)
        if problem.environment != "induction":
            return f"{problem.id}: a problem of {problem.environment}; only programs are sent to rewards"
        return _of_problem(dataset_problem(problem), training_rows([problem])[0])
    if (own := _own_truth(row)) is not None:
        return _of_truth(own, row)
    if isinstance(item, UnreadProblem):
        return f"{item.problem_id}: {item.detail}"
    assert isinstance(item, VerifyProblem)
    return _of_problem(item, {key: _sendable(value) for key, value in row.items()})


def _of_problem(problem: VerifyProblem, row: dict[str, Any]) -> Specimen:
    right = next((c for c in problem.candidates if c.verdict is Verdict.AC and c.language == "python"), None)
    examples = problem.examples
    if examples is None:
        examples = find_examples(problem.statement, problem.contract)
    pairs = zip(problem.inputs, problem.outputs or (), strict=False)
    stated = any(key in row for key in _TIME_KEYS)
    return Specimen(
        name=str(problem.problem_id),
        interface=problem.interface,
        entry_point=problem.contract.entry_point,
        statement=problem.statement,
        tests=tuple((given, output) for given, output in pairs if output is not None),
        samples=tuple(example.input for example in examples),
        right=problem.solution(right).code if right else "",
        contract=problem.contract,
        row=row,
        stated_time_s=problem.time_limit_s if stated else None,
    )


def _own_truth(row: dict[str, Any]) -> GroundTruth | None:
    """Return the ground truth of a row that Stepsmith exported for verl; None for another row."""
    model = row.get("reward_model")
    if not isinstance(model, dict) or not isinstance(model.get("ground_truth"), str):
        return None
    try:
        return msgspec.json.decode(model["ground_truth"], type=GroundTruth)
    except msgspec.DecodeError:
        return None


def _of_truth(truth: GroundTruth, row: dict[str, Any]) -> Specimen | str:
    case = truth.case
    if truth.environment != "induction":
        return f"{case.id}: a problem of {truth.environment}; only programs are sent to rewards"
    interface = "stdio" if case.interface == "stdio" else "function"
    return Specimen(
        name=case.id,
        interface=interface,  # type: ignore[arg-type]
        entry_point=case.entry_point,
        tests=tuple((test.input, test.output) for test in truth.tests),
        right="",
        contract=Contract(
            interface=interface,  # type: ignore[arg-type]
            entry_point=case.entry_point,
            limits=Limits(time_s=case.time_limit_s),
        ),
        row={key: _sendable(value) for key, value in row.items()},
        stated_time_s=case.time_limit_s,
    )


def _sendable(value: Any) -> Any:
    """Return a column as JSON can carry it."""
    if isinstance(value, dict):
        return {str(key): _sendable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_sendable(one) for one in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return value.tolist() if hasattr(value, "tolist") else str(value)
