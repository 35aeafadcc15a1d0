"""What every form has in common, by the command and through ``datasets``."""

import json
from pathlib import Path

import msgspec
import pytest
import yaml
from typer.testing import CliRunner

from stepsmith.cli.main import app
from stepsmith.core.errors import ConfigError, RunFolderError, UserError
from stepsmith.exports import FORMATS, ExportSettings, write_export
from stepsmith.exports.table import LEFT_OUT
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, write_rows
from tests.envs.test_environments import PROBLEMS
from tests.exports.exported import exported, lines, one_of_each

every_form = pytest.mark.parametrize("form", FORMATS)


def command(*arguments: object) -> tuple[int, str]:
    """Exit code and error of the command, as ``main`` gives them."""
    try:
        result = CliRunner().invoke(app, ["export", *map(str, arguments)], catch_exceptions=False)
    except UserError as error:
        return 2, str(error)
    return result.exit_code, result.output


@every_form
def test_every_form_holds_or_names_every_problem(form: str, tmp_path: Path) -> None:
    written = exported(form, tmp_path / "set")
    left_out = lines(tmp_path / "set" / LEFT_OUT) if (tmp_path / "set" / LEFT_OUT).exists() else []
    assert written.train + written.test + len(left_out) == len(one_of_each())
    assert all(one["reason"] and one["title"] for one in left_out)
    card = (tmp_path / "set" / "README.md").read_text()
    header = yaml.safe_load(card.split("---\n")[1])
    assert header["pretty_name"] == "little set"
    assert f"| problems | {written.train} | {written.test} |" in card
    for reason, count in written.reasons.items():
        assert f"Left out, {count}: {reason}." in card
    assert list(tmp_path.iterdir()) == [tmp_path / "set"]  # nothing half-made beside it


@every_form
def test_the_same_problems_give_the_same_bytes(form: str, tmp_path: Path) -> None:
    for place in ("a", "b"):
        exported(form, tmp_path / place)
    files = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file()]
    assert files
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes(), file


def test_datasets_opens_each_by_its_card(tmp_path: Path) -> None:
    from datasets import load_dataset

    for form, row in FORMATS.items():
        if row.data_files is None:
            continue
        written = exported(form, tmp_path / form)
        for name in row.data_files:
            halves = load_dataset(str(tmp_path / form), name, cache_dir=str(tmp_path / "cache"))
            assert {half: len(rows) for half, rows in halves.items()} == {
                "train": written.train,
                "test": written.test,
            }, (form, name)


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "mine").write_text("mine")
    with pytest.raises(RunFolderError, match="is there already"):
        exported("jsonl", tmp_path / "set")
    assert [path.name for path in tmp_path.rglob("*")] == ["set", "mine"]


def test_what_fails_on_the_way_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none is held out"):
        exported("verl", tmp_path / "set", held_out=0.0)
    assert list(tmp_path.iterdir()) == []


def test_mistakes_are_one_line_and_exit_code_2(tmp_path: Path) -> None:
    source, empty, values = (tmp_path / f"{name}.parquet" for name in ("some", "none", "values"))
    write_rows(source, PROBLEM_SCHEMA, [problem_row(problem) for problem in one_of_each()])
    write_rows(empty, PROBLEM_SCHEMA, [])
    write_rows(values, PROBLEM_SCHEMA, [problem_row(PROBLEMS["deduction"])])
    out = tmp_path / "out"
    for arguments, said in (
        ((empty, "--to", "hf"), "there is no problem to export"),
        (
            (values, "--to", "lcb"),
            "none of the 1 problems can be exported to lcb; for 1 of them: its answer is a value",
        ),
        ((source, "--to", "csv"), "there is no form 'csv'; the forms are hf,"),
        ((tmp_path / "nowhere", "--to", "hf"), "there are no problems at"),
    ):
        code, output = command(*arguments, "--out", out)
        assert (code, "\n" in output.strip()) == (2, False), output
        assert said in output
        assert not out.exists()
    code, output = command(source, source, "--to", "lcb", "--out", out, "--license", "Apache-2.0")
    assert code == 0, output
    assert "3 left out: its answer is a value, not a program (listed in left-out.jsonl)" in output
    assert yaml.safe_load((out / "README.md").read_text().split("---\n")[1])["license"] == "apache-2.0"
    assert json.loads((out / LEFT_OUT).read_text().splitlines()[0])["problem_id"].startswith("prob_")


def test_the_card_names_the_licences_of_seeds(tmp_path: Path) -> None:
    first, *others = one_of_each()
    licensed = msgspec.structs.replace(first.lineage, seed_license="MIT")
    problems = [msgspec.structs.replace(first, lineage=licensed), *others]
    write_export(problems, "jsonl", tmp_path / "set", ExportSettings(license="Apache-2.0"))
    card = (tmp_path / "set" / "README.md").read_text()
    assert f"inspired the problems: not recorded ({len(others)}), MIT (1)." in card


def test_a_problem_that_comes_twice_is_written_once(tmp_path: Path) -> None:
    problems = one_of_each()
    written = write_export([*problems, *problems], "jsonl", tmp_path / "set", ExportSettings(held_out=0.0))
    assert (written.train, written.test) == (len(problems), 0)
    assert not (tmp_path / "set" / "test.jsonl").exists()


def test_the_card_says_what_a_curation_found(tmp_path: Path) -> None:
    from stepsmith.exports.card import facts_of

    run, curated = tmp_path / "run", tmp_path / "curated"
    run.mkdir()
    (run / "manifest.json").write_text(json.dumps({"teacher": "offline", "student": "simulated", "seed": 7}))
    counts = {"problems": 120, "contaminated": {"ngram": 2, "near": 1}}
    manifest = {
        "settings": {"depth": "near"}, "counts": counts, "against": [{"path": "bench/HumanEval.jsonl"}],
        "sources": [{"path": str(run / "problems.parquet")}],
    }  # fmt: skip
    curated.mkdir()
    (curated / "manifest.json").write_text(json.dumps(manifest))
    facts = facts_of([curated])
    assert (facts.teachers, facts.students, facts.seeds) == (("offline",), ("simulated",), (7,))
    assert facts.contamination == (
        "Compared with HumanEval.jsonl by `stepsmith curate` (depth `near`). Of 120 problems 3 were taken out as "
        "contaminated (ngram 2, near 1)."
    )
    assert facts_of([tmp_path / "nowhere"]).contamination == ""
