"""Failures of requests: which are retried, which may have been billed, and what is said about them."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.llm.failures import EXCERPT, QUOTED, AttemptError, excerpt, give_up, quoted, retry_after
from stepsmith.llm.records import ModelSpec

SPEC = ModelSpec(name="t", base_url="http://localhost/v1", model="m", key_env="KEY")


@pytest.mark.parametrize(
    ("failure", "retryable", "overload", "billable"),
    [
        (AttemptError("x", status=400), False, False, False),
        (AttemptError("x", status=408), True, True, False),
        (AttemptError("x", status=429), True, True, False),
        (AttemptError("x", status=429, code="insufficient_quota"), False, True, False),
        (AttemptError("x", status=500), True, True, False),
        (AttemptError("x", status=501), False, True, False),
        (AttemptError("x", status=503, retry_after_s=1.0), True, True, False),
        (AttemptError("time-out"), True, True, True),
        (AttemptError("no connection", sent=False), True, True, False),
        (AttemptError("not JSON", spoiled=True), True, False, True),
    ],
)
def test_what_follows_from_a_failure(failure: AttemptError, retryable: bool, overload: bool, billable: bool) -> None:
    assert (failure.retryable, failure.overload, failure.billable) == (retryable, overload, billable)


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (AttemptError("HTTP 401: no", status=401),
         "t: HTTP 401: no. The key in $KEY is not accepted, or it may not use 'm'."),
        (AttemptError("HTTP 404: no.", status=404),
         "t: HTTP 404: no. Check base_url (it usually ends with /v1) and model in [models.t]; asked for 'm'."),
        (AttemptError("x", code="insufficient_quota", status=429), "t: x. The account has no credit left; add some."),
        (AttemptError("the connection broke: ReadError"),
         "t: the connection broke: ReadError. Gave up after 8 tries; every answer that arrived is kept."),
    ],
)  # fmt: skip
def test_giving_up_says_what_to_do_without_doubled_full_stops(failure: AttemptError, said: str) -> None:
    assert str(give_up(failure, SPEC, "8 tries")) == said


def test_retry_after_is_read_as_the_standard_has_it() -> None:
    now = datetime(2024, 5, 1, 12, 0, 0, tzinfo=UTC)
    assert retry_after("7") == 7.0
    assert retry_after("0.25") == 0.25
    assert retry_after("-3") == 0.0
    assert retry_after(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90.0
    assert retry_after(format_datetime(now - timedelta(seconds=90), usegmt=True), now) == 0.0
    assert retry_after("Wed, 01 May 2024 12:00:05", now) == 5.0
    for nonsense in (None, "", "soon", "nan", "inf", "Wed, 99 May"):
        assert retry_after(nonsense, now) is None


@given(st.text())
def test_a_quoted_message_is_one_short_line(text: str) -> None:
    line = quoted(f"{text}\n{text * 50}")
    assert len(line) <= QUOTED + 1
    assert "\n" not in line


@given(st.binary(max_size=500))
def test_an_excerpt_of_anything_is_one_short_line(data: bytes) -> None:
    line = excerpt(data * 10)
    assert len(line) <= EXCERPT + len("a web page ()") + 1
    assert line.isprintable()
