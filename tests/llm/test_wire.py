"""Responses as servers send them: what is read, and what is a failure."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.llm.failures import AttemptError
from stepsmith.llm.wire import Dialect, ResponseReader, model_names


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
        ({"prompt_tokens": "5"}, (5, 0, 0, 0)),
        ({"prompt_tokens": "5", "completion_tokens": "7"}, (5, 7, 0, 0)),
        ({"prompt_tokens": 5.0, "completion_tokens": None}, (5, 0, 0, 0)),
        ({"prompt_tokens": "five"}, None),
        ({"prompt_tokens": 5.5}, None),
        ({"completion_tokens": 5}, None),
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
        (b"<html>", "is not JSON: a web page$"),
        (b"<!DOCTYPE html><title>Sign in</title><p>Hello", r"is not JSON: a web page \(Sign in\)"),
        (b"<html><style>p {}</style><body><p>Bad <b>gateway</b></body>", r"a web page \(Bad gateway\)"),
        (b"upstream\nconnect error" + b"x" * 500, r"is not JSON: upstream connect errorx+…$"),
        (b"\xff\xfe", "is not JSON"),
        (b'{"error": ' + b"[" * 100_000, "is not JSON"),
        (b"[]", "another schema"),
        (b"null", "another schema"),
        (b'"text"', "another schema"),
        (b'{"choices": "x"}', "another schema"),
        (b'{"choices": [{"message": "hi"}]}', "another schema"),
        (b'{"status": "ok", "result": 4}', 'no choices: {"status": "ok", "result": 4}'),
        (b'{"choices": null}', "no choices"),
        (b'{"error": {"message": "overloaded", "type": "server_error"}}', "overloaded"),
        (b'{"error": {"error": {"message": "nested"}}}', "nested"),
        (b'[{"error": {"message": "listed"}}]', "listed"),
        (b'{"object": "error", "message": "bare"}', "bare"),
        (b'{"detail": "Method Not Allowed"}', "Method Not Allowed"),
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


@pytest.mark.parametrize(
    "data",
    [
        b'{"error": {"message": "slow down", "code": 429}}',
        b'{"error": {"message": "slow down", "code": "429"}}',
        b'{"error": {"message": "slow down", "type": "rate_limit", "status": 429}}',
        b'{"object": "error", "message": "slow down", "code": 429}',
        b'[{"error": {"message": "slow down", "code": 429}}]',
    ],
)
def test_an_error_inside_a_reply_counts_as_its_status(data: bytes) -> None:
    with pytest.raises(AttemptError, match="slow down") as caught:
        ResponseReader().body(data)
    assert (caught.value.status, caught.value.throttled, caught.value.billable) == (429, True, False)


def fed(*lines: bytes) -> ResponseReader:
    reader = ResponseReader()
    for line in lines:
        reader.event_line(line)
    return reader


OUT_OF_MEMORY = b'{"error": {"message": "out of memory", "code": 500}}'


@pytest.mark.parametrize(
    "lines",
    [
        [OUT_OF_MEMORY],
        [b'{"error": {"message":', b'  "out of memory", "code": 500}}', b""],
        [b"data: " + OUT_OF_MEMORY],
        [b"event: error", b'data: {"message": "out of memory", "code": 500}'],
        [b"event: error", b"data: " + OUT_OF_MEMORY],
    ],
)
def test_a_stream_that_is_one_error_says_it_and_costs_nothing(lines: list[bytes]) -> None:
    with pytest.raises(AttemptError, match="out of memory") as caught:
        fed(*lines).finish()
    assert (caught.value.status, caught.value.retryable, caught.value.billable) == (500, True, False)


def test_an_error_in_the_middle_of_an_answer_may_have_been_billed() -> None:
    reader = fed(*stream("half an answer", done=False, finished=False))
    with pytest.raises(AttemptError, match="out of memory") as caught:
        reader.event_line(b"data: " + OUT_OF_MEMORY)
    assert (caught.value.retryable, caught.value.billable) == (True, True)


def test_a_page_or_a_whole_reply_in_place_of_a_stream() -> None:
    with pytest.raises(AttemptError, match=r"is not JSON: a web page \(Portal\)"):
        fed(b"<html><head>", b"<title>Portal</title></head>").finish()
    assert fed(body()).finish().choices[0].text("content") == "hi"
    events = b"\n".join(stream("a", "b", done=True, finished=True))
    assert ResponseReader().body(events.replace(b": comment\nevent: x\n", b"")).choices[0].text("content") == "ab"


def test_odd_fields_do_not_spoil_a_reply() -> None:
    odd = {"index": None, "message": {"content": "hi", "tool_calls": None, "refusal": None}, "finish_reason": None}
    response = ResponseReader().body(body(choices=[odd], model=None, usage="none", error=None, id=7))
    assert response.choices[0].text("content") == "hi"
    assert (response.usage, response.model) == (None, "")
    empty = {"message": {"content": None}, "finish_reason": "length"}
    (choice,) = ResponseReader().body(body(choices=[empty])).choices
    assert (choice.text("content"), choice.finish_reason) == ("", "length")


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b'{"object": "list", "data": [{"id": "b"}, {"id": "a"}, {"id": "b"}]}', ["a", "b"]),
        (b'[{"id": "m"}]', ["m"]),  # Together
        (b'{"models": [{"name": "m"}]}', ["m"]),
        (b'{"data": [{"id": 5}, {"id": ""}, "x", null, {}]}', []),
        (b'{"object": "list", "data": null}', []),
        (b"null", []),
        (b"{}", []),
        (b"[]", []),
        (b"5", []),
    ],
)
def test_lists_of_models_in_every_known_form(data: bytes, names: list[str]) -> None:
    assert model_names(data) == names


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html>sign in</html>", r"not JSON: a web page \(sign in\)"),
        (b"", "is not JSON$"),
        (b"ok", "not JSON: ok"),
        (b'{"error": {"message": "no"}}', "no"),
    ],
)
def test_what_is_no_list_of_models_is_quoted(data: bytes, words: str) -> None:
    with pytest.raises(AttemptError, match=words):
        model_names(data)


REFUSALS = [
    (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        True,
    ),
    ("max_tokens is unsupported, use max_completion_tokens", True),
    (
        "'max_tokens' or 'max_completion_tokens' is too large: 16384. This model's maximum context length is 4096.",
        False,
    ),
    ("max_completion_tokens: must be at most 4096", False),
]


@pytest.mark.parametrize(("words", "learnt"), REFUSALS)
def test_only_a_request_for_the_other_field_changes_the_field(words: str, learnt: bool) -> None:
    dialect = Dialect(n=None)
    assert dialect.learn(AttemptError(words, status=400)) is learnt
    assert dialect.max_tokens_field == ("max_completion_tokens" if learnt else "max_tokens")


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
