"""The page of an evaluation, from its folder."""

import json
from pathlib import Path

import msgspec

from stepsmith.evaluate.evaluation import Evaluation, write_evaluation
from stepsmith.evaluate.metrics import metrics_of
from stepsmith.report.evaluation_page import failed_tests
from stepsmith.report.writing import write_report
from tests.evaluate.test_comparing import BASE
from tests.evaluate.test_metrics import PROBLEMS, SCORED, sample

HOSTILE = "</script><script>alert(1)</script>"


def test_the_page_has_every_part_and_no_markup_of_samples(tmp_path: Path) -> None:
    scored = [*SCORED, sample("b", 2, "wrong answer", failed_test=HOSTILE, got=HOSTILE)]
    conditions = msgspec.structs.replace(BASE, model=HOSTILE)
    write_evaluation(tmp_path, Evaluation(conditions=conditions, metrics=metrics_of(PROBLEMS, scored)), scored)
    page = write_report(tmp_path).read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    for part in ("By difficulty", "By feature", "Shortest failing tests", "contamination not checked", "time factor"):
        assert part in page
    blocks = page.split('<script type="application/json"')[1:]
    figures = [json.loads(block.partition(">")[2].partition("</script>")[0]) for block in blocks]
    kinds = [figure["data"][0]["type"] for figure in figures]
    assert sorted(kinds) == ["heatmap", "scatter", "scatter"]
    (grid,) = (figure for figure in figures if figure["data"][0]["type"] == "heatmap")
    assert grid["data"][0]["y"] == ["a", "b"]  # the easier problem first


def test_the_shortest_failing_test_of_each_problem() -> None:
    first = sample("a", 0, "wrong answer", failed_test="f(10)")
    second = sample("a", 1, "crash", failed_test="f(1)", message="E")
    by_task = {"a": [first, second], "b": [sample("b", 0, "passed")]}
    assert failed_tests(by_task) == [("a", "f(1)", "E", 1)]
