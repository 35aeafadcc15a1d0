"""What is trained on: everything once, nothing that is held out, and files that say what is wrong with them."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from stepsmith.core.errors import ConfigError, RunFolderError
from stepsmith.core.ids import derive_rng
from stepsmith.core.records import Environment, FeatureUse, Problem
from stepsmith.judge.local import LocalJudge
from stepsmith.store.dataset import PROBLEM_SCHEMA, problem_row, read_problems, write_rows
from stepsmith.synth.exercises import ExerciseSettings, exercise
from stepsmith.synth.grammar.compose import compose
from stepsmith.train.corpus import Corpus, is_held_out, read_corpus
from stepsmith.train.settings import Stage, TrainConfig, with_overrides
from tests.records import a_problem
from tests.scoring.scripted import ScriptedJudge
from tests.train.small_runs import some_problems

STEPSMITH = str(Path(sys.executable).with_name("stepsmith"))
NOBODY = ScriptedJudge(lambda code, test: "IE")


def config(stage: Stage = "sft", **changes: dict[str, object]) -> TrainConfig:
    return with_overrides(TrainConfig(stage=stage), changes)


def written(path: Path, problems: list[Problem]) -> str:
    write_rows(path, PROBLEM_SCHEMA, map(problem_row, problems))
    return str(path)


def names(problem: Problem) -> list[str]:
    return [use.name for use in problem.features]


@pytest.fixture(scope="module")
def synthesised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real little run of the synthesis loop."""
    out = tmp_path_factory.mktemp("synth") / "run"
    words = ["synth", "--chains", "4", "--turns", "3", "--attempts", "8", "--seed", "5", "--workers", "1"]
    subprocess.run([STEPSMITH, *words, "--out", str(out)], check=True, capture_output=True)
    return out


@pytest.mark.parametrize("stage", ["sft", "rl"])
@pytest.mark.parametrize("share", [0.2, 0.7])
def test_held_out_compositions_never_train(synthesised: Path, stage: Stage, share: float) -> None:
    """Of a synthesised set and of exercises, in both stages; and every one of the set is somewhere."""
    lessons = ExerciseSettings(count=60, steps={"1": 1.0, "2": 2.0, "3": 1.0})
    plain = msgspec.to_builtins(lessons)
    chosen = config(
        stage,
        data={"problems": [str(synthesised)], "held_out": share},
        sft={"exercises": plain},
        rl={"exercises": plain | {"seed": 1}},
        eval={"exercises": plain | {"seed": 2}},
    )
    corpus = read_corpus(chosen, NOBODY)
    made = list(read_problems(synthesised / "problems.parquet"))
    assert len(made) >= 2
    held = {tuple(names(p)) for p in corpus.held_out if len(names(p)) > 1}
    trained = {tuple(names(p)) for p in corpus.train}
    assert held
    assert not held & trained
    assert all(is_held_out(composition, share) for composition in held)
    assert not any(is_held_out(composition, share) for composition in trained)
    assert {p.id for p in made} == {p.id for p in (*corpus.train, *corpus.held_out)} & {p.id for p in made}
    assert len(corpus.train) > 40
    assert len({p.id for p in corpus.train}) == len(corpus.train) or stage == "sft"


@given(st.integers(0, 2**32), st.integers(1, 5))
@settings(max_examples=40, deadline=None)
def test_a_problem_tells_its_composition(seed: int, steps: int) -> None:
    """What is held out is decided before an exercise is made, and again by what the problem says of itself."""
    rng = derive_rng(seed, "test")
    composition = compose(rng, profile="micro", steps=steps)
    problem = exercise(composition, "induction", rng)
    if problem is not None:
        assert names(problem) == [step.feature for step in composition.steps]


@pytest.mark.parametrize("environment", ["deduction", "abduction", "fuzzing"])
def test_so_does_one_of_another_environment(judge: LocalJudge, environment: Environment) -> None:
    for seed in range(4):
        rng = derive_rng(seed, "test")
        composition = compose(rng, profile="micro", steps=2)
        problem = exercise(composition, environment, rng, judge)
        if problem is not None:
            assert names(problem) == [step.feature for step in composition.steps]
            return
    pytest.fail("no composition lent itself to it")


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=4), st.floats(0, 1), st.floats(0, 1))
def test_the_held_out_share_only_grows(features: list[str], one: float, other: float) -> None:
    """A larger share holds out all that a smaller one does; a single feature never is."""
    low, high = sorted((one, other))
    assert is_held_out(features, high) or not is_held_out(features, low)
    assert not is_held_out(features[:1], 1.0)
    assert not is_held_out(features, 0.0)


