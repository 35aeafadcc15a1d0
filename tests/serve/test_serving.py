"""What all APIs share: bodies become requests, and limits are those that the server allows."""

import asyncio
import json
import math

import msgspec
import pytest

from stepsmith.serve.serving import LARGE_BODY, InvalidRequestError, bounded, decode, problem


class Named(msgspec.Struct):
    name: str


@pytest.mark.parametrize("size", [1, LARGE_BODY + 1])
def test_a_body_is_read_and_converted(size: int) -> None:
    body = msgspec.json.encode(Named(name="x" * size))
    assert asyncio.run(decode(body, Named)) == Named(name="x" * size)
    assert asyncio.run(decode(body, Named, lambda request: len(request.name))) == size


@pytest.mark.parametrize(("body", "reason"), [(b"{", "truncated"), (b'{"name": 1}', r"\$\.name"), (b"{}", "name")])
def test_a_wrong_body_is_a_wrong_request(body: bytes, reason: str) -> None:
    with pytest.raises(InvalidRequestError, match=reason) as raised:
        asyncio.run(decode(body, Named))
    assert raised.value.status == 422


@pytest.mark.parametrize("value", [0.0, -1.0, 10.5, math.inf, math.nan])
def test_limits_beyond_the_server_s_are_refused(value: float) -> None:
    with pytest.raises(InvalidRequestError, match="seconds must be above 0 and at most 10"):
        bounded(value, 1.0, 10.0, "seconds")


def test_limits_and_their_defaults() -> None:
    assert bounded(None, 1.0, 10.0, "seconds") == 1.0
    assert bounded(10.0, 1.0, 10.0, "seconds") == 10.0


def test_a_problem_is_said_under_every_client_s_name_for_it() -> None:
    reply = problem(429, "full", 7)
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "7")
    assert json.loads(bytes(reply.body)) == {"message": "full", "detail": "full"}
