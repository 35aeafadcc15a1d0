import json

import pytest

from stepsmith.audit.rewards import rows
from stepsmith.audit.rewards.specimens import built_in

STDIO, FUNCTION = built_in()


@pytest.mark.parametrize("truth", rows.TRUTHS)
def test_every_form_of_the_tests_is_emptied_in_its_own_form(truth: str) -> None:
    row = rows.without_tests(rows.derived(STDIO, truth))
    assert row["tests"] == row["inputs"] == row["verification_info"]["test_cases"] == []
    assert json.loads(row["input_output"]) == {"inputs": [], "outputs": []}
    kept = json.loads(row["reward_model"]["ground_truth"])
    assert kept == [] or not kept.get("inputs", kept.get("tests"))
    assert row["statement" if "statement" in row else "problem"] == STDIO.statement


def test_texts_of_tests_are_cut_and_objects_turned() -> None:
    row = rows.derived(FUNCTION, "apps")
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(rows.undecodable(row)["ground_truth"])
    turned = rows.in_other_form(row)
    assert turned["ground_truth"]["fn_name"] == "mixed"
    assert json.loads(turned["tests"]) == row["tests"]
    assert turned["reward_model"]["ground_truth"] == turned["ground_truth"]


def test_outputs_are_emptied_or_left_out() -> None:
    row = rows.derived(STDIO, "apps")
    emptied = rows.with_empty_outputs(row, "")
    assert {test["output"] for test in emptied["tests"]} == {""}
    assert set(json.loads(emptied["ground_truth"])["outputs"]) == {""}
    assert emptied["inputs"] == row["inputs"]
    fewer = json.loads(rows.with_fewer_outputs(row)["ground_truth"])
    assert (len(fewer["inputs"]), len(fewer["outputs"])) == (len(STDIO.tests), 1)
    assert rows.with_null_tests(row)["ground_truth"] is None
