from collections import Counter

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Lineage, Problem, Verdict
from stepsmith.core.stats import band_of, pass_rate
from stepsmith.judge.local import LocalJudge
from stepsmith.synth.exercises import ExerciseSettings, exercises
from stepsmith.train.ablations import LEVELS, AblationSettings, SelectSettings, _habits, select, shape
from tests.records import a_problem


@pytest.fixture(scope="module")
def lessons() -> list[Problem]:
    return list(exercises(ExerciseSettings(count=30, steps={"2": 1.0, "3": 1.0}, solutions=4)))


def first_solutions(lessons: list[Problem]) -> list[Problem]:
    return list({problem.lineage.chain_id: problem for problem in reversed(lessons)}.values())


def rated(chain: int, turn: int, passes: int) -> Problem:
    """A problem of a chain that passed so many of 100 attempts."""
    lineage = Lineage(
        chain_id=f"chain_{chain}", turn=turn, parent_id=None, change="", direction="new", seed_ref="a.py:1-2"
    )
    return a_problem(statement=f"{chain}/{turn}", lineage=lineage, pass_rate=pass_rate(passes, 100))


def bands(problems: list[Problem]) -> Counter[str]:
    return Counter(band_of(problem.pass_rate.rate) for problem in problems if problem.pass_rate)


# --- exercises with several solutions -----------------------------------------------------------------------------


def test_every_solution_of_an_exercise_is_right_and_different(lessons: list[Problem], judge: LocalJudge) -> None:
    by_task: dict[str, list[Problem]] = {}
    for problem in lessons:
        by_task.setdefault(problem.statement, []).append(problem)
    assert len(by_task) == 30
    for group in by_task.values():
        assert len({problem.golden.id for problem in group}) == len(group) == 4
        assert len({problem.tests for problem in group}) == 1
    for problem in lessons[:24]:
        assert judge.judge(problem.golden, problem.contract, problem.tests).verdict is Verdict.AC


def test_more_solutions_leave_the_exercises_as_they_were(lessons: list[Problem]) -> None:
    alone = list(exercises(ExerciseSettings(count=30, steps={"2": 1.0, "3": 1.0})))
    assert alone == lessons[::4]


def test_stepping_stones_begin_like_the_exercise_and_are_right(judge: LocalJudge) -> None:
    alone = ExerciseSettings(count=12, steps={"4": 1.0})
    found = list(exercises(msgspec.structs.replace(alone, stones=True)))
    ends = [problem for problem in found if problem.lineage.turn == 1]
    assert ends == list(exercises(alone))
    assert len(found) > 2 * len(ends)
    by_id = {problem.id: problem for problem in found}
    for stone in found:
        if stone.lineage.turn > 1:
            parent = by_id[str(stone.lineage.parent_id)]
            assert parent.lineage.chain_id == stone.lineage.chain_id
            assert parent.lineage.turn == stone.lineage.turn - 1
            names = [use.name for use in stone.features]
            assert 2 <= len(names) < len(parent.features)
            assert names == [use.name for use in parent.features][: len(names)]
            assert judge.judge(stone.golden, stone.contract, stone.tests).verdict is Verdict.AC


def test_stepping_stones_are_held_out_like_any_exercise() -> None:
    settings = ExerciseSettings(count=6, steps={"4": 1.0}, stones=True)
    found = exercises(settings, lambda composition: len(composition.steps) != 3)
    assert {len(problem.features) for problem in found} == {2, 4}


# --- tasks and solutions ------------------------------------------------------------------------------------------


def test_the_defaults_do_nothing(lessons: list[Problem]) -> None:
    assert shape(lessons, AblationSettings(), 0) == lessons
    assert select(lessons, SelectSettings(), 0) == lessons


@settings(max_examples=30, deadline=None)
@given(unique=st.integers(0, 30), solutions=st.integers(0, 5), seed=st.integers(0, 5))
def test_unique_tasks_and_solutions_of_each(lessons: list[Problem], unique: int, solutions: int, seed: int) -> None:
    wanted = AblationSettings(unique=unique, solutions=solutions)
    found = shape(lessons, wanted, seed)
    per_task = Counter(problem.statement for problem in found)
    assert len(per_task) == (unique or 30)
    assert set(per_task.values()) == {min(solutions or 4, 4)}
    assert len({problem.id for problem in found}) == len(found)
    assert found == shape(lessons, wanted, seed)


