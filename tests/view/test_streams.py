"""Server-sent events: what is sent, when, and when a stream ends."""

import asyncio
from collections.abc import Iterator

import pytest
from starlette.exceptions import HTTPException

from stepsmith.core.errors import RunFolderError
from stepsmith.view.streams import MOST_STREAMS, Streams, event_text


def followed(streams: Streams, snapshots: Iterator[dict[str, str] | Exception]) -> list[str]:
    """What is sent until ``snapshots`` has no more."""

    def snapshot() -> dict[str, str]:
        found = next(snapshots, None)
        if found is None:
            streams.stop()
            return {}
        if isinstance(found, Exception):
            raise found
        return found

    async def read() -> list[str]:
        return [text async for text in streams.follow(snapshot, 0.0).body_iterator]

    return asyncio.run(read())


def test_an_event_is_sent_when_its_data_changes() -> None:
    sent = followed(Streams(), iter([{"a": "1", "b": "2"}, {"a": "1", "b": "2"}, {"a": "1", "b": "3"}]))
    assert sent == ["event: a\ndata: 1\n\nevent: b\ndata: 2\n\n", "event: b\ndata: 3\n\n"]


def test_trouble_is_told_and_the_stream_goes_on() -> None:
    sent = followed(Streams(), iter([{"a": "1"}, RunFolderError("it is gone"), {"a": "1"}]))
    assert sent == ["event: a\ndata: 1\n\n", "event: trouble\ndata: it is gone\n\n", "event: a\ndata: 1\n\n"]


def test_lines_of_data_cannot_become_fields_or_events() -> None:
    assert event_text("a", "x\n\nevent: b\rdata: y") == "event: a\ndata: x\ndata: \ndata: event: b\ndata: data: y\n\n"


def test_streams_are_bounded_and_counted_off_at_their_end() -> None:
    streams = Streams()
    streams.open = MOST_STREAMS
    with pytest.raises(HTTPException, match="Close some"):
        streams.follow(dict, 1.0)
    streams.open = 0
    followed(streams, iter([{"a": "1"}]))
    assert streams.open == 0
