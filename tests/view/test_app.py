"""Routes, static files, and the pages for what is missing."""

from pathlib import Path

import pytest

from stepsmith.view.app import create_app
from stepsmith.view.guard import POLICY
from stepsmith.view.routes import ACTIONS, PAGES
from tests.view.conftest import Served, serving


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static//etc/passwd", "/static/app.py",
     "/static/htmx/LICENSE", "/static/htmx", "/static/.js"],
)  # fmt: skip
def test_static_files_are_those_of_the_viewer(viewer: Served, path: str) -> None:
    assert viewer.request(path)[0] == 404


def test_what_is_missing_gets_a_page_that_says_so(viewer: Served) -> None:
    status, headers, text = viewer.request("/no/such/page")
    assert (status, headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such page" in text


def test_pages_and_actions_have_paths_of_their_own(viewer: Served) -> None:
    assert PAGES
    assert len(create_app(viewer.viewing).routes) == 1 + len(PAGES) + len(ACTIONS)
    assert all(path.startswith("/") for path in [*PAGES, *ACTIONS])


def test_a_fault_of_our_own_gets_a_page_with_the_policy(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*_: object) -> None:
        raise ZeroDivisionError("<b>of ours</b>")

    monkeypatch.setitem(PAGES, "/problems", faulty)
    with serving(run) as served:
        status, headers, text = served.request("/problems")
    assert status == 500
    assert "ZeroDivisionError: &lt;b&gt;of ours" in text
    assert headers["content-security-policy"] == POLICY
