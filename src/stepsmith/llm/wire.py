"""The OpenAI chat-completions format: build request bodies, read responses, whole or streamed. No network here.

Servers differ. This module reads what they have in common, and the known variants for reasoning (``reasoning_content``
of DeepSeek, vLLM and SGLang, ``reasoning`` of OpenRouter, content parts of Mistral), for usage and for errors.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from stepsmith.core.model_outputs import Usage
from stepsmith.llm.failures import AttemptError, excerpt
from stepsmith.llm.records import Message, ModelSpec, Sampling

MAX_OUTPUT = 10 * 2**20  # most characters of one sample; the rest is dropped, and the sample counts as truncated


Kind = Literal["content", "reasoning", "refusal"]
# A message about a limit must not match: "'max_tokens' or 'max_completion_tokens' is too large" (vLLM).
_WANTS_OTHER_FIELD = re.compile(r"(?:\buse|\binstead|not supported|unsupported)\b.*max_completion_tokens", re.I | re.S)


class Choice:
    """One sample of a response; a streamed one grows as it arrives."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.size = 0  # characters received
        self._texts: dict[Kind, list[str]] = {}

    def add(self, kind: Kind, text: str) -> None:
        """Append text, up to ``MAX_OUTPUT`` in total."""
        room = MAX_OUTPUT - self.size
        if text and room > 0:
            self._texts.setdefault(kind, []).append(text[:room])
        self.size += len(text)

    @property
    def whole(self) -> bool:
        """True if nothing was dropped."""
        return self.size <= MAX_OUTPUT

    def text(self, kind: Kind) -> str:
        """Return the text of one kind that has arrived."""
        return "".join(self._texts.get(kind, ()))


@dataclass(frozen=True)
class ChatResponse:
    """A server's response to one request."""

    choices: list[Choice]
    usage: Usage | None  # None: the server did not report it
    model: str


@dataclass
class Dialect:
    """Which form of request an endpoint accepts; it is learnt from refusals."""

    n: bool | None  # several samples in one request
    max_tokens_field: str = "max_tokens"
    stream_usage: bool = True  # stream_options.include_usage

    def learn(self, failure: AttemptError) -> bool:
        """Adapt to a refusal that names a field. Returns True when the request should be repeated in the new form."""
        text = str(failure)
        if self.max_tokens_field == "max_tokens" and _WANTS_OTHER_FIELD.search(text):
            self.max_tokens_field = "max_completion_tokens"
            return True
        if self.stream_usage and ("stream_options" in text or "include_usage" in text):
            self.stream_usage = False
            return True
        return False


def request_body(
    spec: ModelSpec, messages: Sequence[Message], sampling: Sampling, n: int, first_sample: int, dialect: Dialect
) -> dict[str, object]:
    """Return the JSON body that asks for ``n`` samples, the first of which has index ``first_sample``."""
    body: dict[str, object] = {
        **sampling.extra,
        "model": spec.model,
        "messages": [{"role": message.role, "content": message.content} for message in messages],
        dialect.max_tokens_field: sampling.max_tokens,
    }
    optional = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "seed": None if sampling.seed is None else sampling.seed + first_sample,
        "stop": list(sampling.stop) or None,
        "reasoning_effort": sampling.reasoning_effort,
        "n": n if n > 1 else None,
        "stream": spec.stream or None,
        "stream_options": {"include_usage": True} if spec.stream and dialect.stream_usage else None,
    }
    body.update({name: value for name, value in optional.items() if value is not None})
    return body


class _Message(msgspec.Struct):
    content: str | list[object] | None = None
    reasoning_content: object = None
    reasoning: object = None
    refusal: object = None


class _Choice(msgspec.Struct):
    index: int | None = None
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")
    model: str | None = None


class _Details(msgspec.Struct):
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_cache_hit_tokens: int | None = None  # DeepSeek
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None


_decode = msgspec.json.Decoder(_Body, strict=False).decode
_FIELDS = (b"data", b"event", b"id", b"retry", b"")  # fields of an event stream; "": a comment


class ResponseReader:
    """Builds a ``ChatResponse`` from one JSON body, or from the lines of an event stream fed in order."""

    def __init__(self) -> None:
        self._choices: dict[int, Choice] = {}
        self._usage: Usage | None = None
        self._model = ""
        self._ended = False
        self._event = b""
        self._stray: list[bytes] = []  # lines that are not part of an event stream: a JSON body, a web page

    def body(self, data: bytes) -> ChatResponse:
        """Read a whole response. Raises ``AttemptError`` if it is not a valid one."""
        if data.lstrip().startswith((b"data:", b"event:")):  # an event stream under a wrong content type
            for line in data.split(b"\n"):
                self.event_line(line)
        else:
            self._read(data, streamed=False)
            self._ended = True
        return self.finish(data)

    def event_line(self, line: bytes) -> None:
        """Read one line of a server-sent event stream. Raises ``AttemptError`` for a chunk that is an error."""
        field, colon, value = line.partition(b":")
        value = value.strip()
        if field not in _FIELDS or (not colon and line.strip()):
            self._stray.append(line)
        elif field == b"event":
            self._event = value
        elif field == b"data" and value == b"[DONE]":
            self._ended = True
        elif field == b"data" and value and not self._ended:
            if self._event == b"error":
                failure = _reported(_json(value))
                failure.begun = bool(self._choices)
                raise failure
            self._read(value, streamed=True)

    def finish(self, data: bytes = b"") -> ChatResponse:
        """Return the response. Raises ``AttemptError``, quoting ``data``, if it was cut off or has no choices."""
        if self._stray and not self._choices:
            self._read(data := b"\n".join(self._stray), streamed=False)
            self._ended = True
        choices = [self._choices[index] for index in sorted(self._choices)]
        if not self._ended and (not choices or any(choice.finish_reason is None for choice in choices)):
            raise AttemptError("the stream ended in the middle of an answer")
        if not choices:
            raise AttemptError(f"the response has no choices{_shown(data)}", spoiled=True)
        return ChatResponse(choices, self._usage, self._model)

    def _read(self, data: bytes, *, streamed: bool) -> None:
        try:
            body = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            value = _json(data)
            if value is not None and (failure := error_in(value)):
                raise failure from None
            what = f"has another schema ({error})" if isinstance(error, msgspec.ValidationError) else "is not JSON"
            raise AttemptError(f"the response {what}{_shown(data)}", spoiled=True) from None
        if (body.choices is None or b'"error"' in data) and (failure := error_in(_json(data))):
            failure.begun = bool(self._choices)
            raise failure
        self._model = self._model or body.model or ""
        self._usage = _usage(body.usage) or self._usage
        for position, part in enumerate(body.choices or ()):
            # The choices of a whole response are numbered by position, because some servers number every choice 0.
            choice = self._choices.setdefault((part.index or 0) if streamed else position, Choice())
            choice.finish_reason = part.finish_reason or choice.finish_reason
            if message := part.delta or part.message:
                for kind, text in _texts(message):
                    choice.add(kind, text)


