"""The settings of a model (a table ``[models.NAME]`` of a configuration), and the messages that it is sent."""

import re
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from stepsmith.core.records import Record

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Message(Record, frozen=True, kw_only=True):
    """One message of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


class Sampling(Record, frozen=True, kw_only=True):
    """How completions are sampled; part of the cache key. None: not sent, so that the server's default applies."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int = 16_384  # always sent, because the worst case of a request depends on it
    seed: int | None = None  # sample i of a request gets seed + i
    stop: tuple[str, ...] = ()
    reasoning_effort: str | None = None
    extra: dict[str, object] = msgspec.field(
        default_factory=dict
    )  # further fields of the request body, e.g. chat_template_kwargs

    def __post_init__(self) -> None:
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens is {self.max_tokens}; it has to be at least 1")
        reserved = sorted(
            self.extra.keys() & {"model", "messages", "n", "stream", "max_tokens", "max_completion_tokens"}
        )
        if reserved:
            raise ValueError(f"sampling.extra cannot set {reserved[0]!r}: it has a setting of its own")


class Prices(Record, frozen=True, kw_only=True):
    """USD per million tokens. None: ``cached`` costs as the prompt, ``reasoning`` as the completion."""

    input: float
    output: float
    cached: float | None = None  # prompt tokens that were in the server's cache
    reasoning: float | None = None  # completion tokens spent on reasoning
    batch: float = 0.5  # price of a batch, relative to the same requests one by one

    def __post_init__(self) -> None:
        if min(self.input, self.output, self.cached or 0.0, self.reasoning or 0.0, self.batch) < 0:
            raise ValueError("a price is negative")


class Concurrency(Record, frozen=True, kw_only=True):
    """Bounds of the adaptive limit on requests in flight at one endpoint."""

    low: int = 1
    high: int = 64
    start: int = 8

    def __post_init__(self) -> None:
        if not 1 <= self.low <= self.start <= self.high:
            raise ValueError(f"need 1 <= low <= start <= high, got {self.low}, {self.start}, {self.high}")


class Retries(Record, frozen=True, kw_only=True):
    """How often and how long a request is retried after temporary failures."""

    attempts: int = 8  # tries per request; counted are 5xx, time-outs, dropped connections, unusable responses
    patience_s: float = 1800.0  # seconds of waiting on "too many requests" (429), which does not count as a try
    base_s: float = 0.5  # the k-th wait is random in [0, base_s * 2^k] seconds
    cap_s: float = 60.0  # longest random wait; a server's Retry-After may be longer


class ModelSpec(Record, frozen=True, kw_only=True):
    """One model at one OpenAI-compatible endpoint."""

    name: str  # its name in the configuration and in reports of cost
    base_url: str  # the address, with /v1 at its end
    model: str  # its name at the endpoint
    identity: str = ""  # what the weights are, if ``model`` does not say; part of the key of the completion cache
    key_env: str | None = None  # environment variable that holds the key; None: the endpoint needs none
    key_header: str = "Authorization"  # header for the key; any other gets the key without "Bearer" (Azure: "api-key")
    query: dict[str, str] = msgspec.field(default_factory=dict)  # added to each address (Azure: api-version)
    headers: dict[str, str] = msgspec.field(default_factory=dict)  # "$NAME" is read from that environment variable
    prices: Prices | None = None
    sampling: Sampling = Sampling()
    concurrency: Concurrency = Concurrency()
    retries: Retries = Retries()
    timeout_s: float = 1800.0  # for one whole response, up to its last byte
    stream: bool = True  # stream the response, so that no gateway cuts off long ones
    n_support: bool | None = None  # whether the endpoint accepts several samples in one request; None: find out
    batch: bool = False  # ask in batches (/v1/batches): cheaper, but it takes hours
    batch_wait_s: float = 60.0  # a batch is sent when no new question has come for this long
    batch_poll_s: float = 60.0  # seconds between two questions about the state of a batch

    def __post_init__(self) -> None:
        url = urlsplit(self.base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"models.{self.name}.base_url is not an http or https address")
        if url.username or url.password or url.query:
            raise ValueError(
                f"models.{self.name}.base_url must be an address without user, password, ? and #; write the name of "
                f"the key's environment variable into key_env, and parameters into models.{self.name}.query"
            )
        for name, value in {self.key_header: "", **self.headers}.items():
            if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
                raise ValueError(f"models.{self.name}.headers: {name!r} is not a header")
        if any(name.lower() in ("authorization", self.key_header.lower()) for name in self.headers):
            raise ValueError(f"models.{self.name}.headers must not hold the key; use key_env and key_header")

    @property
    def weights(self) -> str:
        """The name of the model in the completion cache; it does not depend on the server."""
        return self.identity or self.model


class Question(Record, frozen=True, kw_only=True):
    """A request to a model, before it is decided which samples are asked for."""

    key: str  # key of its completions in the completion cache
    messages: tuple[Message, ...]
    sampling: Sampling
    purpose: str  # the stage that asks
