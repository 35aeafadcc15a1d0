"""Synchronous access to models, from any thread: one background event loop runs the asynchronous clients."""

import asyncio
import logging
import os
import threading
from collections.abc import Coroutine, Iterable, Sequence
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Self, TypeVar

from stepsmith.core.errors import EndpointError
from stepsmith.core.model_outputs import Charge, ModelOutput
from stepsmith.llm.cache import Cache, InMemoryCache
from stepsmith.llm.client import EndpointClient, KeyLocks
from stepsmith.llm.money import Ledger, Limit
from stepsmith.llm.records import Message, ModelSpec, Sampling

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
GRACE_S = 60.0  # seconds to wait for answers in flight when the gateway is closed
HAND_OUT_S = 0.2  # seconds for answers that have arrived to reach their callers


class Gateway:
    """Calls the models of a run, which share one completion cache, one ledger and one event loop in its own thread.

    Use as a context manager. It does not work after a fork: make one in each process.
    """

    def __init__(self, cache: Cache | None = None, limit: Limit | None = None, earlier: Iterable[Charge] = ()) -> None:
        self.ledger = Ledger(limit, earlier)
        self._cache = cache or InMemoryCache()
        self._locks = KeyLocks()
        self._clients: list[EndpointClient] = []
        self._clients_lock = threading.Lock()
        self._process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stepsmith-llm", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def model(self, spec: ModelSpec) -> "EndpointModel":
        """Return the model of ``spec``. Raises ``ConfigError`` and ``MachineError`` as ``EndpointClient`` does."""
        return EndpointModel(self, self._client(spec))

    def served(self, spec: ModelSpec) -> list[str]:
        """Ask an endpoint for the names of its models (``/v1/models``). Raises ``EndpointError``."""
        return self.wait(self._client(spec).served())

    def wait(self, work: Coroutine[None, None, _T]) -> _T:
        """Run a coroutine in the background loop and wait for its result."""
        if os.getpid() != self._process or not self._thread.is_alive():
            work.close()
            raise EndpointError("this gateway is closed or belongs to another process; make one in this process")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()  # an interrupt leaves the request running: `close` waits for its answer
        except CancelledError:
            raise EndpointError("the gateway was closed while a request was in flight") from None

    def close(self, grace_s: float = GRACE_S) -> None:
        """Send nothing new, wait up to ``grace_s`` seconds for answers in flight, then cancel the rest.

        A cancelled request stays booked at its worst case. May be called again.
        """
        if not self._thread.is_alive():
            return
        asyncio.run_coroutine_threadsafe(self._shut(grace_s), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _client(self, spec: ModelSpec) -> EndpointClient:
        with self._clients_lock:
            client = next((client for client in self._clients if client.spec == spec), None)
            if client is None:
                client = EndpointClient(spec, self._cache, self.ledger, self._locks)
                self._clients.append(client)
            return client

    async def _shut(self, grace_s: float) -> None:
        self.ledger.close()
        until = self._loop.time() + grace_s
        if waiting := self.ledger.in_flight:
            _log.warning("Waiting up to %.0f s for %d answers that are already paid for.", grace_s, waiting)
        if batches := self.ledger.batches:
            _log.warning("%d batches are not finished; their answers are collected when the run is resumed.", batches)
        while self.ledger.in_flight and self._loop.time() < until:
            await asyncio.sleep(0.02)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        if tasks:
            await asyncio.wait(tasks, timeout=HAND_OUT_S)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for client in self._clients:
            await client.close()


class EndpointModel:
    """One model behind a gateway; an ``LLM``."""

    def __init__(self, gateway: Gateway, client: EndpointClient) -> None:
        self._gateway = gateway
        self._client = client

    def __repr__(self) -> str:
        return f"EndpointModel({self._client!r})"

    @property
    def name(self) -> str:
        """The model's name in the configuration."""
        return self._client.spec.name

    def complete(
        self,
        messages: Sequence[Message],
        n: int = 1,
        sampling: Sampling | None = None,
        purpose: str = "",
        *,
        first: int = 0,
    ) -> list[ModelOutput]:
        """See ``LLM`` and ``EndpointClient.complete``."""
        return self._gateway.wait(self._client.complete(messages, n, sampling, purpose, first=first))
