import json
import re
from html import unescape
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.errors import RunFolderError, StoreError
from stepsmith.report.curves import curves_of
from stepsmith.report.series import SMOOTHED_FROM, Point, smoothed, smoothing_window
from stepsmith.report.training import read_run, runs_within
from stepsmith.report.writing import write_report
from stepsmith.store.json_lines import read_lines
from stepsmith.store.training_log import (
    EVAL_RESULTS,
    METRICS,
    TRAINING,
    EvalResult,
    Score,
    Step,
    Tally,
    Training,
    TrainingLog,
)
from tests.report.inspected import Inspected
from tests.report.runs import HOSTILE, make_run
from tests.report.test_report import SCRIPT, prose
from tests.report.trainings import make_rl, make_sft

Figure = dict[str, object]


@pytest.fixture(scope="module")
def rl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_rl(tmp_path_factory.mktemp("rl"))


@pytest.fixture(scope="module")
def rl_page(rl: Path) -> str:
    return write_report(rl).read_text()


def figures(html: str) -> dict[str, dict[str, list[dict[str, object]]]]:
    return {name: json.loads(body) for name, body in re.findall(r'id="figure-(training-[^"]*)">(.*?)</script>', html)}


def words(html: str) -> str:
    return " ".join(unescape(re.sub("<[^>]*>", " ", prose(html))).split())


def steps_of(folder: Path) -> list[Step]:
    return list(read_lines(folder / METRICS, Step))


def a_config(folder: Path, stage: str = "rl") -> TrainingLog:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"stage": stage}))
    return TrainingLog(folder)


def a_score(**changed: object) -> Score:
    values = {"problems": 10, "samples": 4, "pass_at_1": 0.5, "low": 0.3, "high": 0.7}
    return Score(**values | changed)  # type: ignore[arg-type]


def test_solve_rates_and_weights_share_their_steps_and_are_the_logs(rl: Path, rl_page: str) -> None:
    figure = figures(rl_page)["training-1-bands"]
    steps = steps_of(rl)
    points = {t["name"]: t for t in figure["data"] if t["type"] == "scatter" and t["mode"] == "markers"}
    assert set(points) == {"easy", "medium", "hard", "all completions"}
    for band in ("easy", "medium", "hard"):
        tallies = [(s.step, s.by_band[band].passes / s.by_band[band].attempts) for s in steps if band in s.by_band]
        assert list(zip(points[band]["x"], points[band]["y"], strict=True)) == tallies  # type: ignore[call-overload]
    bars = {t["name"]: t for t in figure["data"] if t["type"] == "bar"}
    starts = [0, *(step.step for step in steps[:-1])]
    for band in ("easy", "medium", "hard"):
        assert bars[band]["y"] == [step.weights.get(band, 0.0) for step in steps]
        assert bars[band]["x"] == starts
        assert bars[band]["yaxis"] == "y2"
        line = next(t for t in figure["data"] if t["name"] == band and t["mode"] == "lines")
        assert line["line"]["color"] == bars[band]["marker"]["color"]  # type: ignore[index]
    assert all("xaxis" not in trace for trace in figure["data"])  # one axis of steps for both
    layout = figure["layout"]
    assert layout["xaxis"]["anchor"] == "y2"  # type: ignore[call-overload]
    assert layout["yaxis2"]["domain"][1] < layout["yaxis"]["domain"][0]  # type: ignore[call-overload]


def test_every_asked_curve_is_there_with_axes_that_have_titles(rl_page: str, tmp_path: Path) -> None:
    drawn = figures(rl_page)
    names = ["bands", "lengths", "reward", "variance", "entropy", "tokens", "lost", "time", "gap"]
    assert list(drawn) == [f"training-1-{name}" for name in names]
    drawn |= {f"sft {name}": figure for name, figure in figures(write_report(make_sft(tmp_path)).read_text()).items()}
    assert {"sft training-1-loss", "sft training-1-entropy"} <= set(drawn)
    for figure in drawn.values():
        axes = [value for key, value in figure["layout"].items() if re.fullmatch(r"[xy]axis\d*", key)]
        assert len(axes) >= 2
        assert all(axis["title"]["text"] for axis in axes)


