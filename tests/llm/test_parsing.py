"""Structured answers: forgiven, read, or refused with a reason and the raw text."""

import json
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.llm.parsing import ParseFailure, ask, parse_code, parse_json, parse_section, sections
from stepsmith.llm.records import Message, Sampling


class Feature(msgspec.Struct):
    name: str
    count: int = 1
    tags: list[str] = []


WANTED = Feature("two pointers", 3, ["array", "a, b]", 'say "x"'])
TEXT = json.dumps(msgspec.to_builtins(WANTED))
PRETTY = json.dumps(msgspec.to_builtins(WANTED), indent=2)
TRAILING = PRETTY.replace("\n}", ",\n}").replace("\n  ]", ",\n  ]")


@pytest.mark.parametrize(
    "reply",
    [
        TEXT,
        f"```json\n{PRETTY}\n```",
        f"```\n{PRETTY}\n```",
        f"````json\n{PRETTY}\n````\nDone.",
        f"Sure! Here it is: {TEXT} Hope that helps [1].",
        f"The form is {{name, count}}. So:\n{PRETTY}",
        f'<think>{{"name": "draft", "count": 9}}</think>{TEXT}',
        f'First try: {{"name": "draft"}}. Better: {TEXT}',
        f"```json\n{TRAILING}\n```",
        f"So: {TRAILING}.",
        f"```jsonc\n{PRETTY.replace('{', '{ // the feature', 1)}\n```",
        f"/* a */ {TEXT.replace('3,', '3, /* three, */')}",
        TEXT.replace("3", '"3"'),
        TEXT.replace("}", ', "unknown": null}'),
        f"```python\n{msgspec.to_builtins(WANTED)!r}\n```",
        f"```json\n{TEXT[:-5]}\n```\nSorry, again:\n```json\n{TEXT}\n```",
        f"For x in [0, n) and {{y: {TEXT}",
        f"{'[1]' * 100} {TEXT}",
        f"```text\nnot this\n```\n{TEXT}",
    ],
)
def test_what_is_around_and_small_slips_are_forgiven(reply: str) -> None:
    assert parse_json(reply, Feature) == WANTED


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "no-json"),
        ("I would rather not.", "no-json"),
        (TEXT[:-1], "no-json"),
        (f"```json\n{PRETTY[:-8]}", "no-json"),
        (f"<think>{TEXT}", "no-json"),
        (f'{{"features": [{TEXT}, {{"name": "cut', "no-json"),
        (f'[{TEXT}, {{"name"', "no-json"),
        ('{"name": 5}', "wrong-schema"),
        ('{"count": 5}', "wrong-schema"),
        ('{"name": "a", "count": "many"}', "wrong-schema"),
        ("{}", "wrong-schema"),
        ("{" * 100_000, "no-json"),
        ("[" * 5000 + "]" * 5000, "no-json"),
    ],
)
def test_what_is_missing_is_not_made_up(reply: str, reason: str) -> None:
    failure = parse_json(reply, Feature)
    assert isinstance(failure, ParseFailure)
    assert (failure.reason, failure.raw) == (reason, reply)
    assert failure.detail


def test_a_list_is_found_in_prose() -> None:
    assert parse_json("Inputs: [1, [2, 3],] as asked", list[int | list[int]]) == [1, [2, 3]]


def test_programs_sent_with_bare_line_breaks_are_read() -> None:
    assert parse_json('{"name": "def f():\n    return 1"}', Feature) == Feature("def f():\n    return 1")


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.builds(Feature, name=words, count=st.integers(-100, 100), tags=st.lists(words, max_size=3))


@given(values, st.text("abc .,\n", max_size=30), st.sampled_from([None, 2]), st.booleans())
def test_any_value_survives_prose_and_fences(value: Feature, prose: str, indent: int | None, fence: bool) -> None:
    text = json.dumps(msgspec.to_builtins(value), indent=indent, ensure_ascii=False)
    text = f"~~~~~~json\n{text}\n~~~~~~" if fence and "~~~~~~" not in text else text
    assert parse_json(f"{prose}\n{text}\n{prose}", Feature) == value


@given(st.text(st.sampled_from('{}[]",:\\ \n/*-1aNT'), max_size=200))
def test_nothing_raises(text: str) -> None:
    parsed = parse_json(text, Feature)
    assert isinstance(parsed, Feature | ParseFailure)


