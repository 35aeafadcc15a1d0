"""The pages of runs: their states, how a dead one goes on, and what a live one tells while it runs."""

import http.client
import os
from pathlib import Path

import msgspec
import pytest

from stepsmith.store.progress import PROGRESS, Progress, ProgressFile, Spent
from stepsmith.store.training_log import METRICS
from stepsmith.view.runs import figures_in
from tests.report.runs import HOSTILE, make_run
from tests.report.trainings import make_rl
from tests.view.conftest import Served, Watched, serving

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


def begin(folder: Path) -> ProgressFile:
    folder.mkdir(parents=True)
    progress = ProgressFile(folder, "synthesis", "chains", 20)
    progress.spends(lambda: Spent(usd=4.5, tokens=1200, limit_usd=5.0))
    figures = {"problems": {"easy": 3.0, "hard": 4.0}, "proposed": {"": 10.0}, "rejections": {HOSTILE: 3.0}}
    progress.advance(figures=figures, note=HOSTILE)
    with progress:
        return progress


def kill(folder: Path) -> None:
    path = folder / PROGRESS
    progress = msgspec.json.decode(path.read_bytes(), type=Progress)
    gone = msgspec.structs.replace(progress.process, start_ticks=1)
    command = ("synth", "run.toml", "--out", "a b")
    dead = msgspec.structs.replace(progress, process=gone, command=command, folder="/some where")
    path.write_bytes(msgspec.json.encode(dead))


@pytest.fixture
def runs(tmp_path: Path):
    make_run(tmp_path / "runs" / "done")
    make_rl(tmp_path / "runs" / "training" / "rl", done=40)
    begin(tmp_path / "runs" / "live")
    begin(tmp_path / "runs" / "dead")
    kill(tmp_path / "runs" / "dead")
    (tmp_path / "runs" / "odd").mkdir()
    (tmp_path / "runs" / "odd" / PROGRESS).write_text("{")
    with serving(tmp_path / "runs") as served:
        yield served


def test_the_list_tells_every_run_and_one_that_cannot_be_read(runs: Served) -> None:
    _, _, text = runs.request("/runs")
    places = [text.index(f'"/runs/0/{name}"') for name in ("live", "dead", "done", "odd")]
    assert places == sorted(places)
    assert "odd/progress.json cannot be read" in text
    for state in ("running", "stopped", "finished"):
        assert f">{state}</span>" in text


def test_a_dead_run_says_how_to_resume(runs: Served) -> None:
    _, _, text = runs.request("/runs/0/dead")
    assert "cd &#39;/some where&#39;\nstepsmith synth run.toml --out &#39;a b&#39; --resume" in text
    assert "its process is gone" in text
    assert "<script>document" not in text


def test_progress_yield_and_budget_are_told(runs: Served) -> None:
    _, _, text = runs.request("/runs/0/live")
    for told in ("of 20", "70%", "7 kept of 10 proposed", "$4.50", "of $5", f"process {os.getpid()}"):
        assert told in text
    assert "yield" in runs.request("/runs/0/done")[2]


@pytest.mark.parametrize("path", ["/runs/0/../..", "/runs/0/none", "/runs/7/", "/runs/0/done/manifest.json"])
def test_only_runs_in_the_served_places_are_shown(runs: Served, path: str) -> None:
    assert runs.request(path)[0] in (400, 404)
    assert runs.request(path.replace("/runs/", "/runs/live/"))[0] in (400, 404)


def test_figures_that_are_missing_give_no_yield() -> None:
    assert figures_in({}).yielded is None
    assert figures_in({"proposed": {"": 4.0}}).yielded == 0
    assert figures_in({"ratings": {"easy": 2.0}}).yielded is None


def test_a_stream_ends_when_the_viewer_stops(tmp_path: Path) -> None:
    begin(tmp_path / "live")
    with serving(tmp_path) as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        connection.request("GET", "/runs/live")
        reply = connection.getresponse()
        assert reply.getheader("content-type", "").startswith("text/event-stream")
        assert reply.readline() == b"event: state\n"
        served.viewing.streams.stop()
        assert b"live" in reply.read()
        connection.close()


def test_a_page_follows_its_run(runs: Served, browser, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    watched = Watched(context, runs.url)
    page = watched.open("/runs/0/live")
    expect(page.locator(".tile").first).to_contain_text("1")
    progress = ProgressFile(tmp_path / "runs" / "live", "synthesis", "chains", 20, 17)
    with progress:
        progress.advance()
    expect(page.locator(".tile").first).to_contain_text("18")
    page = watched.open("/runs/0/training/rl")
    expect(page.locator(".plot .main-svg").first).to_be_visible()
    points = page.locator("#figure-reward").text_content()
    steps = tmp_path / "runs" / "training" / "rl" / METRICS
    last = steps.read_bytes().splitlines()[-1]
    steps.write_bytes(steps.read_bytes() + last.replace(b'"step":', b'"step":1', 1) + b"\n")
    expect(page.locator("#figure-reward")).not_to_have_text(points)
    context.close()
    # Plotly asks once whether the browser can draw sharp images, by a style that the policy refuses.
    watched.faults = [fault for fault in watched.faults if "inline style" not in fault]
    watched.verify()
