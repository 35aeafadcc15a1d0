"""A headless browser for tests of pages: the system's Chromium, and pages that remember what went wrong in them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

playwright = pytest.importorskip("playwright.sync_api")

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]


@contextmanager
def chromium() -> Iterator["playwright.Browser"]:
    named = os.environ.get("STEPSMITH_CHROMIUM")
    places = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    executable = named or next(filter(None, places), None)
    if executable is None:
        pytest.skip("no Chromium found: install one, or name it in STEPSMITH_CHROMIUM")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=executable, args=QUIET)
        yield browser
        browser.close()


class WatchedPage:
    """A page that remembers what went wrong in it and what it asked for."""

    def __init__(self, context: "playwright.BrowserContext") -> None:
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page = context.new_page()
        self.page.on("console", lambda message: self.faults.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
