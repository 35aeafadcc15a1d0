"""Parse structured answers of models. Text around an answer is ignored, but nothing that is missing is guessed.

A completion that cannot be parsed gives a ``ParseFailure`` with the reason and the raw text, not an exception. A block
or an object that was cut off counts as missing.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import msgspec

from stepsmith.core.answers import code_blocks, last_code_block, strip_reasoning
from stepsmith.core.integers import long_integers
from stepsmith.core.model_outputs import ModelOutput
from stepsmith.core.records import Record
from stepsmith.llm.protocol import LLM, Witness
from stepsmith.llm.records import Message, Sampling

_T = TypeVar("_T")

CUT_OFF = "cut-off"  # the reason of a ``ParseFailure`` for a completion that ended at max_tokens
LONGEST_JSON = 2**18  # characters; longer candidates are not tried
MOST_STRAY = 20  # the search for JSON ends after so many brackets that do not begin any
_JSON_TAGS = ("json", "json5", "jsonc", "")
_STRING = r'"(?:[^"\\]|\\.)*"'
_COMMENT_OR_STRING = re.compile(rf"{_STRING}|//[^\n]*|/\*.*?\*/", re.DOTALL)
_COMMA_OR_STRING = re.compile(rf"{_STRING}|,(?=\s*[\]}}])", re.DOTALL)
_OPENING = re.compile(r"[{\[]")
_BEGINS_JSON = re.compile(r"""\{\s*["']|\[\s*["'\[{]""")
_TOKEN = re.compile(rf"{_STRING}|[{{}}\[\]]", re.DOTALL)
_UNKNOWN_ESCAPE = re.compile(r"""\\[^\n\\'"abfnrtvxuUN0]""")


class ParseFailure(Record, frozen=True, kw_only=True):
    """Why a completion could not be used. ``reason`` is a short word: "no-code", "no-json", "wrong-schema", ..."""

    reason: str
    detail: str
    raw: str  # the whole completion, including the reasoning


def parse_code(text: str, *languages: str) -> str | ParseFailure:
    """Return the last complete code block after the reasoning, tagged with one of ``languages`` or untagged."""
    code = last_code_block(text, languages or None)
    if code is None or not code.strip():
        wanted = f" tagged {' or '.join(languages)}" if languages else ""
        return ParseFailure(reason="no-code", detail=f"no complete code block{wanted} after the reasoning", raw=text)
    return code


def parse_section(text: str, name: str) -> str | ParseFailure:
    """Return the last section called ``name``; see ``sections``."""
    found = [body for body in sections(text, name) if body]
    if not found:
        return ParseFailure(reason=f"no-{name}", detail=f"no complete {name} block after the reasoning", raw=text)
    return found[-1]


def sections(text: str, name: str) -> list[str]:
    """Return the complete sections called ``name`` in order, stripped.

    These are the fenced blocks with that tag or, where there are none, the elements ``<name>…</name>``.
    """
    answer = strip_reasoning(text)
    fenced = [block.code.strip() for block in code_blocks(answer) if block.language == name]
    opened = answer.split(f"<{name}>")[1:]
    return fenced or [part.partition(f"</{name}>")[0].strip() for part in opened if f"</{name}>" in part]


def parse_json(text: str, schema: type[_T]) -> _T | ParseFailure:
    """Return the last JSON value of the answer that fits ``schema``.

    It may be in a fenced block or anywhere in the prose. Trailing commas, comments and Python literals are accepted. A
    number in quotes is a number if ``schema`` asks for one. Unknown fields are ignored unless ``schema`` forbids them.
    """
    answer = strip_reasoning(text)
    mismatch = ""
    for candidate in _json_candidates(answer):
        for read in (_strict, _relaxed, _python):
            try:
                value = read(candidate)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                continue
            try:
                return msgspec.convert(value, schema, strict=False)
            except msgspec.ValidationError as error:
                mismatch = mismatch or str(error)
            break
    if mismatch:
        return ParseFailure(reason="wrong-schema", detail=mismatch, raw=text)
    return ParseFailure(reason="no-json", detail=_why_no_json(answer), raw=text)


def ask(
    llm: LLM,
    messages: Sequence[Message],
    parse: Callable[[str], _T | ParseFailure],
    repair: Callable[[ParseFailure], str],
    *,
    sampling: Sampling | None = None,
    purpose: str = "",
    repairs: int = 1,
) -> _T | ParseFailure:
    """Ask for one answer and parse it. If that fails, show the model its completion with the message of ``repair``.

    Each reason is repaired at most once, and at most ``repairs`` in all. Returns the parsed answer, or the failure of
    the last completion. A completion that was cut off at ``max_tokens`` fails as "cut-off" and is not repaired, because
    the next one would be cut off, too.
    """
    conversation, stage = list(messages), purpose
    sent_back: set[str] = set()
    while True:
        (reply,) = llm.complete(conversation, 1, sampling, stage)
        parsed = _read(reply, parse)
        if isinstance(llm, Witness):
            llm.understood(parsed)
        if not isinstance(parsed, ParseFailure) or parsed.reason == CUT_OFF:
            return parsed
        if len(sent_back) >= repairs or parsed.reason in sent_back:
            return parsed
        sent_back.add(parsed.reason)
        stage = f"{purpose}, repair" if purpose else "repair"
        conversation = [
            *messages,
            Message(role="assistant", content=reply.text or "(no answer)"),
            Message(role="user", content=repair(parsed)),
        ]


def _read(output: ModelOutput, parse: Callable[[str], _T | ParseFailure]) -> _T | ParseFailure:
    parsed = parse(output.content)
    if not isinstance(parsed, ParseFailure) or output.finish_reason != "length":
        return parsed
    count = output.usage.completion_tokens
    tokens = f"after {count} tokens" if count else "at the limit of tokens"
    detail = f"the completion was cut off {tokens}, before it was complete; raise sampling.max_tokens"
    return ParseFailure(reason=CUT_OFF, detail=detail, raw=output.content)


def _json_candidates(answer: str) -> Iterator[str]:
    """Yield texts that may be the JSON, the likeliest first: whole blocks, the whole answer, then balanced pieces."""
    blocks = code_blocks(answer)
    blocks.sort(key=lambda block: block.language in _JSON_TAGS)  # stable: the last JSON block comes last
    wholes = [block.code for block in reversed(blocks)] + [answer]
    yield from (whole for whole in wholes if len(whole) <= LONGEST_JSON)
    for whole in wholes:
        yield from reversed(list(_balanced(whole)))


def _balanced(text: str) -> Iterator[str]:
    """Yield the outermost pieces of prose in brackets; brackets inside strings are ignored.

    Text after an object or array that was cut off counts as part of it. A bracket that begins neither, as in [0, n), is
    skipped.
    """
    position, passed = 0, 0
    while passed < MOST_STRAY and (start := _OPENING.search(text, position)):
        depth = 0
        for piece in _TOKEN.finditer(text, start.start(), start.start() + LONGEST_JSON):
            depth += (piece[0] in "{[") - (piece[0] in "}]")
            if depth == 0:
                yield text[start.start() : piece.end()]
                position = piece.end()
                break
        else:
            if _BEGINS_JSON.match(text, start.start()):
                return
            position, passed = start.end(), passed + 1


def _why_no_json(answer: str) -> str:
    """Return why no JSON was found: there is none, or at which place a text stops being JSON."""
    for block in _json_candidates(answer):
        if block.lstrip()[:1] in ("{", "["):
            try:
                _relaxed(block)
            except json.JSONDecodeError as error:
                place = " ".join(error.doc[max(0, error.pos - 40) : error.pos + 20].split())
                return f"it stops being JSON in line {error.lineno}, at {place!r} ({error.msg}); write every value out"
            except (ValueError, RecursionError):
                continue
    return "no complete JSON object or array after the reasoning"


@long_integers()
def _strict(text: str) -> object:
    return json.loads(text)


@long_integers()
def _relaxed(text: str) -> object:
    text = _COMMENT_OR_STRING.sub(lambda match: match[0] if match[0].startswith('"') else " ", text)
    text = _COMMA_OR_STRING.sub(lambda match: match[0] if match[0].startswith('"') else "", text)
    return json.loads(text, strict=False)  # allow line breaks inside strings, as models often write programs


@long_integers()
def _python(text: str) -> object:
    if text.lstrip()[:1] not in ("{", "[", "(") or _UNKNOWN_ESCAPE.search(text):
        raise ValueError("not a literal, or one that Python would warn about")
    value = ast.literal_eval(text.strip())
    try:
        json.dumps(value)
    except TypeError as error:  # `...` and the like, which JSON does not have
        raise ValueError(str(error)) from None
    return value
