"""Duplicates at every depth."""

from pathlib import Path

import msgspec
import pytest

from stepsmith.core.records import Problem, TestCase
from stepsmith.curate.behaviour import BehaviourComparison
from stepsmith.curate.duplicates import DuplicateSearch, Ranking, exact_duplicates
from stepsmith.curate.folder import CurationFolder
from stepsmith.curate.likeness import NearRule, ProblemSketches
from stepsmith.curate.meaning import MeaningRule, Meanings
from stepsmith.curate.pair_verifier import PairVerifier
from stepsmith.curate.problem_table import read_table
from stepsmith.judge.local import LocalJudge
from tests.curate.problems import ISLANDS, LONGEST_RUN, WORDS, made, write_set

RETOLD = (
    "A baker notes how many loaves were sold on each day. Call a stretch of days good if on every one of them strictly "
    "more loaves were sold than on the day before. How long is the longest good stretch?",
    "def streak(loaves):\n    answer, start = 1, 0\n    for i in range(1, len(loaves)):\n"
    "        if loaves[i] <= loaves[i - 1]:\n            start = i\n        answer = max(answer, i - start + 1)\n"
    "    return answer\n",
)


def runs(code: str) -> list[tuple[str, str]]:
    space: dict[str, object] = {}
    exec(code, space)
    solve = space.get("solve") or space["streak"]
    inputs = ([1, 2, 3], [3, 2, 1], [1, 1, 2], [5], [1, 2, 1, 2, 3, 4])
    return [(repr((values,)), repr(solve(values))) for values in inputs]  # type: ignore[operator]


def problem(text: tuple[str, str], entry_point: str, chain: str) -> Problem:
    one = made(text, chain=chain, tests=[TestCase(input=i, output=o) for i, o in runs(text[1])])
    return msgspec.structs.replace(one, contract=msgspec.structs.replace(one.contract, entry_point=entry_point))


@pytest.fixture
def folder_of(tmp_path: Path) -> Path:
    problems = [problem(LONGEST_RUN, "solve", "a"), made(WORDS, chain="b"), problem(RETOLD, "streak", "c")]
    return write_set(tmp_path / "set", problems)


def test_only_running_the_programs_shows_that_they_are_the_same(
    folder_of: Path, tmp_path: Path, judge: LocalJudge
) -> None:
    table = read_table([folder_of])
    sketches, meanings = ProblemSketches(table), Meanings(table, "wordllama")
    found_at = {}
    with CurationFolder(tmp_path / "out", {}, resume=False) as folder:
        for depth, more in (
            ("near", {}),
            ("semantic", {"meanings": meanings}),
            ("behavioural", {"meanings": meanings, "judge": judge, "folder": folder}),
        ):
            verifier = PairVerifier(table, sketches, NearRule(), MeaningRule(), **more)  # type: ignore[arg-type]
            ranking = Ranking(table)
            found = exact_duplicates(table, ranking)
            DuplicateSearch(table, ranking, found, sketches.likeness, verifier.verify).run(verifier.pairs)
            found_at[depth] = found.dropped
    assert found_at["near"] == found_at["semantic"] == {}
    (duplicate,) = found_at["behavioural"].values()
    assert (duplicate.row, duplicate.kept, duplicate.finding.depth) == (2, 0, "behavioural")
    assert "gives the other's outputs on 5 inputs" in duplicate.finding.evidence


def test_a_pair_is_judged_once(folder_of: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = read_table([folder_of])
    calls = []

    def compared(*_: object) -> BehaviourComparison:
        calls.append(1)
        return BehaviourComparison(alike="same", evidence="shown")

    monkeypatch.setattr("stepsmith.curate.pair_verifier.same_behaviour", compared)
    sketches = ProblemSketches(table)
    for _ in range(2):
        with CurationFolder(tmp_path / "out", {}, resume=True) as folder:
            verifier = PairVerifier(table, sketches, NearRule(), MeaningRule(), judge=object(), folder=folder)  # type: ignore[arg-type]
            finding = verifier.verify(2, 0, sketches.likeness(2, 0))
            assert finding is not None
            assert (finding.depth, finding.evidence) == ("behavioural", "shown")
    assert len(calls) == 1


def test_statements_that_mean_the_same_with_programs_that_are_not_unlike(tmp_path: Path) -> None:
    short = "def f(x):\n    return 1\n"
    other = ("Sort the heavy words of a text, in which blanks separate the words, by the alphabet; a word is heavy if "
             "some letter is in it three times or more, and each is returned once.", short)  # fmt: skip
    table = read_table([write_set(tmp_path / "set", [made((WORDS[0], short)), made(other, chain="b"), made(ISLANDS)])])
    sketches = ProblemSketches(table)
    verifier = PairVerifier(table, sketches, NearRule(), MeaningRule(duplicate=0.8), Meanings(table, "wordllama"))
    finding = verifier.verify(1, 0, sketches.likeness(1, 0))
    assert finding is not None
    assert finding.depth == "semantic"
    assert finding.evidence.startswith("statements mean the same, cosine 0.")
    assert verifier.verify(2, 0, sketches.likeness(2, 0)) is None
