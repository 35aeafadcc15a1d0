"""A viewer on a free loopback port, and a browser page that remembers every fault and every foreign request.

``viewer`` shows a small made run (``tests.report.runs``), once for all tests of a module; ``serving(folder)`` shows any
other. ``watched.open(path)`` opens a page; a test that ends with a fault in the page fails.
"""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("duckdb")

from stepsmith.serve.server import listen
from stepsmith.view.server import make_viewer
from stepsmith.view.settings import view_settings
from stepsmith.view.viewing import Viewing
from tests.browsers import WatchedPage, chromium
from tests.report.runs import make_run


@dataclass
class Served:
    """A viewer that runs; ``request`` speaks plain HTTP to it."""

    port: int
    viewing: Viewing

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def request(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            reply = connection.getresponse()
            text = reply.read().decode("utf-8", "replace")
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, text
        finally:
            connection.close()


@contextmanager
def serving(*places: Path, token: str | None = None, host: str = "127.0.0.1") -> Iterator[Served]:
    settings = view_settings(places, host, 0, token)
    viewing = Viewing(settings)
    with listen(settings.listening) as listener:
        server = make_viewer(viewing)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        viewing.library.current(20)
        yield Served(listener.getsockname()[1], viewing)
        server.should_exit = True
        thread.join(10)
    viewing.close()


@pytest.fixture(autouse=True, scope="session")
def _cache_apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEPSMITH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("view") / "first")


@pytest.fixture(scope="module")
def viewer(run: Path) -> Iterator[Served]:
    with serving(run) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with chromium() as browser:
        yield browser


class Watched(WatchedPage):
    """A page on the viewer; ``verify`` fails on any fault and on any request to elsewhere."""

    def __init__(self, context, base: str) -> None:
        super().__init__(context)
        self.base = base

    def open(self, path: str):
        self.page.goto(self.base + path)
        return self.page

    def verify(self) -> None:
        assert self.faults == []
        assert [url for url in self.requests if not url.startswith((self.base, "data:", "blob:"))] == []


@pytest.fixture
def watched(browser, viewer: Served) -> Iterator[Watched]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce")
    page = Watched(context, viewer.url)
    yield page
    context.close()
    page.verify()