def test_the_solution_that_is_kept_is_drawn_by_lot(lessons: list[Problem]) -> None:
    references = {problem.golden.id for problem in lessons[::4]}
    kept = shape(lessons, AblationSettings(solutions=1), 0)
    assert 0 < sum(problem.golden.id in references for problem in kept) < 20


def test_repeated_exercises_are_one_task(lessons: list[Problem]) -> None:
    assert len(shape([*lessons, *lessons], AblationSettings(unique=30), 0)) == len(lessons)


def test_more_tasks_than_there_are(lessons: list[Problem]) -> None:
    with pytest.raises(ConfigError, match="31 tasks, but there are 30"):
        shape(lessons, AblationSettings(unique=31), 0)


def test_only_some_environments() -> None:
    deduction, induction = a_problem(environment="deduction"), a_problem()
    assert shape([deduction, induction], AblationSettings(environments=("deduction",)), 0) == [deduction]


# --- wrong labels -------------------------------------------------------------------------------------------------


def wrong_tests(problem: Problem, judge: LocalJudge) -> int:
    """Tests that the true solution fails."""
    results = judge.judge(problem.golden, problem.contract, problem.tests).tests
    return sum(result.verdict is Verdict.WA for result in results)


@pytest.mark.parametrize(("share", "count"), [(0.25, 30), (1.0, 5)])
def test_a_share_of_the_labels_is_wrong(share: float, count: int, lessons: list[Problem], judge: LocalJudge) -> None:
    problems = first_solutions(lessons)[:count]
    noisy = shape(problems, AblationSettings(wrong_labels=share), 3, judge)
    total = sum(len(problem.tests) for problem in problems)
    wrong = sum(wrong_tests(problem, judge) for problem in noisy)
    assert wrong / total == pytest.approx(share, abs=0.06)  # 480 lots: three standard errors
    for before, after in zip(problems, noisy, strict=True):
        changed = sum(a.output != b.output for a, b in zip(before.tests, after.tests, strict=True))
        assert [test.input for test in after.tests] == [test.input for test in before.tests]
        if changed:
            assert dict(after.provenance)["shaped"] == f"{changed} of {len(after.tests)} expected outputs are wrong"
            assert after.id != before.id
        else:
            assert after == before


def test_labels_depend_on_seed_and_problem_alone(lessons: list[Problem], judge: LocalJudge) -> None:
    problems = first_solutions(lessons)[:8]
    wanted = AblationSettings(wrong_labels=0.4)
    noisy = shape(problems, wanted, 0, judge)
    assert shape(problems[4:], wanted, 0, judge) == noisy[4:]
    assert shape(problems, wanted, 1, judge) != noisy


def test_wrong_programs_label_whole_problems(lessons: list[Problem], judge: LocalJudge) -> None:
    problems = first_solutions(lessons)
    noisy = shape(problems, AblationSettings(wrong_labels=0.3, wrong="programs"), 0, judge)
    touched = [(b, a) for b, a in zip(problems, noisy, strict=True) if a != b]
    assert len(touched) == 9
    assert all(a.golden == b.golden and wrong_tests(a, judge) for b, a in touched)


def test_wrong_goldens_fail_some_test(lessons: list[Problem], judge: LocalJudge) -> None:
    problems = first_solutions(lessons)
    raw = shape(problems, AblationSettings(wrong_goldens=0.2), 0, judge)
    touched = [(b, a) for b, a in zip(problems, raw, strict=True) if a != b]
    assert len(touched) == 6
    for before, after in touched:
        assert after.tests == before.tests
        assert judge.judge(after.golden, after.contract, after.tests).verdict is Verdict.WA


def test_what_cannot_be_made_wrong(judge: LocalJudge) -> None:
    with pytest.raises(ValueError, match="judge"):
        shape([a_problem()], AblationSettings(wrong_labels=0.1), 0)
    with pytest.raises(ConfigError, match="deduction"):
        shape([a_problem(environment="deduction")], AblationSettings(wrong_labels=0.1), 0, judge)
    identity = a_problem(golden=msgspec.structs.replace(a_problem().golden, code="def even_sum(nums):\n    raise\n"))
    with pytest.raises(ConfigError, match="only 0 of 1 problems"):
        shape([identity], AblationSettings(wrong_goldens=1.0), 0, judge)


