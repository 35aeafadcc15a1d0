"""Forms: what is read, and how much."""

import asyncio

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from stepsmith.view.forms import MOST_FORM_BYTES, read_form


def read(body: bytes) -> dict[str, str]:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    return asyncio.run(read_form(Request({"type": "http", "method": "POST", "headers": []}, receive)))


def test_fields_are_read_with_empty_ones_and_odd_bytes() -> None:
    assert read(b"a=1+2&b=&c=%0A%FF") == {"a": "1 2", "b": "", "c": "\n\ufffd"}


def test_a_form_that_is_too_large_is_refused() -> None:
    with pytest.raises(HTTPException, match="too large"):
        read(b"a=" + b"x" * MOST_FORM_BYTES)