def model_names(data: bytes) -> list[str]:
    """Read the names of the models from the body of ``/v1/models``, sorted. Raises ``AttemptError`` for other bodies.

    Most servers send ``{"data": [{"id": NAME}]}``; some send the list alone, or call the field ``name``.
    """
    listed = _json(data)
    if listed is None and data.strip() != b"null":
        raise AttemptError(f"the list of models is not JSON{_shown(data)}", spoiled=True)
    if failure := error_in(listed):
        raise failure
    if isinstance(listed, dict):
        listed = listed.get("data", listed.get("models"))
    entries = listed if isinstance(listed, list) else []
    names = [first_text(entry.get("id"), entry.get("name")) for entry in entries if isinstance(entry, dict)]
    return sorted({name for name in names if name})


def _texts(message: _Message) -> Iterator[tuple[Kind, str]]:
    yield "reasoning", first_text(message.reasoning_content, message.reasoning)
    yield "refusal", first_text(message.refusal)
    if isinstance(message.content, str):
        yield "content", message.content
        return
    for part in message.content or ():
        if isinstance(part, dict):
            text = part.get("text", part.get("thinking"))
            if isinstance(text, list):
                text = "".join(first_text(piece.get("text")) for piece in text if isinstance(piece, dict))
            yield "reasoning" if part.get("type") in ("thinking", "reasoning") else "content", first_text(text)


def first_text(*candidates: object) -> str:
    """Return the first candidate that is a non-empty string, or ""."""
    return next((text for text in candidates if isinstance(text, str) and text), "")


def _json(data: bytes) -> object:
    """Return the value of a JSON text; None if it is not JSON."""
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def error_in(value: object) -> AttemptError | None:
    """Return the failure that a server reports in a body of status 200; None if there is none.

    Known forms: ``{"error": {...}}`` or text, the same in a list, and the error as the body: ``{"object": "error",
    "message": ...}`` or ``{"detail": ...}``.
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if not isinstance(value, dict):
        return None
    if error := value.get("error"):
        return _reported(error)
    if value.get("object") == "error" or ("choices" not in value and (value.get("message") or value.get("detail"))):
        return _reported(value)
    return None


def _reported(error: object) -> AttemptError:
    """Return the failure that ``error`` describes; servers use different fields for it."""
    if not isinstance(error, dict):
        return AttemptError(f"the server reports an error: {error}", spoiled=True)
    error = error["error"] if isinstance(error.get("error"), dict) else error
    codes = [error.get(name) for name in ("code", "status", "status_code", "type")]
    numbers = [int(code) for code in codes if isinstance(code, int) or (isinstance(code, str) and code.isdecimal())]
    status = next((number for number in numbers if 400 <= number < 600), None)
    words = first_text(error.get("message"), error.get("detail")) or error
    code = next((str(code) for code in codes if code is not None), "")
    return AttemptError(f"the server reports an error: {words}", status=status, code=code, spoiled=True)


def _shown(data: bytes) -> str:
    return f": {words}" if (words := excerpt(data)) else ""


def _usage(raw: msgspec.Raw) -> Usage | None:
    """Read the usage; None if it is missing or impossible. Numbers may be strings."""
    try:
        said = msgspec.json.decode(raw, type=_Usage | None, strict=False)
    except (msgspec.DecodeError, RecursionError):
        return None
    if said is None:
        return None
    cached = (
        (said.prompt_tokens_details and said.prompt_tokens_details.cached_tokens) or said.prompt_cache_hit_tokens or 0
    )
    reasoning = (said.completion_tokens_details and said.completion_tokens_details.reasoning_tokens) or 0
    completion = said.completion_tokens or 0
    if reasoning and said.total_tokens == said.prompt_tokens + completion + reasoning:
        completion += reasoning  # xAI counts reasoning separately, all others as part of the completion
    if not 0 <= cached <= said.prompt_tokens or not 0 <= reasoning <= completion:
        return None
    return Usage(
        prompt_tokens=said.prompt_tokens,
        completion_tokens=completion,
        cached_tokens=cached,
        reasoning_tokens=reasoning,
    )