# --- selection ----------------------------------------------------------------------------------------------------


def test_a_range_of_pass_rates() -> None:
    pool = [rated(chain, 1, passes) for chain, passes in enumerate((0, 1, 50, 97, 98, 100))]
    kept = select(pool, SelectSettings(low=0.01, high=0.97), 0)
    assert [problem.pass_rate.passes for problem in kept if problem.pass_rate] == [1, 50, 97]
    assert len(select(pool, SelectSettings(count=2), 0)) == 2


def test_nothing_left() -> None:
    with pytest.raises(ConfigError, match=r"leaves no problem .* of 1 problems, .* are: none"):
        select([rated(1, 1, 0)], SelectSettings(low=0.5), 0)
    with pytest.raises(ConfigError, match="initial_samples"):
        select([a_problem(pass_rate=None)], SelectSettings(low=0.5), 0)
    with pytest.raises(ConfigError, match="no chain has problems on 3 levels"):
        select([rated(1, 1, 50), rated(1, 2, 10)], SelectSettings(structure="chains"), 0)


POOLS = st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=5), min_size=1, max_size=25)


@given(pool=POOLS, seed=st.integers(0, 3), count=st.sampled_from([0, 3, 9]), levels=st.sampled_from([2, 3]))
def test_chains_and_disjoint_problems_are_matched(pool: list[list[int]], seed: int, count: int, levels: int) -> None:
    problems = [rated(chain, turn, p) for chain, rates in enumerate(pool) for turn, p in enumerate(rates)]
    try:
        stones = select(problems, SelectSettings(structure="chains", count=count, levels=levels), seed)
    except ConfigError:
        with pytest.raises(ConfigError):
            select(problems, SelectSettings(structure="disjoint", count=count, levels=levels), seed)
        return
    disjoint = select(problems, SelectSettings(structure="disjoint", count=count, levels=levels), seed)
    assert bands(stones) == bands(disjoint)
    assert len(stones) == len(disjoint) <= (count or len(problems))
    assert len({problem.lineage.chain_id for problem in disjoint}) == len(disjoint)
    by_chain = Counter(problem.lineage.chain_id for problem in stones)
    assert min(by_chain.values()) >= levels
    for chain, taken in by_chain.items():
        of_chain = {band_of(p.pass_rate.rate) for p in stones if p.lineage.chain_id == chain and p.pass_rate}
        assert sum(bool(of_chain & set(level)) for level in LEVELS) == taken


def test_matching_moves_chains_to_make_room() -> None:
    """Two complete chains and four others: six stones fit only if a band goes to the chain that has nothing else."""
    problems = [rated(chain, turn, p) for chain in (0, 1) for turn, p in enumerate((90, 50, 10))]
    problems += [rated(2, 0, 90), rated(3, 0, 90), rated(4, 0, 50), rated(5, 0, 50)]
    for seed in range(10):
        assert bands(select(problems, SelectSettings(structure="disjoint"), seed)) == {
            "easy": 2,
            "medium": 2,
            "hard": 2,
        }


def test_habits_are_the_same_mistake_wherever_they_are_made(lessons: list[Problem], judge: LocalJudge) -> None:
    problems = first_solutions(lessons)
    raw = shape(problems, AblationSettings(wrong_goldens=0.3, mistakes="habits"), 0, judge)
    wrong = [(old, new) for old, new in zip(problems, raw, strict=True) if old != new]
    assert len(wrong) == round(0.3 * len(problems))
    for old, new in wrong:
        assert new.golden.code in {habit.code for habit in _habits(old)}
        assert judge.judge(new.golden, new.contract, new.tests).verdict is Verdict.WA
        assert len(_habits(old)) <= len(old.features)
    labelled = shape(problems, AblationSettings(wrong_labels=0.1, wrong="programs", mistakes="habits"), 0, judge)
    assert sum(old != new for old, new in zip(problems, labelled, strict=True)) == round(0.1 * len(problems))
    assert _habits(a_problem()) == []  # not made by the grammar
