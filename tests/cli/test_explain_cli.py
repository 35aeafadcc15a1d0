"""`stepsmith explain`: one problem through synth, rate, curate and export."""

from pathlib import Path

import pytest

from stepsmith.store.dataset import read_rows
from tests.cli.commands import run_here as run

# Seeds that do not change with our own code: one of the problems grown from them is rejected.
SEED = """# SPDX-License-Identifier: Apache-2.0
def total_{n}(values: list[int]) -> int:
    result = 0
    for value in values:
        if value > {n}:
            result += value
    return result


def words_{n}(text: str) -> dict[str, int]:
    counts: dict[str, int] = {{}}
    for word in text.split():
        if len(word) > {n}:
            counts[word] = counts.get(word, 0) + 1
    return counts
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("life")
    made, rated, curated, exported = (root / name for name in ("made", "rated", "curated", "exported"))
    seeds = root / "seeds"
    seeds.mkdir()
    for n in range(4):
        (seeds / f"seed_{n}.py").write_text(SEED.format(n=n))
    for words in (
        ["synth", "--chains", 2, "--turns", 3, "--profile", "micro", "--seeds", seeds, "--workers", 1, "--out", made],
        ["rate", made, "--student", "simulated", "--attempts", 8, "--out", rated],
        ["curate", made, "--out", curated],
        ["export", made, "--to", "jsonl", "--out", exported],
    ):
        done = run(*words)
        assert done.code == 0, done.err
    return [made, rated, curated, exported]


def test_a_kept_problem_is_told_from_seed_to_export(folders: list[Path]) -> None:
    (row, *_) = read_rows(folders[0] / "problems.parquet")
    told = run("explain", str(row["id"])[-10:], *folders)
    assert told.code == 0, told.err
    for words in (
        f"{row['id']}  {row['title']}",
        f"Seed        {row['seed_ref']}, licence Apache-2.0",
        f"Chain       {row['chain_id']}, turn {row['turn']} of 3",
        "teacher offline, student simulated",
        "Labels      method consensus, voters 6",
        f"simulated: {row['passes']} of {row['attempts']} attempts pass",
        f"Filters     {folders[2]}: kept",
        f"Exports     named in {folders[3] / 'train.jsonl'}",
        "tests are rewarded",
    ):
        assert words in told.out, told.out


def test_a_rejected_problem_says_why(folders: list[Path]) -> None:
    row = next(read_rows(folders[0] / "rejected.parquet"))
    told = run("explain", row["id"], folders[0])
    assert f"Rejected    {row['reason']}: " in told.out
    assert "Difficulty" in told.out


@pytest.mark.parametrize(
    ("words", "said"),
    [(["zz"], "give at least 6 characters"), (["prob_"], "no problem 'prob_'"), (["f" * 12], "no problem")],
)
def test_an_id_that_names_no_problem(folders: list[Path], words: list[str], said: str) -> None:
    told = run("explain", *words, folders[0])
    assert (told.code, said in told.err) == (2, True)