def test_series_of_a_figure_differ_without_colours(rl_page: str) -> None:
    for name, figure in figures(rl_page).items():
        named = [
            trace for trace in figure["data"] if trace["type"] == "scatter" and trace.get("showlegend") is not False
        ]
        looks = [trace["line"]["dash"] for trace in named]  # type: ignore[index]
        assert len(set(looks)) == len(looks), name
        hatches = [trace["marker"]["pattern"]["shape"] for trace in figure["data"] if trace["type"] == "bar"]  # type: ignore[index]
        assert len(set(hatches)) == len(hatches)


def test_before_and_after_are_the_evaluations(rl: Path, rl_page: str) -> None:
    first, last = list(read_lines(rl / EVAL_RESULTS, EvalResult))
    text = words(rl_page)
    for group, after in last.groups.items():
        before = first.groups[group]
        shown = (
            f"{group} {before.pass_at_1:.3f} {before.low:.2f}–{before.high:.2f} "
            f"{after.pass_at_1:.3f} {after.low:.2f}–{after.high:.2f} {after.pass_at_1 - before.pass_at_1:+.3f}"
        )
        assert shown in text
        assert f"{before.pass_at_k['4']:.3f} → {after.pass_at_k['4']:.3f}" in text
    assert f"before: {first.groups['all'].pass_at_1:.3f}" in text
    assert "before training (step 0, open mark) and after it (step 200, filled mark)" in text


def test_what_was_trained_on_what_is_said(rl: Path, rl_page: str) -> None:
    text = words(rl_page)
    made = json.loads((rl / "config.json").read_text())["rl"]["exercises"]
    features = ", ".join(made["steps"])
    for shown in (
        "model runs/sft/model", "parameters 394,176",
        f"exercises {made['count']:,} of {features} features, profile micro",
        "problems left out 580 composition held out, 12 prompt too long", "curriculum soft", "seed 0",
        "12 problems × 8 completions", "device cpu, 2 threads",
        "in total 6 min 20 s", "steps 200", "problems to train on 578 300 held out",
        "tokens 1.4 M", "isolation L2", "versions stepsmith 0.1.0, torch 2.13.0, trl 1.16.0", "evaluate 11 s",
    ):  # fmt: skip
        assert shown in text
    assert "Each point is one log record: a mean over the last 5 steps." in text
    assert "means over 5 neighbouring points" in text


def test_warnings_are_listed_with_their_steps(tmp_path: Path) -> None:
    log = a_config(tmp_path)
    for step, warnings in ((1, ()), (2, ("odd",)), (3, ("odd", "worse")), (4, ("odd",))):
        log.step(Step(stage="rl", step=step, of=9, seconds=1.0, reward=0.1, warnings=warnings))
    assert read_run(tmp_path).warnings == [("odd", [2, 3, 4]), ("worse", [3])]
    html = prose(write_report(tmp_path).read_text())
    assert '<th scope="row">2, 3, 4</th><td class="text">odd</td>' in html


def test_an_unfinished_run_is_shown_as_far_as_it_came(tmp_path: Path) -> None:
    make_rl(tmp_path, done=45)
    with (tmp_path / METRICS).open("ab") as file:
        file.write(b'{"stage":"rl","st')  # killed while writing
    text = words(write_report(tmp_path).read_text())
    assert "This run is not finished. Its log ends at step 45 of 200" in text
    assert "Evaluated once" in text
    assert "Lines join the points without smoothing." in text


@pytest.mark.parametrize("stage", ["sft", "rl"])
def test_a_run_of_one_step_without_evaluations_has_a_page(tmp_path: Path, stage: str) -> None:
    log = a_config(tmp_path, stage)
    log.step(Step(stage=stage, step=1, of=1, seconds=0.5, loss=2.0, reward=0.0))  # type: ignore[arg-type]
    html = write_report(tmp_path).read_text()
    assert "There is no evaluation on held-out problems." in prose(html)
    (figure,) = figures(html).values()
    assert [(trace["x"], trace["y"]) for trace in figure["data"]] == [([1], [2.0 if stage == "sft" else 0.0])]


def test_evaluated_but_not_yet_stepped(tmp_path: Path) -> None:
    a_config(tmp_path).evaluated(
        EvalResult(stage="rl", step=0, name="held-out", temperature=0.0, groups={"all": a_score()})
    )
    text = words(write_report(tmp_path).read_text())
    assert "No step has been logged yet." in text
    assert "with greedy decoding, at step 0." in text
    assert "all 0.500 0.30–0.70" in text


