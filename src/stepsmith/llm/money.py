"""What requests cost, and a hard limit on it that includes requests in flight.

Before a request is sent, its worst case is reserved: an upper estimate of the prompt, and ``max_tokens`` for each
sample. When the answer arrives, the usage that the server reports is booked instead. If the answer is lost, the server
may have billed it, so the worst case is booked, with ``certain=False``. The sum of booked and reserved amounts never
exceeds the limit, so the servers' bills do not exceed it either.
"""

import asyncio
import math
import re
import threading
import uuid
from collections.abc import Iterable, Sequence

import msgspec

from stepsmith.core.errors import BudgetExceeded, ConfigError, EndpointError
from stepsmith.core.model_outputs import Charge, ModelOutput, Usage
from stepsmith.core.quantities import read_quantity
from stepsmith.core.records import Record
from stepsmith.llm.records import Message, ModelSpec, Prices, Sampling

BATCH = "batch:"  # the ref of a batch's charge is this and the hash of its content

# Chat templates add tokens of their own around each message and, often, a system prompt.
_TOKENS_PER_MESSAGE, _TOKENS_PER_REQUEST = 16, 256

_SCALES = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9}
_USD = {f"{scale}{unit}": factor for unit in ("USD", "usd") for scale, factor in _SCALES.items()}
_UNSCALED = {"": 1, "token": 1, "tokens": 1}
_TOKENS = {
    f"{scale}{unit}": factor for unit in _UNSCALED for scale, factor in {**_SCALES, "m": 10**6, "b": 10**9}.items()
}


class Limit(Record, frozen=True, kw_only=True):
    """The most that may be spent: USD, tokens (prompt and completion), or both."""

    usd: float | None = None
    tokens: int | None = None

    def allows(self, usd: float, tokens: int) -> bool:
        """Return whether a total stays within the limit."""
        return (self.usd is None or usd <= self.usd) and (self.tokens is None or tokens <= self.tokens)


class Spend(Record, frozen=True, kw_only=True):
    """What one stage used of one model: paid requests, completions received, and completions from the cache."""

    purpose: str
    model: str
    requests: int = 0
    completions: int = 0
    cached: int = 0
    usage: Usage = Usage()  # booked by this run, worst cases included
    usd: float = 0.0  # likewise
    unsure_usd: float = 0.0  # the part of usd that was booked for lost answers
    unsure_tokens: int = 0
    value_usd: float = 0.0  # price of all completions used, including those that came from the cache


def parse_budget(text: str) -> Limit:
    """Parse ``--budget``: "5USD", "2.5 USD", "$5", "200k tokens", "1.5M tokens", or a whole number of tokens.

    Raises ``ConfigError`` for everything else, so that no budget is misread: "2,50 USD" (2.50 or 250?), "5 mUSD" (milli
    or million?) and a fraction without a unit (USD or tokens?) are refused.
    """
    words = text.strip()
    dollars = words.removeprefix("$")
    usd = read_quantity(dollars, _SCALES | _USD) if dollars != words else read_quantity(_joined(words), _USD)
    if usd is not None:
        return Limit(usd=float(usd))
    tokens = read_quantity(words, _UNSCALED, grouped=True) or read_quantity(_joined(words), _TOKENS)
    if tokens is not None and tokens.denominator == 1:
        return Limit(tokens=int(tokens))
    raise ConfigError(
        f'--budget {text!r} is not a budget; write "5 USD", "2.50 USD", "200k tokens" or a whole number of tokens'
    )


def _joined(words: str) -> str:
    """Remove the space between a scale and its unit: "200 k tokens" becomes "200 ktokens"."""
    return re.sub(r"(?<=[kKmMbB])\s+(?=[A-Za-z])", "", words)


