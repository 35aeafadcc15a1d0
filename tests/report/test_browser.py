"""The report in a real headless browser, opened from disk and cut off from the network."""

import re
from collections.abc import Iterator

import pytest

from stepsmith.report.writing import write_report
from tests.browsers import WatchedPage, chromium
from tests.report.runs import make_run
from tests.report.trainings import make_rl, make_sft

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


@pytest.fixture(scope="module")
def browser() -> Iterator["playwright.Browser"]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(make_run(tmp_path_factory.mktemp("run"))).as_uri()


class Watched(WatchedPage):
    def open(self, url: str) -> "playwright.Page":
        self.page.goto(url)
        self.page.wait_for_selector(".stone")
        return self.page

    def verify(self, address: str) -> None:
        assert self.faults == []
        assert {url.partition("#")[0] for url in self.requests} == {address}


@pytest.fixture
def watched(browser: "playwright.Browser") -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, offline=True, reduced_motion="reduce")
    yield Watched(context)
    context.close()


def numbers(page: "playwright.Page") -> str:
    return page.inner_text(".chain-head .muted").split(":")[0]


def test_the_report_opens_offline_without_a_request_or_a_fault(watched: Watched, address: str) -> None:
    page = watched.open(address)
    for name in ("rates", "turns", "features", "confidence"):
        page.wait_for_selector(f"#plot-{name} svg.main-svg", state="attached")
    assert page.locator("#plot-rates .bars .point").count() > 5
    assert page.title() == "Stepsmith report: " + page.inner_text("h1").split(" from")[0]
    watched.verify(address)


def test_stepping_stones_stand_side_by_side(watched: Watched, address: str) -> None:
    page = watched.open(address)
    page.select_option("#chain", "chain_0002")
    expect(page.locator(".chain-head")).to_contain_text("Chain 3")
    stones = page.locator(".stone:not(.rejected)")
    assert stones.count() >= 2
    boxes = page.evaluate(
        "[...document.querySelectorAll('.stone:not(.rejected)')].slice(0, 2).map(stone => {"
        "  const [box, text] = [stone, stone.querySelector('[data-part]')].map(e => e.getBoundingClientRect());"
        "  return {left: box.left, right: box.right, top: box.top, text: text.top}; })"
    )
    assert boxes[1]["left"] >= boxes[0]["right"]
    assert boxes[1]["top"] == boxes[0]["top"]
    assert boxes[1]["text"] == boxes[0]["text"]  # level, whatever stands above
    assert "warehouse" in stones.nth(0).inner_text()
    assert "of the simulated student" in stones.nth(1).inner_text()
    turns = [int(turn) for turn in page.eval_on_selector_all(".stone", "all => all.map(s => s.dataset.turn)")]
    assert turns == sorted(turns)
    assert page.inner_text("#opened").startswith("Opened chain 3: Parcels 3")
    watched.verify(address)


def test_views_change_all_stones(watched: Watched, address: str) -> None:
    page = watched.open(address + "#chain=chain_0002")
    page.get_by_role("radio", name="Wrong solutions").check()
    shown = page.locator("[data-part=wrong]:visible")
    assert shown.count() == page.locator(".stone:not(.rejected)").count()
    assert page.locator("[data-part=statement]:visible").count() == 0
    assert "sorted the wrong way round" in shown.first.inner_text()
    page.get_by_role("radio", name="Tests").check()
    page.locator("[data-part=tests]:visible details.long summary").first.click()
    assert "more characters in the data set" in page.locator("[data-part=tests]:visible").first.inner_text()
    watched.verify(address)


def test_previous_next_and_deep_links_lead_to_chains(watched: Watched, address: str) -> None:
    page = watched.open(address + "#chain=chain_0003&turn=2")
    assert numbers(page) == "Chain 4"
    assert page.locator(".stone.pointed").get_attribute("data-turn") == "2"
    page.get_by_role("button", name="Next").click()
    expect(page.locator(".chain-head")).to_contain_text("Chain 5")
    assert page.evaluate("location.hash") == "#chain=chain_0004"
    assert page.input_value("#chain") == "chain_0004"
    page.get_by_role("button", name="Previous").click()
    expect(page.locator(".chain-head")).to_contain_text("Chain 4")
    page.go_back()
    expect(page.locator(".chain-head")).to_contain_text("Chain 5")
    page.evaluate("location.hash = '#chain=chain_0000'")
    expect(page.locator(".chain-head")).to_contain_text("Chain 1")
    assert page.get_by_role("button", name="Previous").is_disabled()
    page.evaluate("location.hash = '#chain=elsewhere'")
    expect(page.locator("#viewer")).to_contain_text("does not hold this chain")
    watched.verify(address)


def test_filters_narrow_the_list_and_open_a_match(watched: Watched, address: str) -> None:
    page = watched.open(address)
    page.select_option("#by-environment", "deduction")
    expect(page.locator(".stone .muted").first).to_have_text(re.compile("^deduction"))
    assert page.inner_text("#matches") == "Chain (2 of 10 match)"
    assert page.locator("#chain option").count() == 2
    page.select_option("#by-environment", "")
    page.fill("#by-text", "parcels 7,")
    expect(page.locator(".chain-head")).to_contain_text("Chain 7")
    page.fill("#by-text", "no such title")
    assert page.inner_text("#matches") == "Chain (0 of 10 match)"
    assert page.get_by_role("button", name="Next").is_disabled()
    watched.verify(address)


