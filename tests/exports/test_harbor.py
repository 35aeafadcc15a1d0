"""Harbor tasks: their own judge, run as in a container, agrees with ours; `make interop` asks Harbor's own schema."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from stepsmith.core.records import Problem
from stepsmith.envs import ENVIRONMENTS, Answer
from stepsmith.exports.harbor import refuses
from stepsmith.exports.kattis_package import short_name
from tests.envs.test_environments import PROBLEMS
from tests.exports.exported import a_checked_problem, exported, one_of_each


@pytest.fixture(scope="module")
def tasks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each task, by the problem's id."""
    folder = tmp_path_factory.mktemp("harbor") / "set"
    exported("harbor", folder, held_out=0.0)
    return {problem.id: folder / "train" / short_name(problem) for problem in one_of_each()}


def graded(task: Path, answer: str, folder: Path) -> tuple[str, float]:
    """The verdict and the reward of an answer."""
    (folder / "answer").write_text(answer)
    words = ["--answer", folder / "answer", "--logs", folder / "logs", "--same-user"]
    subprocess.run([sys.executable, task / "tests" / "grade.py", *words], check=True)
    return (folder / "logs/verdict.txt").read_text().strip(), json.loads((folder / "logs/reward.json").read_text())[
        "reward"
    ]


def found(tasks: dict[str, Path], environment: str, interface: str) -> tuple[Problem, Path]:
    problem = next(p for p in one_of_each() if (p.environment, p.contract.interface) == (environment, interface))
    return problem, tasks[problem.id]


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_solution_of_a_task_passes_and_nothing_does_not(name: str, tasks: dict[str, Path], tmp_path: Path) -> None:
    problem, task = found(tasks, PROBLEMS[name].environment, PROBLEMS[name].contract.interface)
    (tmp_path / "app").mkdir()
    subprocess.run(["bash", task / "solution" / "solve.sh", tmp_path / "app"], check=True)
    (answer,) = (tmp_path / "app").iterdir()
    assert graded(task, answer.read_text(), tmp_path) == ("AC", 1.0)
    assert graded(task, "", tmp_path) == ("no answer", 0.0)
    in_a_block = ENVIRONMENTS[problem.environment].write(ENVIRONMENTS[problem.environment].golden(problem))
    assert graded(task, in_a_block, tmp_path) == ("AC", 1.0)


@pytest.mark.parametrize(
    ("interface", "code", "verdict"),
    [
        ("stdio", "print(int(input()) ** 2 + 1)\n", "WA"),
        ("stdio", "1 / 0\n", "RTE"),
        ("stdio", "print(int(input()) ** 2)\nimport sys; sys.exit(3)\n", "RTE"),
        ("stdio", "while True: pass\n", "TLE"),
        ("stdio", "def f(:\n", "RTE"),  # a container does not tell it from a crash
        ("function", "def f(nums, k):\n    print('noise')\n    return sum(v for v in nums if v % k == 0)\n", "AC"),
        ("function", "def f(nums, k):\n    return None\n", "WA"),
        ("function", "def f(nums, k):\n    raise SystemExit(0)\n", "WA"),
    ],
)
def test_verdicts(interface: str, code: str, verdict: str, tasks: dict[str, Path], tmp_path: Path) -> None:
    _, task = found(tasks, "induction", interface)
    assert graded(task, code, tmp_path) == (verdict, float(verdict == "AC"))


def test_a_checker_in_python_goes_along(tasks: dict[str, Path], tmp_path: Path) -> None:
    problem = next(one for one in one_of_each() if one.contract.checker.name == "custom-kattis")
    assert graded(tasks[problem.id], "print(-round(int(input()) ** 0.5))\n", tmp_path) == ("AC", 1.0)
    assert graded(tasks[problem.id], "print(1)\n", tmp_path) == ("WA", 0.0)
    assert refuses(a_checked_problem()) is None


def test_a_judge_that_fails_leaves_no_reward(tasks: dict[str, Path], tmp_path: Path) -> None:
    _, task = found(tasks, "induction", "stdio")
    (task / "tests" / "problem.json").rename(tmp_path / "away")
    try:
        words = ["--answer", str(tmp_path / "answer"), "--logs", str(tmp_path / "logs")]
        run = subprocess.run(["bash", task / "tests" / "test.sh", *words], capture_output=True, check=False)
        assert run.returncode != 0
        assert not (tmp_path / "logs").exists()
    finally:
        (tmp_path / "away").rename(task / "tests" / "problem.json")


def test_a_task_tells_the_agent_neither_tests_nor_answer(tasks: dict[str, Path]) -> None:
    for problem in one_of_each():
        task = tasks[problem.id]
        settings = tomllib.loads((task / "task.toml").read_text())
        assert settings["schema_version"] == "1.4"
        assert settings["task"]["name"] == f"little_set/{short_name(problem)}"
        golden = ENVIRONMENTS[problem.environment].golden(problem)
        for path in (task / "instruction.md", task / "environment" / "Dockerfile", task / "tests" / "problem.json"):
            if problem.environment == "induction":
                assert golden.text not in path.read_text()
        assert Answer(text=golden.text).text.strip()
