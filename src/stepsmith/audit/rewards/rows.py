"""The rows that rewards get: derived columns for a specimen, and rows whose tests are missing, broken or changed."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec

from stepsmith.audit.rewards.specimens import Specimen
from stepsmith.core.integers import read_literal
from stepsmith.train.verl.rows import CaseForm, GroundTruth, Pair

TEST_KEYS = frozenset((  # columns, and keys inside them, that may hold tests
    "tests", "test_cases", "testcases", "cases", "inputs", "outputs", "input_output", "ground_truth",
    "verification_info", "reward_model", "held_back", "public_tests", "private_tests", "generated_tests",
    "public_test_cases", "private_test_cases", "official_tests", "unit_tests", "test_list", "test", "hidden_tests",
    "asserts", "expected", "expected_output", "expected_outputs", "answer", "answers",
))  # fmt: skip
_OUTPUT_KEYS = frozenset(["output", "outputs", "expected", "expected_output", "expected_outputs"])
JUDGE_TESTS = 6
TRUTHS = ("apps", "list", "stepsmith")  # what verl's ground truth may be; tried in this order

Row = dict[str, Any]


def derived(specimen: Specimen, truth: str) -> Row:
    """Return columns under the names that data sets use, for a reward that takes its tests from columns.

    ``truth`` is the form of ``ground_truth``: APPS (``{"inputs", "outputs", "fn_name"}``), a list of tests, or
    Stepsmith's own.
    """
    pairs = [{"input": given, "output": output} for given, output in specimen.tests]
    apps = _apps(specimen)
    kind = {"type": "stdin_stdout", "fn_name": ""}
    if specimen.interface == "function":
        kind = {"type": "function_call", "fn_name": _name(specimen)}
    truths: dict[str, Any] = {"apps": apps, "list": pairs, "stepsmith": msgspec.to_builtins(_ours(specimen))}
    text = json.dumps(truths[truth])
    return {
        "problem_id": specimen.name,
        "task_id": specimen.name,
        "question": specimen.statement,
        "problem": specimen.statement,
        "prompt": specimen.statement,
        "language": "python",
        "entry_point": specimen.entry_point,
        "fn_name": apps.get("fn_name"),
        "time_limit": specimen.contract.limits.time_s,
        "tests": pairs,
        "test_cases": pairs,
        "inputs": [given for given, _ in specimen.tests],
        "outputs": [output for _, output in specimen.tests],
        "expected_outputs": [output for _, output in specimen.tests],
        "input_output": json.dumps(apps),
        "verification_info": {
            "language": "python",
            "test_cases": [{**pair, **kind} for pair in pairs],
        },
        "ground_truth": text,
        "answer": text,
        "data_source": {"apps": "taco", "list": "taco", "stepsmith": "stepsmith/induction"}[truth],
        "reward_model": {"style": "rule", "ground_truth": text},
        "extra_info": {"index": 0, "split": "train", "problem": specimen.name},
    }


def judge_row(specimen: Specimen) -> Row:
    """Return the row that an HTTP judge is asked with."""
    return {"tests": [{"input": given, "output": output} for given, output in specimen.tests]}


def for_judge(specimen: Specimen) -> Specimen:
    """Return the specimen with so few tests that a judge soon answers: each test is a run of its own."""
    return msgspec.structs.replace(specimen, tests=specimen.tests[:JUDGE_TESTS])


def _name(specimen: Specimen) -> str:
    return (specimen.entry_point or "").rpartition(".")[2]


def _apps(specimen: Specimen) -> Row:
    if specimen.interface == "stdio":
        return {"inputs": [given for given, _ in specimen.tests], "outputs": [output for _, output in specimen.tests]}
    return {
        "fn_name": _name(specimen),
        "inputs": [_listed(read_literal(given)) for given, _ in specimen.tests],
        "outputs": [_listed(read_literal(output)) for _, output in specimen.tests],
    }


def _listed(value: Any) -> Any:
    """Return a value as JSON can hold it."""
    if isinstance(value, list | tuple):
        return [_listed(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _listed(one) for key, one in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _ours(specimen: Specimen) -> GroundTruth:
    contract = specimen.contract
    limits, checker = contract.limits, contract.checker
    return GroundTruth(
        environment="induction",
        case=CaseForm(
            id=specimen.name,
            language="python",
            interface=contract.interface,
            entry_point=contract.entry_point,
            checker=checker.name,
            checker_flags=checker.flags,
            checker_files=dict(checker.files),
            time_limit_s=limits.time_s,
            memory_limit_mb=limits.memory_mb,
        ),
        tests=tuple(Pair(input=given, output=output) for given, output in specimen.tests),
    )


def without_tests(row: Row) -> Row:
    """Return the row with every list of tests empty, in the form that it had."""
    return _changed(row, lambda value: [] if isinstance(value, list) else value)


def with_null_tests(row: Row) -> Row:
    """Return the row with None in the columns of tests, as a data set has it where they are missing."""
    kept = {key: None if key in TEST_KEYS and key != "reward_model" else value for key, value in row.items()}
    if isinstance(row.get("reward_model"), dict):
        kept["reward_model"] = {**row["reward_model"], "ground_truth": None}
    return kept


def undecodable(row: Row) -> Row:
    """Return the row with the JSON text of its tests cut off in the middle."""

    def cut(value: Any) -> Any:
        return value[: len(value) // 2] if isinstance(value, str) and _decoded(value) is not None else value

    return {
        key: (
            {name: cut(part) if name in TEST_KEYS else part for name, part in value.items()}
            if key in TEST_KEYS and isinstance(value, dict)
            else cut(value) if key in TEST_KEYS else value
        )
        for key, value in row.items()
    }  # fmt: skip


def with_empty_outputs(row: Row, empty: Any) -> Row:
    """Return the row with ``empty`` as every expected output."""

    def emptied(value: Any, key: str = "") -> Any:
        if key in _OUTPUT_KEYS and isinstance(value, list):
            return [empty for _ in value]
        if key in _OUTPUT_KEYS:
            return empty
        if isinstance(value, list):
            return [emptied(one) for one in value]
        if isinstance(value, dict):
            return {name: emptied(part, name) for name, part in value.items()}
        return value

    return {key: _within(value, partial(emptied, key=key)) if key in TEST_KEYS else value for key, value in row.items()}


def with_fewer_outputs(row: Row) -> Row:
    """Return the row with only the first expected output, where outputs are a list beside the inputs."""

    def shortened(value: Any, key: str = "") -> Any:
        if key in _OUTPUT_KEYS and isinstance(value, list):
            return value[:1]
        if isinstance(value, dict):
            return {name: shortened(part, name) for name, part in value.items()}
        return value

    return {
        key: _within(value, partial(shortened, key=key)) if key in TEST_KEYS else value for key, value in row.items()
    }


def in_other_form(row: Row) -> Row:
    """Return the row with JSON texts of tests as objects, and lists and objects of tests as JSON texts."""

    def turned(value: Any) -> Any:
        if isinstance(value, str):
            found = _decoded(value)
            return value if found is None else found
        return json.dumps(value) if isinstance(value, list | dict) else value

    changed = {key: turned(value) if key in TEST_KEYS - {"reward_model"} else value for key, value in row.items()}
    if isinstance(row.get("reward_model"), dict):
        model = row["reward_model"]
        changed["reward_model"] = {**model, "ground_truth": turned(model.get("ground_truth"))}
    return changed


def _changed(row: Row, change: Callable[[Any], Any]) -> Row:
    def walked(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                name: walked(change(part)) if name in TEST_KEYS or isinstance(part, dict) else part
                for name, part in value.items()
            }
        return change(value)

    return {key: _within(value, walked) if key in TEST_KEYS else value for key, value in row.items()}


def _within(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return the value changed, inside its JSON text where it is one; texts inside an object, too."""
    if isinstance(value, str):
        found = _decoded(value)
        return value if found is None else json.dumps(change(found))
    if isinstance(value, dict) and "ground_truth" in value:
        return {**value, "ground_truth": _within(value["ground_truth"], change)}
    return change(value)


def _decoded(text: str) -> Any:
    """Return the list or object that a text is the JSON of, or None."""
    if text[:1] not in ("[", "{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
