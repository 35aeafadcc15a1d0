"""The viewer in a real headless browser."""

import re

import pytest

from tests.view.conftest import Watched

playwright = pytest.importorskip("playwright.sync_api")
expect = playwright.expect


def count_of(page) -> int:
    return int(re.sub(r"\D", "", page.locator("h1").inner_text().split("problem")[0]))


def test_the_list_shows_the_problems_with_counts_beside_the_filters(watched: Watched) -> None:
    page = watched.open("/")
    shown = page.locator("a.pick").count()
    assert shown == count_of(page) > 10
    counts = [int(text) for text in page.locator("fieldset:first-of-type .count").all_inner_texts()]
    assert sum(counts) == shown


def test_filters_and_search_change_the_address_and_back_undoes_them(watched: Watched) -> None:
    page = watched.open("/problems")
    everything = count_of(page)
    page.locator("input[name=environment][value=deduction]").check()
    expect(page).to_have_url(re.compile(r"\?environment=deduction$"))
    expect(page.locator(".removal")).to_contain_text("deduction")
    some = count_of(page)
    assert 0 < some < everything
    page.keyboard.press("/")
    page.keyboard.type("parcels 7")
    expect(page).to_have_url(re.compile(r"q=parcels\+7&environment=deduction$"))
    page.reload()
    expect(page.locator("#q")).to_have_value("parcels 7")
    assert page.locator("input[name=environment][value=deduction]").is_checked()
    page.go_back()
    expect(page.locator("#q")).to_have_value("")
    page.go_back()
    expect(page.locator("input[name=environment][value=deduction]")).not_to_be_checked()
    assert count_of(page) == everything


def test_keys_walk_through_the_list(watched: Watched) -> None:
    page = watched.open("/problems")
    for key in "jjk":
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement === document.querySelectorAll('a.pick')[0]")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