def cost(usage: Usage, prices: Prices | None) -> float:
    """Return the price of ``usage`` in USD; without prices a model is free."""
    if prices is None:
        return 0.0
    cached_price = prices.input if prices.cached is None else prices.cached
    reasoning_price = prices.output if prices.reasoning is None else prices.reasoning
    fresh, spoken = usage.prompt_tokens - usage.cached_tokens, usage.completion_tokens - usage.reasoning_tokens
    micro_usd = (
        fresh * prices.input
        + usage.cached_tokens * cached_price
        + spoken * prices.output
        + usage.reasoning_tokens * reasoning_price
    )
    return micro_usd / 1e6


def prompt_bound(messages: Sequence[Message]) -> int:
    """Return an upper estimate of a prompt's tokens: no byte-level tokenizer makes more tokens than UTF-8 bytes."""
    text = sum(len(message.content.encode("utf-8", "surrogatepass")) for message in messages)
    return text + _TOKENS_PER_MESSAGE * len(messages) + _TOKENS_PER_REQUEST


def worst_case(messages: Sequence[Message], n: int, sampling: Sampling) -> Usage:
    """Return the most tokens that a request for ``n`` samples can use."""
    return Usage(prompt_tokens=prompt_bound(messages), completion_tokens=n * sampling.max_tokens, estimated=True)


def worst_cost(usage: Usage, prices: Prices | None) -> float:
    """Return the most that ``usage`` can cost in USD, however it splits into cached and reasoning tokens."""
    if prices is None:
        return 0.0
    dearest_in, dearest_out = max(prices.input, prices.cached or 0.0), max(prices.output, prices.reasoning or 0.0)
    return (usage.prompt_tokens * dearest_in + usage.completion_tokens * dearest_out) / 1e6