def test_a_reject_leads_to_its_place_in_the_chain(watched: Watched, address: str) -> None:
    page = watched.open(address)
    page.locator("#rejects a").first.click()
    page.wait_for_selector(".stone.rejected.pointed")
    expect(page.locator("#chains-title")).to_be_in_viewport()
    watched.verify(address)


def test_hostile_texts_do_nothing_but_show(watched: Watched, address: str) -> None:
    page = watched.open(address + "#chain=chain_0000")
    for view in ("statement", "tests", "program", "wrong", "features", "evidence"):
        page.locator(f"input[value={view}]").check(force=True)
        assert "<img src=x onerror" in page.locator(f"[data-part={view}]:visible").first.inner_text()
    assert page.title().startswith("Stepsmith report")
    assert page.locator("img").count() == 0
    watched.verify(address)


def test_should_markup_ever_slip_through_the_policy_stops_it(watched: Watched, address: str) -> None:
    page = watched.open(address)
    blocked: list[str | None] = []
    page.on("requestfailed", lambda request: blocked.append(request.failure))
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=https://example.org/x onerror=document.title=1>')"
    )
    page.wait_for_timeout(200)
    assert page.title().startswith("Stepsmith report")
    assert blocked == ["csp"]
    assert any("Content Security Policy" in fault for fault in watched.faults)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling_of_the_page(
    browser: "playwright.Browser", address: str, scheme: str
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 800}, color_scheme=scheme, offline=True, reduced_motion="reduce"
    )
    watched = Watched(context)
    page = watched.open(address)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    red, *_ = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (red < 64) == (scheme == "dark")
    watched.verify(address)
    context.close()


def test_the_page_works_by_keyboard(watched: Watched, address: str) -> None:
    page = watched.open(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.focus("#chain")
    before = numbers(page)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".chain-head")).not_to_contain_text(f"{before}:")
    page.focus("input[value=statement]")
    page.keyboard.press("ArrowRight")
    assert page.locator("[data-part=tests]:visible").count() > 0
    watched.verify(address)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = make_run(tmp_path_factory.mktemp("trained"), chains=2)
    make_sft(folder / "training" / "sft", steps=60)
    make_rl(folder / "training" / "rl", steps=60, measure_every=20)
    return write_report(folder).as_uri()


@pytest.fixture(scope="module")
def training_alone(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_report(
        make_rl(tmp_path_factory.mktemp("training"), steps=60, scopes=("induction", "fuzzing"))
    ).as_uri()


def test_training_runs_follow_the_problem_set(watched: Watched, trained: str) -> None:
    page = watched.open(trained)
    page.wait_for_selector("#plot-training-2-gap svg.main-svg", state="attached")
    drawn = page.locator("[data-figure^=training-] svg.main-svg .xtitle")
    assert drawn.count() == page.locator("[data-figure^=training-]").count() == 2 + 10
    assert page.locator("#plot-training-2-bands .barlayer .point").count() == 3 * 13  # bands x records
    page.get_by_role("link", name="Reinforcement learning").click()
    expect(page.locator("#training-2")).to_be_in_viewport()
    watched.verify(trained)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_training_page_fits_a_phone(browser: "playwright.Browser", training_alone: str, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 400, "height": 800}, color_scheme=scheme, offline=True)
    watched = Watched(context)
    page = watched.page
    page.goto(training_alone)
    page.wait_for_selector("#plot-training-1-gap svg.main-svg", state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") == 400
    page.wait_for_function("document.querySelectorAll('#plot-training-1-bands .legend .traces').length === 4")
    boxes = page.evaluate(
        "['.legend', '.xtitle'].map(part => document.querySelector(`#plot-training-1-bands ${part}`))"
        ".map(part => part.getBoundingClientRect()).map(box => ({top: box.top, bottom: box.bottom}))"
    )
    assert boxes[0]["top"] >= boxes[1]["bottom"]  # the legend does not cover the axis
    watched.verify(training_alone)
    context.close()


def test_on_paper_a_dark_page_is_light(browser: "playwright.Browser", training_alone: str) -> None:
    context = browser.new_context(color_scheme="dark", offline=True)
    page = context.new_page()
    page.goto(training_alone)
    page.wait_for_selector("#plot-training-1-gap svg.main-svg", state="attached")
    page.evaluate(
        "addEventListener('beforeprint', () => {"
        "  const fill = (place) => getComputedStyle(place).fill.match(/\\d+/g).map(Number);"
        "  window.onPaper = fill(document.querySelector('#plot-training-1-reward .xtitle'))[0]; })"
    )
    red = "Number(getComputedStyle(document.querySelector('#plot-training-1-reward .xtitle')).fill.match(/\\d+/)[0])"
    before = page.evaluate(red)
    page.pdf()
    assert page.evaluate("onPaper") < 110 < before == page.evaluate(red)
    context.close()
