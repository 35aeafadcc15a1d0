import io

import pytest
from rich.console import Console

from stepsmith.cli import training_progress
from stepsmith.cli.training_progress import training_display
from stepsmith.store.training_log import EvalResult, Score, Step, Tally
from stepsmith.train.settings import TrainConfig


def a_step(step: int, *, easy: int = 8, warnings: tuple[str, ...] = (), **changed: object) -> Step:
    values: dict[str, object] = {
        "reward": 0.5,
        "pass_rate": 0.5,
        "entropy": 0.25,
        "completion_length": 31.0,
        "zero_variance": 0.25,
        "truncated": 0.02,
        "no_answer": 0.01,
        "judge_s": 0.5,
        "step_s": 2.0,
        "by_band": {"hard": Tally(passes=1, attempts=8), "easy": Tally(passes=easy, attempts=8)},
        "weights": {"easy": 0.7, "hard": 0.3},
    }
    return Step(stage="rl", step=step, of=40, seconds=2.0 * step, warnings=warnings, **values | changed)  # type: ignore[arg-type]


HELD_OUT = EvalResult(
    stage="rl",
    step=0,
    name="held-out",
    temperature=1.0,
    groups={
        "all": Score(problems=60, samples=4, pass_at_1=0.25, low=0.2, high=0.31),
        "1 feature": Score(problems=60, samples=4, pass_at_1=0.5, low=0.4, high=0.6),
        "hard": Score(problems=0, samples=4, pass_at_1=0.0, low=0.0, high=1.0),
    },
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(training_progress.time, "monotonic", lambda: now[0])
    return now


def test_plain_output_has_a_line_in_ten_seconds_and_the_last_step(clock: list[float]) -> None:
    said = io.StringIO()
    with training_display(Console(file=said, width=60)) as observer:
        observer.started(TrainConfig(stage="rl"), 500, 60, 40, 0)
        observer.evaluated(HELD_OUT)
        for step in range(1, 41):
            clock[0] += 2.0
            observer.stepped(a_step(step))
    lines = said.getvalue().splitlines()
    assert lines[0] == "rl: 40 steps; 500 problems, 60 held out"
    assert lines[1] == "held-out, step 0, pass@1: all 0.250 (0.20 to 0.31, 60 problems) · 1 feature 0.500"
    steps = [line.partition(" ·")[0] for line in lines[2:]]
    assert steps == [f"step {step}/40" for step in (1, 6, 11, 16, 21, 26, 31, 36, 40)]
    for shown in ("reward 0.500", "pass rate 0.50", "easy 1.00, hard 0.12", "entropy 0.250 nats",
                  "completion 31 tokens", "equal rewards 25%", "cut off 2%", "no answer 1%",
                  "judge 0.5 of 2.0 s per step"):  # fmt: skip
        assert shown in lines[2]
    assert lines[3].endswith("· 68 s left")  # 34 steps of 2 s


def test_a_resumed_run_estimates_by_its_own_steps(clock: list[float]) -> None:
    said = io.StringIO()
    with training_display(Console(file=said, width=60)) as observer:
        observer.started(TrainConfig(stage="rl"), 500, 60, 40, 20)
        clock[0] += 50.0
        observer.stepped(a_step(30))
    assert said.getvalue().splitlines()[0].startswith("rl: 40 steps, 20 of them done before;")
    assert said.getvalue().endswith("· 50 s left\n")


def test_no_warning_is_lost_between_two_lines(clock: list[float]) -> None:
    said = io.StringIO()
    with training_display(Console(file=said, width=60)) as observer:
        observer.started(TrainConfig(stage="rl"), 500, 60, 40, 0)
        observer.stepped(a_step(1))
        clock[0] += 1.0
        observer.stepped(a_step(2, warnings=("look at [this]",)))
        clock[0] += 10.0
        observer.stepped(a_step(3))
        clock[0] += 10.0
        observer.stepped(a_step(4))
        observer.note("[bold] is no markup")
    lines = said.getvalue().splitlines()
    assert ["WARNING" in line for line in lines] == [False, False, True, False, False]
    assert lines[2].endswith("WARNING at step 2: look at [this]")
    assert lines[-1] == "[bold] is no markup"


def test_what_was_not_logged_is_not_shown() -> None:
    said = io.StringIO()
    with training_display(Console(file=said, width=60)) as observer:
        observer.started(TrainConfig(stage="sft"), 500, 0, 1, 0)
        observer.stepped(Step(stage="sft", step=1, of=1, seconds=1.0, loss=5.5))
    assert said.getvalue().splitlines()[1] == "step 1/1 · loss 5.5000 · 0 s left"


def drawn(display: object) -> str:
    """What the live display shows at the moment."""
    said = io.StringIO()
    Console(file=said, width=110).print(display)
    return said.getvalue()


def test_a_terminal_shows_bands_with_their_course_and_weights() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=110, color_system=None)
    with training_display(console) as observer:
        observer.note("reading [problems]")
        assert "reading [problems]" in drawn(observer)
        observer.started(TrainConfig(stage="rl"), 500, 60, 40, 0)
        assert "500 problems, 60 held out" in drawn(observer)
        observer.stepped(a_step(5, easy=0))
        observer.stepped(a_step(10, easy=4, warnings=("rewards look unearned",)))
        observer.stepped(a_step(15, easy=8))
        shown = drawn(observer)
    assert "15/40" in shown
    assert "reward 0.500 · pass rate 0.50" in shown
    rows = [line.split() for line in shown.splitlines()]
    assert ["easy", "▁▅█", "1.00", "weight", "70%"] in rows
    assert ["hard", "▂▂▂", "0.12", "weight", "30%"] in rows
    assert rows.index(["easy", "▁▅█", "1.00", "weight", "70%"]) < rows.index(["hard", "▂▂▂", "0.12", "weight", "30%"])
    assert "⚠ step 10: rewards look unearned" in shown


def test_a_terminal_shows_lengths_where_no_problem_is_rated_and_cells_that_are_no_bands() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=110, color_system=None)
    with training_display(console) as observer:
        observer.started(TrainConfig(stage="rl"), 500, 60, 40, 0)
        tallies = {
            "2 features": Tally(passes=2, attempts=8),
            "1 feature": Tally(passes=8, attempts=8),
            "3 features": Tally(passes=0, attempts=0),
        }
        observer.stepped(
            a_step(
                5,
                by_band={"unrated": Tally(passes=10, attempts=16)},
                by_length=tallies,
                weights={"frontier": 0.8, "before": 0.2},
            )
        )
        shown = drawn(observer)
    rows = [line.split() for line in shown.splitlines()]
    assert ["1", "feature", "█", "1.00"] in rows
    assert ["2", "features", "▃", "0.25"] in rows
    assert "3 features" not in shown
    assert "weights frontier 80% · before 20%" in shown


def test_measurements_stay_on_the_terminal() -> None:
    file = io.StringIO()
    with training_display(Console(file=file, force_terminal=True, width=110, color_system=None)) as observer:
        observer.started(TrainConfig(stage="rl"), 500, 60, 40, 0)
        observer.evaluated(HELD_OUT)
    assert "held-out, step 0, pass@1: all 0.250 (0.20 to 0.31, 60 problems) · 1 feature 0.500" in file.getvalue()