class Ledger:
    """The accounts of one run: what is spent by stage and model, what is reserved, and the limit on the sum.

    ``earlier`` holds the charges of the same run before it was stopped. Safe to use from several threads and loops.
    """

    def __init__(self, limit: Limit | None = None, earlier: Iterable[Charge] = ()) -> None:
        self.limit = limit or Limit()
        self._lock = threading.Lock()
        self._spends: dict[tuple[str, str], Spend] = {}
        self._usd, self._tokens = 0.0, 0
        self._reserved: dict[str, Charge] = {}
        self._open_batches: dict[str, Charge] = {}  # sent before the run was stopped; booked at the worst case
        self._waiting: dict[asyncio.Future[None], None] = {}  # in order of arrival
        self._closed = False
        for charge in earlier:
            self._book(charge)
            if charge.ref.startswith(BATCH) and not charge.certain:
                self._open_batches[charge.ref] = charge

    def check(self, spec: ModelSpec) -> None:
        """Raise ``ConfigError`` if the limit is in USD and the model has no prices."""
        if self.limit.usd is not None and spec.prices is None:
            raise ConfigError(
                f"--budget is in USD, but models.{spec.name} has no prices; add [models.{spec.name}.prices] "
                "(zero for a server of your own), or give the budget in tokens"
            )

    async def reserve(
        self, purpose: str, spec: ModelSpec, worst: Usage, *, discount: float = 1.0, ref: str | None = None
    ) -> Charge:
        """Reserve the worst case of a request and return it as a charge, with the id ``ref`` or a new one.

        Waits if requests in flight may turn out cheaper and leave enough. Raises ``BudgetExceeded`` if they cannot.
        """
        charge = Charge(
            ref=ref or uuid.uuid4().hex, purpose=purpose, model=spec.name, samples=0, usage=worst,
            usd=worst_cost(worst, spec.prices) * discount, certain=False,
        )  # fmt: skip
        while True:
            freed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            if self._reserve_or_queue(charge, freed):
                return charge
            try:
                await freed
            finally:
                with self._lock:
                    self._waiting.pop(freed, None)

    def settle(self, ref: str, charge: Charge | None) -> None:
        """Book ``charge`` in place of what is reserved under ``ref``. None: the server billed nothing."""
        with self._lock:
            self._reserved.pop(ref, None)
            if charge is not None:
                self._book(charge)
        self._wake_all()

    def reopen(self, model: str) -> list[Charge]:
        """Reserve again, and return, the charges of batches of ``model`` that had not ended when the run stopped."""
        with self._lock:
            found = [charge for charge in self._open_batches.values() if charge.model == model]
            for charge in found:
                self._book(charge, sign=-1)
                self._reserved[charge.ref] = self._open_batches.pop(charge.ref)
        return found

    def close(self) -> None:
        """Refuse every further reservation, including those that are waiting."""
        with self._lock:
            self._closed = True
        self._wake_all()

    @property
    def in_flight(self) -> int:
        """Number of requests that are reserved and not settled; without batches, which end without us."""
        with self._lock:
            return sum(not ref.startswith(BATCH) for ref in self._reserved)

    @property
    def batches(self) -> int:
        """Number of batches that have not ended."""
        with self._lock:
            return sum(ref.startswith(BATCH) for ref in self._reserved)

    def handed_out(self, purpose: str, model: str, completions: Sequence[ModelOutput], *, cached: int) -> None:
        """Count completions that a stage received, ``cached`` of them from the cache."""
        with self._lock:
            spend = self._spend(purpose, model)
            self._spends[purpose, model] = msgspec.structs.replace(
                spend,
                cached=spend.cached + cached,
                value_usd=spend.value_usd + sum(completion.cost_usd for completion in completions),
            )

    def spends(self) -> tuple[Spend, ...]:
        """Return the spending by stage and model, in order of their names."""
        with self._lock:
            return tuple(self._spends[key] for key in sorted(self._spends))

    def total(self) -> tuple[float, int]:
        """Return (USD, tokens) booked so far."""
        with self._lock:
            return self._usd, self._tokens

    def _reserve_or_queue(self, charge: Charge, freed: "asyncio.Future[None]") -> bool:
        with self._lock:
            if self._closed:
                raise EndpointError("the run is stopping, so nothing more is sent")
            usd, tokens = self._usd + charge.usd, self._tokens + charge.usage.tokens
            if not self.limit.allows(usd, tokens):
                raise BudgetExceeded(
                    f"the budget is spent: {self._said(self._usd, self._tokens)} are used, and the next request "
                    f"({charge.purpose or 'no stage'}, {charge.model}) could cost "
                    f"{self._said(charge.usd, charge.usage.tokens)}. What was paid for is kept; "
                    "give a larger --budget to go on."
                )
            usd += math.fsum(other.usd for other in self._reserved.values())
            tokens += sum(other.usage.tokens for other in self._reserved.values())
            fits = self.limit.allows(usd, tokens)
            if fits:
                self._reserved[charge.ref] = charge
            else:
                self._waiting[freed] = None
            return fits

    def _said(self, usd: float, tokens: int) -> str:
        """Return an amount as text, in the unit of the limit."""
        parts = [f"{usd:.4f} USD"] * (self.limit.usd is not None) + [f"{tokens} tokens"] * (
            self.limit.tokens is not None
        )
        return " and ".join(parts)

    def _wake_all(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for freed in waiting:
            freed.get_loop().call_soon_threadsafe(_wake, freed)

    def _book(self, charge: Charge, sign: int = 1) -> None:
        self._usd += sign * charge.usd
        self._tokens += sign * charge.usage.tokens
        spend = self._spend(charge.purpose, charge.model)
        unsure = 0 if charge.certain else sign
        self._spends[charge.purpose, charge.model] = msgspec.structs.replace(
            spend,
            requests=spend.requests + sign,
            completions=spend.completions + sign * charge.samples,
            usage=spend.usage + charge.usage if sign > 0 else spend.usage - charge.usage,
            usd=spend.usd + sign * charge.usd,
            unsure_usd=spend.unsure_usd + unsure * charge.usd,
            unsure_tokens=spend.unsure_tokens + unsure * charge.usage.tokens,
        )

    def _spend(self, purpose: str, model: str) -> Spend:
        return self._spends.get((purpose, model)) or Spend(purpose=purpose, model=model)


def _wake(freed: "asyncio.Future[None]") -> None:
    if not freed.done():
        freed.set_result(None)