def test_empty_groups_and_figures_that_were_not_logged_are_left_out(tmp_path: Path) -> None:
    log = a_config(tmp_path)
    for step in (1, 2):
        groups = {"all": a_score(), "hard": a_score(problems=0), "10 features": a_score(), "2 features": a_score()}
        log.evaluated(EvalResult(stage="rl", step=step, name="held-out", temperature=1.0, groups=groups))
        tallies = {"easy": Tally(passes=step - 1, attempts=8), "hard": Tally(passes=0, attempts=0)}
        log.step(Step(stage="rl", step=step, of=2, seconds=1.0, by_band=tallies, truncated=0.1))
    run = read_run(tmp_path)
    assert [row.group for row in run.before_after[0].rows] == ["all", "2 features", "10 features"]
    drawn = {curve.key: json.loads(curve.figure) for curve in curves_of(run)}
    assert set(drawn) == {"bands", "lost"}
    assert {trace["name"] for trace in drawn["bands"]["data"]} == {"easy"}
    assert drawn["bands"]["data"][0]["y"] == [0.0, 0.125]  # a zero that was measured stays
    assert {trace["name"] for trace in drawn["lost"]["data"]} == {"cut off"}


def test_curricula_without_weights_of_bands_show_what_was_drawn(tmp_path: Path) -> None:
    make_rl(tmp_path, curriculum="learnability", steps=20)
    (curve,) = (curve for curve in curves_of(read_run(tmp_path)) if curve.key == "bands")
    bars = {trace["name"]: trace["y"] for trace in json.loads(curve.figure)["data"] if trace["type"] == "bar"}
    for at, step in enumerate(steps_of(tmp_path)):
        total = sum(tally.attempts for tally in step.by_band.values())
        assert {band: shares[at] for band, shares in bars.items()} == {
            band: tally.attempts / total for band, tally in step.by_band.items()
        }
    assert "the share of completions in each band" in curve.about


def test_mixed_environments_have_a_panel_each(tmp_path: Path) -> None:
    make_rl(tmp_path, steps=20, scopes=("induction", "deduction"))
    (curve,) = (curve for curve in curves_of(read_run(tmp_path)) if curve.key == "bands")
    figure = json.loads(curve.figure)
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
    assert {bar["yaxis"] for bar in bars} == {"y2", "y3"}
    for axis in ("y2", "y3"):
        heights = zip(*(bar["y"] for bar in bars if bar["yaxis"] == axis), strict=True)
        assert all(sum(stack) == pytest.approx(1) for stack in heights)
    titles = [figure["layout"][axis]["title"]["text"] for axis in ("yaxis2", "yaxis3")]
    assert titles == ["weight (%)<br>deduction", "weight (%)<br>induction"]
    domains = [figure["layout"][axis]["domain"] for axis in ("yaxis3", "yaxis2", "yaxis")]
    assert [low for low, _ in domains] == sorted(low for low, _ in domains)
    assert all(below[1] < above[0] for below, above in pairwise(domains))


def test_a_falling_loss_is_not_smoothed(tmp_path: Path) -> None:
    html = write_report(make_sft(tmp_path, steps=200, measure=False)).read_text()
    assert "Lines join the points without smoothing." in words(html)
    (line,) = figures(html)["training-1-loss"]["data"]
    assert line["y"] == [step.loss for step in steps_of(tmp_path)]


def test_measurements_on_the_way_become_a_curve(tmp_path: Path) -> None:
    make_rl(tmp_path, steps=60, measure_every=20)
    (curve,) = (curve for curve in curves_of(read_run(tmp_path)) if curve.key == "held-out")
    whole = next(trace for trace in json.loads(curve.figure)["data"] if trace["name"] == "all")
    assert whole["x"] == [0, 20, 40, 60]
    scores = [m.groups["all"] for m in read_lines(tmp_path / EVAL_RESULTS, EvalResult)]
    assert whole["y"] == [score.pass_at_1 for score in scores]
    assert whole["error_y"]["array"] == [score.high - score.pass_at_1 for score in scores]


def test_a_resumed_run_took_the_time_of_both_parts(tmp_path: Path) -> None:
    log = a_config(tmp_path)
    for step, seconds in ((5, 10.0), (10, 20.0), (15, 9.0), (20, 18.0)):
        log.step(Step(stage="rl", step=step, of=40, seconds=seconds))
    assert read_run(tmp_path).seconds == 38.0
    assert read_run(tmp_path).spacing == 5


