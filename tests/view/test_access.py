"""Usable by everyone: axe finds no fault, in light and dark, and a phone needs no sideways scrolling."""

import re

import pytest

from tests.view.conftest import Served, Watched

playwright = pytest.importorskip("playwright.sync_api")
axe_core = pytest.importorskip("axe_playwright_python.sync_playwright")
expect = playwright.expect


def faults_of(page) -> list[str]:
    found = axe_core.Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"][:3]]


def first_problem(page) -> str:
    return page.locator("a.pick").nth(1).get_attribute("href")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_fault(browser, viewer: Served, scheme: str) -> None:
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    page = Watched(context, viewer.url).open("/problems?environment=induction&q=parcels")
    assert faults_of(page) == []
    page.keyboard.press("?")
    assert faults_of(page) == []
    page.goto(viewer.url + first_problem(page))
    expect(page.locator("ol.life")).to_be_visible()
    assert faults_of(page) == []
    page.goto(viewer.url + "/none")
    assert faults_of(page) == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(browser, viewer: Served, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, color_scheme=scheme)
    watched = Watched(context, viewer.url)
    page = watched.open("/problems?state=kept&state=too-easy")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    red, *_ = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert (red < 64) == (scheme == "dark")
    expect(page.locator("fieldset").first).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    page.locator("input[name=environment]").first.check()
    expect(page).to_have_url(re.compile("environment="))
    expect(page.locator("fieldset").first).to_be_visible()
    page.goto(viewer.url + first_problem(page))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    watched.verify()
    context.close()


def test_the_switch_of_the_theme_is_remembered(watched: Watched) -> None:
    page = watched.open("/problems")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.keyboard.press("t")
    page.keyboard.press("t")
    expect(page.locator("#theme")).to_contain_text("dark")
    dark = page.evaluate(background)
    assert dark != light
    page.reload()
    assert page.evaluate(background) == dark
    page.locator("#theme").click()
    expect(page.locator("#theme")).to_contain_text("system")


def test_the_list_can_be_read_without_scripts(browser, viewer: Served) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = Watched(context, viewer.url).open("/problems")
    page.locator("#q").fill("parcels 7")
    page.locator("#q").press("Enter")
    expect(page).to_have_url(re.compile(r"q=parcels\+7"))
    page.locator("a.pick").first.click()
    expect(page.locator("h2").first).to_have_text("Statement")
    context.close()
