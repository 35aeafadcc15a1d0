"""How a model is reached, how it is sampled, and what it is asked. Tables ``[models.NAME]`` of a configuration."""

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
    """How an answer is drawn. None: not sent, the server's default. All of it is part of a completion's key."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int = 16_384  # always sent: without it no request has a worst case, and no budget holds
    seed: int | None = None  # sample i of a request is drawn with seed + i
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
    """USD per million tokens. None: as the kind it is part of."""

    input: float
    output: float
    cached: float | None = None  # prompt tokens that the server's cache held
    reasoning: float | None = None  # completion tokens spent on reasoning
    batch: float = 0.5  # what a batch costs, relative to the same requests one by one

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
    """How long a request is tried again after failures that may pass."""

    attempts: int = 8  # faults: 5xx, time-outs, dropped connections, unusable replies
    patience_s: float = 1800.0  # waiting on "too many requests", which does not count as a fault
    base_s: float = 0.5  # the k-th wait is drawn from [0, base_s * 2^k]
    cap_s: float = 60.0  # no drawn wait is longer; a server's Retry-After may be


class ModelSpec(Record, frozen=True, kw_only=True):
    """One model at one OpenAI-compatible endpoint."""

    name: str  # how the configuration and the books call it
    base_url: str  # up to and with /v1
    model: str  # what the endpoint calls it
    identity: str = ""  # what the weights are, where ``model`` does not say; part of the key of the completion cache
    key_env: str | None = None  # environment variable that holds the key; None: the endpoint needs none
    key_header: str = "Authorization"  # header for the key; any other gets the key without "Bearer" (Azure: "api-key")
    query: dict[str, str] = msgspec.field(default_factory=dict)  # added to each address (Azure: api-version)
    headers: dict[str, str] = msgspec.field(default_factory=dict)  # "$NAME" is read from that environment variable
    prices: Prices | None = None
    sampling: Sampling = Sampling()
    concurrency: Concurrency = Concurrency()
    retries: Retries = Retries()
    timeout_s: float = 1800.0  # for one whole answer, first byte to last
    stream: bool = True  # keeps gateways from cutting long answers off
    n_support: bool | None = None  # several samples in one request; None: find out
    batch: bool = False  # ask by batches (/v1/batches): cheaper, and hours of waiting
    batch_wait_s: float = 60.0  # a batch is sent when no further question has come for this long
    batch_poll_s: float = 60.0  # how often the state of a batch is asked

    def __post_init__(self) -> None:
        url = urlsplit(self.base_url)
        if url.scheme not in ("http", "https") or not url.hostname:
            raise ValueError(f"models.{self.name}.base_url is not an http(s) address")
        if url.username or url.password or url.query:
            raise ValueError(
                f"models.{self.name}.base_url holds more than an address; put the environment variable of the key into "
                f"key_env, and what follows the question mark into models.{self.name}.query"
            )
        for name, value in {self.key_header: "", **self.headers}.items():
            if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
                raise ValueError(f"models.{self.name}.headers: {name!r} is not a header")
        if any(name.lower() in ("authorization", self.key_header.lower()) for name in self.headers):
            raise ValueError(f"models.{self.name}.headers holds the header of the key; use key_env and key_header")

    @property
    def weights(self) -> str:
        """What names the model in the completion cache, whichever server ran it."""
        return self.identity or self.model


class Question(Record, frozen=True, kw_only=True):
    """What is asked of a model, whichever samples of the answer are still missing."""

    key: str  # of its answers in the completion cache
    messages: tuple[Message, ...]
    sampling: Sampling
    purpose: str  # the stage that asks