def test_a_random_reward_is_called_a_control(tmp_path: Path) -> None:
    make_rl(tmp_path, steps=5)
    assert "The rewards are random." not in write_report(tmp_path).read_text()
    path = tmp_path / TRAINING
    manifest = msgspec.json.decode(path.read_bytes(), type=Training)
    config = json.loads(bytes(manifest.config))
    config["rl"]["reward"] = "random"
    changed = msgspec.structs.replace(manifest, config=msgspec.Raw(json.dumps(config).encode()))
    path.write_bytes(msgspec.json.encode(changed))
    assert "The rewards are random." in write_report(tmp_path).read_text()


def test_a_problem_set_shows_its_training_runs_sft_first(tmp_path: Path) -> None:
    make_run(tmp_path, chains=2)
    alone = write_report(tmp_path).read_text()
    make_rl(tmp_path / "training" / "a-rl", steps=20)
    make_sft(tmp_path / "training" / "b-sft", steps=20)
    (tmp_path / "training" / "notes").mkdir()
    assert [run.name for run in runs_within(tmp_path)] == ["b-sft", "a-rl"]
    html = write_report(tmp_path).read_text()
    text = prose(html)
    places = [text.index(f'id="{name}"') for name in ("difficulty", "run", "training-1", "training-2")]
    assert places == sorted(places)
    assert '<a href="#training-1">Supervised fine-tuning</a> <a href="#training-2">Reinforcement learning</a>' in text
    assert {"training-1-loss", "training-2-bands"} <= set(figures(html))
    assert 'id="training-1"' not in alone


def test_hostile_texts_stay_text(tmp_path: Path) -> None:
    log = a_config(tmp_path)
    config = {"stage": "rl", "about": HOSTILE, "model": {"path": HOSTILE}, "rl": {"curriculum": HOSTILE}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    tally = {HOSTILE: Tally(passes=1, attempts=2)}
    for step in (1, 2, 3):
        log.step(
            Step(stage="rl", step=step, of=3, seconds=1.0, pass_rate=0.5, by_band=tally, by_length=tally,
                 weights={f"x/{HOSTILE}": 0.5, HOSTILE: 0.5}, warnings=(HOSTILE,))
        )  # fmt: skip
        log.evaluated(
            EvalResult(
                stage="rl", step=step, name=HOSTILE, temperature=1.0, groups={"all": a_score(), HOSTILE: a_score()}
            )
        )
    html = write_report(tmp_path).read_text()
    assert {"training-1-bands", "training-1-lengths", "training-1-held-out"} == set(figures(html))
    shown = Inspected(SCRIPT.sub("", html))
    assert shown.tags.isdisjoint({"img", "script"})
    assert HOSTILE in shown.text
    for figure in figures(html).values():
        names = [str(trace["name"]) for trace in figure["data"]]
        assert all("<" not in name for name in names)
    assert len(SCRIPT.findall(html)) == 2 + 3


def test_the_same_log_gives_the_same_bytes(rl: Path, rl_page: str) -> None:
    assert write_report(rl).read_text() == rl_page


def test_folders_without_a_run_and_damaged_logs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="holds no finished run"):
        write_report(tmp_path)
    log = a_config(tmp_path)
    with pytest.raises(RunFolderError, match="holds no finished run"):
        write_report(tmp_path)
    log.step(Step(stage="rl", step=1, of=3, seconds=1.0))
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(RunFolderError, match=r"config\.json cannot be read.*stage"):
        write_report(tmp_path)
    (tmp_path / METRICS).write_text("nonsense\n")
    with pytest.raises(StoreError, match=r"metrics\.jsonl, line 1"):
        write_report(tmp_path)


points = st.lists(
    st.tuples(st.floats(0, 1), st.integers(1, 50)).map(lambda pair: Point(0, pair[0], "", pair[1])),
    min_size=1,
    max_size=60,
)


@given(points, st.integers(0, 4).map(lambda half: 2 * half + 1))
def test_smoothed_values_are_weighted_means_of_their_neighbours(series: list[Point], window: int) -> None:
    means = smoothed(series, window)
    assert len(means) == len(series)
    for index, mean in enumerate(means):
        near = [point for at, point in enumerate(series) if abs(at - index) <= window // 2]
        total = sum(point.value * point.weight for point in near)
        assert mean == pytest.approx(total / sum(point.weight for point in near))


@given(st.integers(0, 5000))
def test_few_points_are_not_smoothed_and_windows_have_a_middle(count: int) -> None:
    window = smoothing_window(count)
    assert window % 2 == 1
    assert (window == 1) == (count < SMOOTHED_FROM)
    assert window <= max(1, count // 3)
