"""The OpenAI chat-completions format: request bodies out, whole or streamed replies in. No network here.

Servers differ; what is read is what they agree on, plus the known places for reasoning (``reasoning_content`` of
DeepSeek, vLLM and SGLang, ``reasoning`` of OpenRouter, content parts of Mistral) and for usage.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from stepsmith.core.model_outputs import Usage
from stepsmith.llm.failures import AttemptError
from stepsmith.llm.records import Message, ModelSpec, Sampling

MAX_OUTPUT = 10 * 2**20  # characters of one sample that are kept; the rest is dropped and it counts as cut


Kind = Literal["content", "reasoning", "refusal"]


class Choice:
    """One sample of a reply, as far as it has come."""

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
        """Whether nothing was dropped."""
        return self.size <= MAX_OUTPUT

    def text(self, kind: Kind) -> str:
        """Return what has come of one kind."""
        return "".join(self._texts.get(kind, ()))


@dataclass(frozen=True)
class ChatResponse:
    """What a server returned to one request."""

    choices: list[Choice]
    usage: Usage | None  # None: it did not say
    model: str


@dataclass
class Dialect:
    """What an endpoint turned out to accept; learnt from its refusals."""

    n: bool | None  # several samples in one request
    max_tokens_field: str = "max_tokens"
    stream_usage: bool = True  # stream_options.include_usage

    def learn(self, failure: AttemptError) -> bool:
        """Adapt to a refusal that names the field; True when the request is worth repeating in the new form."""
        text = str(failure)
        if self.max_tokens_field == "max_tokens" and "max_completion_tokens" in text:
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
    index: int = 0
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw(b"null")
    model: str | None = None
    error: object = None


class _Details(msgspec.Struct):
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int
    completion_tokens: int = 0
    total_tokens: int | None = None
    prompt_cache_hit_tokens: int | None = None  # DeepSeek
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None


_decode = msgspec.json.Decoder(_Body).decode


class ResponseReader:
    """Builds a ``ChatResponse`` from one JSON body, or from the events of a stream fed in order."""

    def __init__(self) -> None:
        self._choices: dict[int, Choice] = {}
        self._usage: Usage | None = None
        self._model = ""
        self._ended = False

    def body(self, data: bytes) -> ChatResponse:
        """Read a whole reply. Raises ``AttemptError`` when it is not one."""
        self._read(data, streamed=False)
        self._ended = True
        return self.finish()

    def event_line(self, line: bytes) -> None:
        """Read one line of a server-sent event stream. Raises ``AttemptError`` for what is not a chunk."""
        field, _, value = line.partition(b":")
        value = value.strip()
        if field != b"data" or not value:
            return  # comments, event names, blank lines
        if value == b"[DONE]":
            self._ended = True
        elif not self._ended:
            self._read(value, streamed=True)

    def finish(self) -> ChatResponse:
        """Return the reply. Raises ``AttemptError`` when it was cut off or holds no choice."""
        choices = [self._choices[index] for index in sorted(self._choices)]
        if not self._ended and (not choices or any(choice.finish_reason is None for choice in choices)):
            raise AttemptError("the stream ended in the middle of an answer")
        if not choices:
            raise AttemptError("the reply holds no choices", spoiled=True)
        return ChatResponse(choices, self._usage, self._model)

    def _read(self, data: bytes, *, streamed: bool) -> None:
        try:
            body = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            kind = "has another schema" if isinstance(error, msgspec.ValidationError) else "is not JSON"
            raise AttemptError(f"the reply {kind}: {error}", spoiled=True) from None
        if body.error:
            raise _reported(body.error)
        self._model = self._model or body.model or ""
        self._usage = _usage(body.usage) or self._usage
        for position, part in enumerate(body.choices or ()):
            # Whole replies are numbered by position: some servers number every choice 0.
            choice = self._choices.setdefault(part.index if streamed else position, Choice())
            choice.finish_reason = part.finish_reason or choice.finish_reason
            if message := part.delta or part.message:
                for kind, text in _texts(message):
                    choice.add(kind, text)


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


def _reported(error: object) -> AttemptError:
    """Return the failure that a server reports inside a reply with status 200."""
    if not isinstance(error, dict):
        return AttemptError(f"the server reports an error: {error}", spoiled=True)
    code = error.get("code")
    status = code if isinstance(code, int) and 400 <= code < 600 else None
    words = error.get("message") or error
    return AttemptError(f"the server reports an error: {words}", status=status, code=str(code), spoiled=True)


def _usage(raw: msgspec.Raw) -> Usage | None:
    """Read usage; None where there is none or it cannot be right."""
    try:
        said = msgspec.json.decode(raw, type=_Usage | None)
    except (msgspec.DecodeError, RecursionError):
        return None
    if said is None:
        return None
    cached = (
        (said.prompt_tokens_details and said.prompt_tokens_details.cached_tokens) or said.prompt_cache_hit_tokens or 0
    )
    reasoning = (said.completion_tokens_details and said.completion_tokens_details.reasoning_tokens) or 0
    completion = said.completion_tokens
    if reasoning and said.total_tokens == said.prompt_tokens + completion + reasoning:
        completion += reasoning  # xAI counts reasoning beside the completion, everybody else inside it
    if not 0 <= cached <= said.prompt_tokens or not 0 <= reasoning <= completion:
        return None
    return Usage(
        prompt_tokens=said.prompt_tokens,
        completion_tokens=completion,
        cached_tokens=cached,
        reasoning_tokens=reasoning,
    )
