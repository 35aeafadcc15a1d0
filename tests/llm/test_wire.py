"""Replies as servers send them, and failures: what is read, what is retried, what is said."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.llm.failures import QUOTED, AttemptError, quoted, retry_after
from stepsmith.llm.wire import ResponseReader


def body(**changes: object) -> bytes:
    return json.dumps({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}], **changes}).encode()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 7}, (5, 7, 0, 0)),
        ({"prompt_tokens": 5, "completion_tokens": 7, "prompt_tokens_details": None}, (5, 7, 0, 0)),
        (
            {
                "prompt_tokens": 5,
                "completion_tokens": 7,
                "total_tokens": 12,
                "prompt_tokens_details": {"cached_tokens": 2},
                "completion_tokens_details": {"reasoning_tokens": 3},
            },
            (5, 7, 2, 3),
        ),
        (  # reasoning counted beside the completion
            {
                "prompt_tokens": 5,
                "completion_tokens": 7,
                "total_tokens": 112,
                "completion_tokens_details": {"reasoning_tokens": 100},
            },
            (5, 107, 0, 100),
        ),
        ({"prompt_tokens": 5, "completion_tokens": 7, "prompt_cache_hit_tokens": 4}, (5, 7, 4, 0)),
        ({"prompt_tokens": -1, "completion_tokens": 7}, None),
        ({"prompt_tokens": 5, "completion_tokens": -7}, None),
        ({"prompt_tokens": "5"}, None),
        ({"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}}, None),
        (7, None),
        (None, None),
    ],
)
def test_usage_is_read_in_every_known_form_and_nonsense_is_none(
    usage: object, expected: tuple[int, int, int, int] | None
) -> None:
    read = ResponseReader().body(body(usage=usage)).usage
    found = read and (read.prompt_tokens, read.completion_tokens, read.cached_tokens, read.reasoning_tokens)
    assert found == expected


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is not JSON"),
        (b"<html>", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        (b'{"error": ' + b"[" * 100_000, "is not JSON"),
        (b"[]", "another schema"),
        (b'{"choices": "x"}', "another schema"),
        (b"{}", "no choices"),
        (b'{"choices": []}', "no choices"),
        (b'{"error": "down"}', "down"),
    ],
)
def test_what_is_no_reply_fails_and_may_have_been_billed(data: bytes, words: str) -> None:
    with pytest.raises(AttemptError, match=words) as caught:
        ResponseReader().body(data)
    assert caught.value.retryable
    assert caught.value.billable
    assert not caught.value.overload


def test_an_error_inside_a_reply_counts_as_its_status() -> None:
    with pytest.raises(AttemptError, match="slow down") as caught:
        ResponseReader().body(b'{"error": {"message": "slow down", "code": 429}}')
    assert (caught.value.status, caught.value.throttled, caught.value.billable) == (429, True, False)


def stream(*deltas: str, done: bool, finished: bool) -> list[bytes]:
    events = [{"choices": [{"index": 0, "delta": {"content": delta}}]} for delta in deltas]
    if finished:
        events.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]})
    lines = [b"data: " + json.dumps(event).encode() for event in events]
    return [b": comment", b"event: x", *lines, *([b"data: [DONE]"] if done else [])]


@given(st.lists(st.text(), min_size=1), st.sampled_from([(True, True), (True, False), (False, True)]), st.data())
def test_a_stream_is_whole_with_a_reason_or_a_done_and_cut_without(
    deltas: list[str], ends: tuple[bool, bool], data: st.DataObject
) -> None:
    done, finished = ends
    lines = stream(*deltas, done=done, finished=finished)
    reader = ResponseReader()
    for line in lines:
        reader.event_line(line + b"\r")
    (choice,) = reader.finish().choices
    assert choice.text("content") == "".join(deltas)
    assert choice.finish_reason == ("length" if finished else None)
    cut = ResponseReader()
    for line in lines[: data.draw(st.integers(0, 2 + len(deltas)))]:
        cut.event_line(line)
    with pytest.raises(AttemptError, match="middle"):
        cut.finish()


def test_choices_that_are_all_numbered_zero_are_told_apart() -> None:
    choices = [{"index": 0, "message": {"content": text}, "finish_reason": "stop"} for text in "ab"]
    assert [choice.text("content") for choice in ResponseReader().body(body(choices=choices)).choices] == ["a", "b"]


def test_reasoning_is_found_in_its_known_places() -> None:
    for name in ("reasoning_content", "reasoning"):
        message = {"content": "a", name: "why", "reasoning_details": [{"x": 1}]}
        (choice,) = ResponseReader().body(body(choices=[{"message": message}])).choices
        assert (choice.text("reasoning"), choice.text("content")) == ("why", "a")


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


@given(st.text(), st.text("abcdef", min_size=12, max_size=30))
def test_a_quoted_message_is_one_short_line_without_the_key(text: str, secret: str) -> None:
    line = quoted(f"{text}{secret}\n{text * 50}{secret}", secret)
    assert len(line) <= QUOTED + 1
    assert "\n" not in line
    assert secret not in line
