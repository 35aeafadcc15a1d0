"""Server-sent events: a page follows what changes on disk for as long as it is looked at."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse

from stepsmith.core.errors import StepsmithError

MOST_STREAMS = 32  # pages that are followed at once
LONGEST_S = 1800.0  # of one stream; the browser then asks again
BREATH_S = 15.0  # without news for so long, a comment keeps the connection open

Snapshot = Callable[[], Mapping[str, str]]  # event -> its data; an event is sent when its data has changed


class Streams:
    """The streams of one viewer. ``stop`` ends them all, so that the server need not wait for them."""

    def __init__(self) -> None:
        self.open = 0
        self._stopping = False

    def stop(self) -> None:
        """End all streams."""
        self._stopping = True

    def follow(self, snapshot: Snapshot, every_s: float) -> Response:
        """Answer with what ``snapshot`` returns, again and again; it runs in a thread.

        An error of ours is sent as the event ``trouble``. Raises ``HTTPException`` (503) if too many pages are open.
        """
        if self.open >= MOST_STREAMS:
            raise HTTPException(503, f"{MOST_STREAMS} pages are followed already. Close some of them.")
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._events(snapshot, every_s), media_type="text/event-stream", headers=headers)

    async def _events(self, snapshot: Snapshot, every_s: float) -> AsyncIterator[str]:
        self.open += 1
        try:
            sent: dict[str, str] = {}
            began = spoke = time.monotonic()
            while not self._stopping and time.monotonic() - began < LONGEST_S:
                try:
                    found: Mapping[str, str] = await run_in_threadpool(snapshot)
                except (StepsmithError, OSError) as error:
                    found = {"trouble": str(error)}
                news = [event_text(name, data) for name, data in found.items() if sent.get(name) != data]
                sent = dict(found)
                if not news and time.monotonic() - spoke > BREATH_S:
                    news = [": still here\n\n"]
                if news:
                    spoke = time.monotonic()
                    yield "".join(news)
                wake = time.monotonic() + every_s
                while not self._stopping and (left := wake - time.monotonic()) > 0:
                    await asyncio.sleep(min(left, 0.25))
        finally:
            self.open -= 1


def event_text(name: str, data: str) -> str:
    """Return one event in the form of the standard (HTML, section 9.2)."""
    lines = data.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"
