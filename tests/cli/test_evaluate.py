"""``stepsmith eval``: from files to figures, and what it refuses."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stepsmith.benchmarks.verdict import SampleVerdict
from stepsmith.cli.evaluate import eval_app
from stepsmith.core.errors import CaseError, ConfigError
from stepsmith.evaluate.evaluation import read_evaluation
from stepsmith.evaluate.verdict_cache import VerdictCache
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row
from stepsmith.store.dataset import write_rows as write_parquet
from tests.benchmark_files import HUMANEVAL_ROW, write_rows
from tests.records import a_problem

RIGHT, WRONG = "    return sum(xs)\n", "    return 3\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STEPSMITH_DATA", str(tmp_path))
    monkeypatch.setenv("STEPSMITH_CACHE", str(tmp_path / "cache"))
    write_rows(tmp_path / "HumanEval.jsonl.gz", HUMANEVAL_ROW)
    for name, texts in {"a": (RIGHT, WRONG), "b": (RIGHT, RIGHT), "c": (RIGHT,)}.items():
        rows = [{"task_id": "HumanEval/900", "completion": text} for text in texts]
        write_rows(tmp_path / f"{name}.jsonl", *rows)
    return tmp_path


def run(*words: object) -> str:
    result = CliRunner().invoke(eval_app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def scored(place: Path, name: str, *more: object) -> str:
    return run("score", "--benchmark", "humaneval", "--samples", place / f"{name}.jsonl", "--workers", 1, *more)


def test_score_and_compare(place: Path) -> None:
    said = scored(place, "a")
    assert "1 of 1 problems, 2 samples (2 per problem)" in said
    assert "contamination not checked" in said
    evaluation, samples = read_evaluation(place / "a-humaneval")
    assert evaluation.metrics.all.pass_at_k == {"1": 0.5, "2": 1.0}
    assert evaluation.conditions.release == "unknown"
    assert [one.outcome for one in samples] == ["passed", "wrong answer"]
    said = scored(place, "b", "--out", place / "out", "--model", "B", "--vote")
    assert "one sample per problem: majority 1.0000, consensus 1.0000 (1 problems" in said
    said = run("compare", place / "a-humaneval", place / "out")
    assert "B - A: +0.5000" in said
    assert "not known: whether both models saw the same prompts" in said
    scored(place, "c")
    with pytest.raises(ConfigError, match="must not be compared; they differ in the number of samples per problem"):
        run("compare", place / "a-humaneval", place / "c-humaneval")


def test_contamination_is_said_before_a_score_is_clean(place: Path) -> None:
    pytest.importorskip("rensa")
    words = " ".join(f"word{k} of a long and unusual statement about numbers" for k in range(20))
    prompt = f'def total(xs):\n    """{words}"""\n'
    write_rows(place / "HumanEval.jsonl.gz", {**HUMANEVAL_ROW, "prompt": prompt})
    clean, dirty = a_problem(), a_problem(statement=f"{words}\n")
    for name, problem in {"clean": clean, "dirty": dirty}.items():
        (place / name).mkdir()
        write_parquet(place / name / "problems.parquet", PROBLEM_SCHEMA, [problem_row(problem)])
    assert "clean: no problem is like one of the 1 problems of" in scored(place, "a", "--trained-on", place / "clean")
    said = scored(place, "a", "--trained-on", place / "dirty")
    assert "CONTAMINATED: 1 of 1 problems" in said
    assert "HumanEval/900" in said


def test_mistakes_of_the_user(place: Path) -> None:
    with pytest.raises(ConfigError, match="there is no benchmark 'human'; there are humaneval, "):
        run("score", "--benchmark", "human", "--samples", place / "a.jsonl")
    with pytest.raises(CaseError, match=r"has no file of MBPP .sanitized.; it needs sanitized-mbpp.json"):
        run("score", "--benchmark", "mbpp", "--samples", place / "a.jsonl")
    with pytest.raises(CaseError, match="HumanEval/900 has no date"):
        scored(place, "a", "--since", "2024-01")
    with pytest.raises(ConfigError, match="no extraction 'mine'"):
        scored(place, "a", "--extraction", "mine")
    with pytest.raises(ConfigError, match="is no folder of a model and no address"):
        run("run", "--benchmark", "humaneval", "--model", "nowhere", "--out", place / "run")


def test_list(place: Path) -> None:
    assert json.dumps(run("list")).count("humaneval") >= 2


def test_scoring_that_is_stopped_goes_on_with_the_same_command(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"task_id": "HumanEval/900", "completion": f"{RIGHT}# {k}\n"} for k in range(30)]  # two rounds of judging
    write_rows(place / "many.jsonl", *rows)
    store, judged = VerdictCache.store, []

    def stopped(self: VerdictCache, verdicts: dict[str, SampleVerdict]) -> None:
        store(self, verdicts)
        judged.append(len(verdicts))
        if len(judged) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(VerdictCache, "store", stopped)
    words = ["score", "--benchmark", "humaneval", "--samples", str(place / "many.jsonl"), "--workers", "1"]
    result = CliRunner().invoke(eval_app, words)
    assert result.exit_code == 130
    assert "Stopped. Verdicts so far are kept" in result.output
    assert "30 samples" in run(*words)
    assert sum(judged) == 30  # none was judged twice


def test_the_list_has_whole_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = run("list")
    for text in ("livecodebench-execution-cot", "HumanEvalPlus-NoExtreme.jsonl", "codecontests"):
        assert text in said