@pytest.mark.parametrize("piece", ["{", "[]", '"', "{}", '{"a":', "//", "/*", ",]", "\\", "-", "["])
def test_hostile_text_is_refused_in_time(piece: str) -> None:
    started = time.process_time()
    parse_json(piece * (200_000 // len(piece)), Feature)
    assert time.process_time() - started < 5


def test_code_is_the_last_complete_block() -> None:
    assert parse_code("```python\na\n```\nor better\n```python\nb\n```", "python") == "b"
    assert parse_code("```\na\n```", "python") == "a"
    for reply in ("```python\na", "<think>```python\na\n```</think>", "```python\n\n```", "no", "```rust\na\n```"):
        failure = parse_code(reply, "python", "py")
        assert isinstance(failure, ParseFailure)
        assert failure.reason == "no-code"
        assert "python or py" in failure.detail


def test_sections_are_fenced_or_marked() -> None:
    reply = "```python\nf\n```\n```input\n1, 2\n```\n```input\n[3],\n```\n```message\nSums.\n```\n```input\ncut"
    assert sections(reply, "input") == ["1, 2", "[3],"]
    assert parse_section(reply, "message") == "Sums."
    marked = "<think><message>draft</message></think><message> Sums. </message> <message>cut"
    assert sections(marked, "message") == ["Sums."]
    failure = parse_section("```message\n\n```", "message")
    assert isinstance(failure, ParseFailure)
    assert failure.reason == "no-message"


class Scripted:
    """A model that says what it was given, in order."""

    def __init__(self, *replies: str) -> None:
        self.replies = list(replies)
        self.heard: list[tuple[list[Message], str]] = []

    def complete(
        self, messages: list[Message], n: int = 1, sampling: Sampling | None = None, purpose: str = ""
    ) -> list[ModelOutput]:
        self.heard.append((list(messages), purpose))
        return [ModelOutput(content=self.replies.pop(0), finish_reason="stop", model="m", sample=0, usage=Usage())]


def read(text: str) -> Feature | ParseFailure:
    return parse_json(text, Feature)


def test_an_unreadable_answer_is_repaired_once() -> None:
    question = [Message(role="user", content="q")]
    model = Scripted("<think>hm</think>oops", TEXT)
    assert ask(model, question, read, lambda failure: f"again: {failure.reason}", purpose="extract") == WANTED
    (first, stage), (second, repair_stage) = model.heard
    assert (stage, repair_stage) == ("extract", "extract, repair")
    assert second == [*first, Message(role="assistant", content="oops"), Message(role="user", content="again: no-json")]
    good = Scripted(TEXT)
    assert ask(good, question, read, lambda failure: "") == WANTED
    assert good.replies == []
    twice = ask(Scripted("oops", "<think>x</think>still"), question, read, lambda failure: "again")
    assert isinstance(twice, ParseFailure)
    assert twice.raw == "<think>x</think>still"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('```json\n[{"size": "large", "input": [[1, 2] * 100, [1]]}]\n```', "[1, 2] * 100"),
        ('```json\n[{"size": "edge", "input": [10**9]}]\n```', "10**9"),
        ('```json\n[\n  {"a": 1},\n  {"a": [1, 2, ...]}\n]\n```', "line 3"),
        ("I would rather not.", "no complete JSON object or array"),
    ],
)
def test_a_refusal_shows_where_the_json_ends(text: str, words: str) -> None:
    found = parse_json(text, list[dict[str, object]])
    assert isinstance(found, ParseFailure)
    assert words in found.detail


def test_a_reply_that_was_cut_off_is_not_repaired() -> None:
    class CutOff(Scripted):
        def complete(
            self, messages: list[Message], n: int = 1, sampling: Sampling | None = None, purpose: str = ""
        ) -> list[ModelOutput]:
            (output,) = super().complete(messages, n, sampling, purpose)
            usage = Usage(completion_tokens=4096)
            return [msgspec.structs.replace(output, finish_reason="length", usage=usage)]

    question = [Message(role="user", content="q")]
    for content in ("", "<think>and so on", TEXT[:20]):  # null content is ""
        model = CutOff(content, TEXT)
        failure = ask(model, question, read, lambda failure: "again")
        assert isinstance(failure, ParseFailure)
        assert (failure.reason, failure.raw) == ("cut-off", content)
        assert "cut off after 4096 tokens" in failure.detail
        assert len(model.heard) == 1
    assert ask(CutOff(TEXT), question, read, lambda failure: "") == WANTED  # all that matters had arrived