def test_about_the_share_is_held_out() -> None:
    held = sum(is_held_out(["a", str(k)], 0.3) for k in range(1000))
    assert 240 < held < 360


def test_a_problem_that_does_not_say_stays_with_its_chain() -> None:
    silent = [
        a_problem(
            features=(), title=str(k), statement=f"{k}", lineage=msgspec.structs.replace(a_problem().lineage, turn=k)
        )
        for k in range(1, 6)
    ]
    assert len({is_held_out(["chain", p.lineage.chain_id], 0.5) for p in silent}) == 1


def test_every_problem_counts_once(tmp_path: Path) -> None:
    problems = some_problems(6)
    made, people = problems[:5], problems[3:]
    chosen = config(
        "rl",
        data={
            "problems": [written(tmp_path / "made.parquet", made), written(tmp_path / "again.parquet", made[:1])],
            "real": [written(tmp_path / "people.parquet", people)],
            "held_out": 0.0,
        },
    )
    corpus = read_corpus(chosen, NOBODY)
    assert [p.id for p in corpus.train] == [p.id for p in problems]
    assert corpus.left_out == {"twice in the data": 3}
    assert corpus.real == {p.id for p in people}
    assert not corpus.held_out


def test_exercises_for_rl_are_none_of_the_data(tmp_path: Path) -> None:
    plain = {"count": 12, "steps": {"1": 1.0}}
    lessons = read_corpus(config(sft={"exercises": plain}, data={"held_out": 0.0}), NOBODY).train
    assert len(lessons) == 12
    place = written(tmp_path / "p.parquet", lessons[:1])
    chosen = config("rl", data={"problems": [place], "held_out": 0.0}, rl={"exercises": plain})
    corpus = read_corpus(chosen, NOBODY)
    assert len({p.id for p in corpus.train}) == len(corpus.train)
    assert len(corpus.train) + corpus.left_out["twice in the data"] == 13
    assert corpus.left_out["twice in the data"] >= 1


def test_synthetic_problems_and_named_sets_stand_beside_the_real_ones() -> None:
    texts, lists = ["reverse_text", "double_letters", "drop_vowels"], ["negate", "reverse", "sort_up", "running_sums"]
    plain = {"count": 6, "steps": {"3": 1.0, "4": 1.0}, "distinct": True}
    for stage in ("sft", "rl"):
        chosen = config(
            stage,
            data={"held_out": 0.3},
            sft={"exercises": plain | {"features": texts}, "synthetic": plain | {"features": lists}},
            rl={"exercises": plain | {"features": texts}, "synthetic": plain | {"features": lists, "stones": True}},
            eval={"sets": {"real": plain | {"features": texts, "count": 4}, "other": plain | {"features": lists}}},
        )
        corpus = read_corpus(chosen, NOBODY)
        kinds = [set(names(problem)) <= set(texts) for problem in corpus.train]
        assert kinds[:6] == [True] * 6
        assert not any(kinds[6:])
        assert len({p.lineage.chain_id for p in corpus.train[:6]}) == 6
        assert len(kinds) == 12 if stage == "sft" else len(kinds) > 12
        groups = {problem.id: corpus.sets[problem.id] for problem in corpus.held_out}
        assert sorted(groups.values()) == ["other"] * 6 + ["real"] * 4
        assert all(set(names(p)) <= set(texts if groups[p.id] == "real" else lists) for p in corpus.held_out)
        assert read_corpus(chosen, NOBODY).id == corpus.id  # the second time from memory


def test_the_id_is_of_all_that_trains() -> None:
    one, two = some_problems(2)
    base = Corpus(train=[one, two], real=set(), held_out=[]).id
    assert base == Corpus(train=[one, two], real=set(), held_out=[one]).id
    assert base != Corpus(train=[one], real=set(), held_out=[]).id
    assert base != Corpus(train=[one, two], real={one.id}, held_out=[]).id


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match=r"no problems at .*nowhere; give the folder of a finished"):
        read_corpus(config(data={"problems": [str(tmp_path / "nowhere")]}), NOBODY)
    with pytest.raises(RunFolderError, match="there are no problems at"):
        read_corpus(config(data={"real": [str(tmp_path)]}), NOBODY)
    with pytest.raises(ConfigError, match=r"needs data\.held_out above 0"):
        read_corpus(config(data={"held_out": 0.0}, eval={"exercises": {"count": 1}}), NOBODY)


def test_features_are_told_in_their_order() -> None:
    one, two = (FeatureUse(name=name, category="x", params=()) for name in ("a", "b"))
    shares = [k / 100 for k in range(1, 100)]
    forth, back = a_problem(features=(one, two)), a_problem(features=(two, one))
    assert [is_held_out(names(forth), s) for s in shares] != [is_held_out(names(back), s) for s in shares]
