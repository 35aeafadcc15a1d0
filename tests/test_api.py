"""The public face: its names, its laziness, its examples, and the README's block of Python."""

import doctest
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import stepsmith as st
from stepsmith import api
from stepsmith.core.errors import ConfigError, RunFolderError
from stepsmith.scoring.rewards import REWARDS

PUBLIC = [
    "Completion",
    "JudgePool",
    "Problem",
    "ScoredCompletion",
    "StepsmithError",
    "load_curriculum",
    "load_problems",
    "render_prompt",
    "reward_function",
    "score",
    "synthesize",
    "training_rows",
    "verify_problems",
]
README = Path(__file__).parents[1] / "README.md"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run, runs/first."""
    folder = tmp_path_factory.mktemp("api")
    st.synthesize(folder / "runs/first", chains=3, turns=3, seed=3, workers=2)
    return folder


def test_the_public_names_are_these() -> None:
    assert PUBLIC == st.__all__ == api.__all__ == sorted(st.__all__)
    assert set(PUBLIC) <= set(dir(st))
    for name in PUBLIC:
        assert inspect.getdoc(getattr(st, name)), name
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        st.nothing  # type: ignore[attr-defined] # noqa: B018


def test_importing_is_light_and_nothing_needs_torch_or_ray() -> None:
    """Neither ``import stepsmith`` nor the use of a name loads what a slim install does not have."""
    program = (
        "import sys; import stepsmith as st; early = {m.split('.')[0] for m in sys.modules}\n"
        "[getattr(st, name) for name in st.__all__]\n"
        "late = {m.split('.')[0] for m in sys.modules}\n"
        "print(sorted(early & {'pyarrow', 'msgspec', 'torch', 'ray'}), "
        "sorted(late & {'torch', 'ray', 'trl', 'transformers', 'openai'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[] []\n"


@pytest.mark.parametrize("name", PUBLIC)
def test_the_examples_of_docstrings_run(name: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    finder = doctest.DocTestFinder(recurse=False)
    tests = [test for test in finder.find(getattr(st, name), name, globs={"st": st}) if test.examples]
    assert tests, f"{name} has no example"
    for test in tests:
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        said: list[str] = []
        runner.run(test, out=said.append)
        assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_the_second_code_block_of_the_readme_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a reader would: typed into an interpreter, in an empty folder."""
    blocks = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    (program,) = [block for block in blocks if "st.synthesize" in block]
    assert len(program.strip().splitlines()) <= 15
    monkeypatch.chdir(tmp_path)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "runs/first/problems.parquet").is_file()


def test_problems_are_loaded_from_a_run_a_file_or_a_folder(place: Path, tmp_path: Path) -> None:
    run = place / "runs/first"
    problems = st.load_problems(run)
    assert problems
    assert problems == st.load_problems(str(run / "problems.parquet"))
    for name in ("a", "b"):
        (tmp_path / f"{name}.parquet").write_bytes((run / "problems.parquet").read_bytes())
    (tmp_path / "rejected.parquet").write_bytes((run / "rejected.parquet").read_bytes())
    assert st.load_problems(tmp_path) == problems * 2
    with pytest.raises(RunFolderError, match="there are no problems at"):
        st.load_problems(tmp_path / "nowhere")


def test_golden_answers_are_solved_and_others_are_not(place: Path) -> None:
    problem = next(p for p in st.load_problems(place / "runs/first") if p.environment == "induction")
    right = st.Completion(text=f"```python\n{problem.golden.code}```")
    cut = st.Completion(text=right.text, truncated=True)
    with st.JudgePool(1) as judge:
        scored = st.score(problem, [right, "No idea.", cut, "```python\n1\n```"], judge=judge, reward="x-coder")
    assert [one.status for one in scored] == ["judged", "no-answer", "truncated", "judged"]
    assert [one.solved for one in scored] == [True, False, False, False]
    assert [one.reward for one in scored[:3]] == [5.0, -2.0, -2.0]


def test_unknown_words_are_said(place: Path, tmp_path: Path) -> None:
    problem = st.load_problems(place / "runs/first")[0]
    with pytest.raises(ConfigError, match="there is no reward 'best'") as refusal:
        st.score(problem, [], reward="best")
    assert all(name in str(refusal.value) for name in REWARDS)
    with pytest.raises(ConfigError, match="chain"):
        st.synthesize(tmp_path / "run", chain=4)
    with pytest.raises(ConfigError, match="same problems"), st.reward_function([problem]) as reward:
        reward(completions=["x"], problem_id=["prob_0"])
