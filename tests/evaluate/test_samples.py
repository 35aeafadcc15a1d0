"""Files of samples: every way to be wrong has a clear line."""

import json
from pathlib import Path

import msgspec
import pytest

from stepsmith.benchmarks import BENCHMARKS
from stepsmith.benchmarks.data import BenchmarkData, load_benchmark, within
from stepsmith.core.errors import CaseError
from stepsmith.evaluate.samples import MOST_CHARACTERS, ModelSample, counts_text, read_samples, write_samples
from tests.benchmark_files import HUMANEVAL_ROW, MBPP_ROW, write_rows


@pytest.fixture
def data(tmp_path: Path) -> BenchmarkData:
    rows = [{**HUMANEVAL_ROW, "task_id": f"HumanEval/{n}"} for n in (900, 901)]
    return load_benchmark(BENCHMARKS["humaneval"], write_rows(tmp_path / "h.jsonl", *rows))


def row(task: int, **more: object) -> dict[str, object]:
    return {"task_id": f"HumanEval/{task}", "completion": "    pass", **more}


def test_all_forms(data: BenchmarkData, tmp_path: Path) -> None:
    path = write_rows(
        tmp_path / "s.jsonl.gz", row(901, finish_reason="length", tokens=7), {"task_id": "HumanEval/900", "reply": "r"},
    )  # fmt: skip
    assert read_samples(path, data) == {
        "HumanEval/900": [ModelSample(task_id="HumanEval/900", text="r", form="reply")],
        "HumanEval/901": [
            ModelSample(task_id="HumanEval/901", text="    pass", form="completion", truncated=True, tokens=7)
        ],
    }


def test_samples_of_problems_outside_the_window_are_left_out(data: BenchmarkData, tmp_path: Path) -> None:
    dated = [msgspec.structs.replace(one, date=f"2024-0{n}-01") for n, one in enumerate(data.problems, 1)]
    later = within(data._replace(problems=tuple(dated)), "2024-02", "")
    samples = read_samples(write_rows(tmp_path / "s.jsonl", row(900), row(901)), later)
    assert list(samples) == ["HumanEval/901"]
    with pytest.raises(CaseError, match="has no task 'HumanEval/7'"):
        read_samples(write_rows(tmp_path / "s.jsonl", row(900), row(7)), later)


def test_numbers_alone_name_tasks(tmp_path: Path) -> None:
    data = load_benchmark(BENCHMARKS["mbpp"], write_rows(tmp_path / "m.jsonl", MBPP_ROW))
    for name in (901, "901", "Mbpp/901", "MBPP/901"):
        path = write_rows(tmp_path / "s.jsonl", {"task_id": name, "solution": "x"})
        if name == "MBPP/901":
            with pytest.raises(CaseError, match="has no task"):
                read_samples(path, data)
        else:
            assert list(read_samples(path, data)) == ["Mbpp/901"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "has no samples"),
        ([row(900)], "1 of 2 problems have no sample .the first: HumanEval/901.; add them, or .* --partial"),
        ([row(900), row(900), row(901)], "HumanEval/901 has 1 samples and HumanEval/900 has 2"),
        ([row(900), row(901), row(7)], "line 3: HumanEval has no task 'HumanEval/7' .* another benchmark"),
        ([row(900, sample=0), row(900, sample=0), row(901), row(901)], "line 2: sample 0 of HumanEval/900 stands"),
        ([row(900, completion=None)], "line 1: a sample needs a solution, a completion or a reply"),
        ([row(900, completion=["a"])], "line 1: completion must be text; repeat the task_id"),
        ([row(900, completion="x" * (MOST_CHARACTERS + 1))], "line 1: the completion has 2,000,001 characters"),
        ([{"completion": "x"}], "line 1: a sample needs its task_id"),
        ([[1]], "item 1: not a JSON object; a samples file"),
    ],
)
def test_what_is_wrong_is_said(data: BenchmarkData, tmp_path: Path, rows: list[object], said: str) -> None:
    path = tmp_path / "s.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows) or "\n")
    with pytest.raises(CaseError, match=said):
        read_samples(path, data)


def test_partial_files(data: BenchmarkData, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "s.jsonl", row(900), row(900))
    assert {task: len(some) for task, some in read_samples(path, data, partial=True).items()} == {"HumanEval/900": 2}


def test_written_samples_are_read_back(data: BenchmarkData, tmp_path: Path) -> None:
    samples = [
        ModelSample(task_id="HumanEval/900", text="é\ud800", form="solution"),
        ModelSample(task_id="HumanEval/901", text="", form="completion", truncated=True, tokens=3),
    ]
    write_samples(tmp_path / "out.jsonl", samples)
    assert [one for some in read_samples(tmp_path / "out.jsonl", data).values() for one in some] == samples
    assert counts_text([2, 2]) == "2"
    assert counts_text([3, 1]) == "1 to 3"


def test_half_a_surrogate_pair_is_no_text(data: BenchmarkData, tmp_path: Path) -> None:
    path = write_rows(tmp_path / "s.jsonl", row(900, completion="\ud800x\U0001f600"), row(901))
    ((half,), _) = read_samples(path, data).values()
    assert half.text == "\0x\U0001f600"
