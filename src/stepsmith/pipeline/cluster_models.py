"""The models of a run on a cluster: one actor asks them, and keeps the only ledger and the only completion cache.

Concurrency and budget are therefore as global and as hard as in one process. The actor outlives the driver: if that is
killed, the answers in flight still reach the cache on disk, and then the actor ends by itself.
"""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from stepsmith.cluster.connection import fetched
from stepsmith.cluster.executor import RayCluster
from stepsmith.core.errors import EndpointError
from stepsmith.core.model_outputs import ModelOutput
from stepsmith.llm.gateway import GRACE_S
from stepsmith.llm.money import Spend
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message, Sampling
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.models import Meter, MeteredModel, Models, limit_of
from stepsmith.store.completion_cache import default_path

BEAT_S = 5.0  # the driver says so often that it is alive
ALONE_S = 30.0  # after so long without a word the driver is dead: nothing new is sent


class ModelsActor:
    """``Models`` in an actor. Ray calls its methods from several threads."""

    def __init__(self, config: Config, names: Sequence[str], run: str, environment: Mapping[str, str]) -> None:
        os.environ.update(environment)
        self._models = Models(config, names, run)
        self._heard = time.monotonic()
        threading.Thread(target=self._end_alone, daemon=True).start()

    def complete(
        self, name: str, messages: Sequence[Message], n: int, sampling: Sampling | None, purpose: str, first: int
    ) -> list[ModelOutput]:
        """Ask a model; see ``LLM``."""
        return self._models.complete(name, messages, n, sampling, purpose, first)

    def check(self) -> None:
        """See ``Models.check``."""
        self._models.check()

    def spends(self) -> tuple[Spend, ...]:
        """Return the spending so far."""
        return self._models.ledger.spends()

    def beat(self) -> None:
        """Hear that the driver is alive."""
        self._heard = time.monotonic()

    def close(self) -> None:
        """Wait for the answers that are paid for, then close the cache."""
        self._models.__exit__(None, None, None)

    def _end_alone(self) -> None:
        while time.monotonic() - self._heard < ALONE_S:
            time.sleep(BEAT_S)
        self.close()
        os._exit(0)


class ClusterModels:
    """The driver's side of ``ModelsActor``: starts it, keeps it alive, ends it. Use as a context manager.

    Pickled into the work of chains, it is the handle by which actors on all nodes ask the models. If an actor of this
    run is still there, because its driver was killed, it is first asked to finish. Raises what ``Models`` raises.
    """

    def __init__(self, config: Config, names: Sequence[str], run: str, cluster: RayCluster) -> None:
        ray = self._ray = cluster.ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        name = f"stepsmith-models-{run}"
        with suppress(ValueError):  # there is none
            _end(ray, ray.get_actor(name))
        keys = {key for model in names if (key := config.models[model].key_env)}
        keys |= {value[1:] for model in names for value in config.models[model].headers.values() if value[:1] == "$"}
        cache = str(Path(config.runtime.cache).expanduser().absolute() if config.runtime.cache else default_path())
        here = msgspec.structs.replace(config, runtime=msgspec.structs.replace(config.runtime, cache=cache))
        self._actor = (
            ray.remote(ModelsActor)
            .options(
                name=name,
                lifetime="detached",
                num_cpus=0,
                max_restarts=-1,
                max_task_retries=-1,
                max_concurrency=config.runtime.chains_at_once + 4,
                scheduling_strategy=NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False),
            )
            .remote(here, list(names), run, {key: os.environ[key] for key in keys if key in os.environ})
        )
        self.limit = limit_of(config)
        self._last: tuple[Spend, ...] = ()
        self._stopped = threading.Event()
        threading.Thread(target=self._beat, daemon=True).start()

    def __reduce__(self) -> tuple[Any, tuple[Any]]:
        return RemoteModels, (self._actor,)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        self._last = self.spends()
        _end(self._ray, self._actor)

    def check(self) -> None:
        """See ``Models.check``."""
        self._wait(self._actor.check.remote())

    def spends(self) -> tuple[Spend, ...]:
        """Return the spending so far; the last known if the actor is being started again."""
        with suppress(self._ray.exceptions.RayError):
            self._last = self._ray.get(self._actor.spends.remote(), timeout=BEAT_S)
        return self._last

    def total(self) -> tuple[float, int]:
        """Return (USD, tokens) booked so far."""
        spends = self.spends()
        return sum(spend.usd for spend in spends), sum(spend.usage.tokens for spend in spends)

    def model(self, name: str, meter: Meter) -> LLM:
        """Return a model; ``meter`` counts its completions."""
        return RemoteModels(self._actor).model(name, meter)

    def _wait(self, reference: Any) -> Any:
        return _answer(self._ray, reference)

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT_S):
            self._actor.beat.remote()


class RemoteModels:
    """The models, asked from an actor on any node."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def model(self, name: str, meter: Meter) -> LLM:
        """Return a model; ``meter`` counts its completions."""
        return MeteredModel(_RemoteModel(self._actor, name), name, meter)


class _RemoteModel:
    def __init__(self, actor: Any, name: str) -> None:
        import ray

        self._ray, self._actor, self._name = ray, actor, name

    def complete(
        self,
        messages: Sequence[Message],
        n: int = 1,
        sampling: Sampling | None = None,
        purpose: str = "",
        *,
        first: int = 0,
    ) -> list[ModelOutput]:
        """See ``LLM``."""
        asked = self._actor.complete.remote(self._name, tuple(messages), n, sampling, purpose, first)
        completions: list[ModelOutput] = _answer(self._ray, asked)
        return completions


def _answer(ray: Any, reference: Any) -> Any:
    try:
        return fetched(ray, reference)
    except ray.exceptions.RayActorError as error:
        cause = getattr(error, "cause", None)
        if isinstance(cause, Exception):  # it could not be started
            raise cause from None
        raise EndpointError("the actor that asks the models is gone; resume the run") from None


def _end(ray: Any, actor: Any) -> None:
    """Let the actor finish what is paid for, and end it."""
    closing = actor.close.remote()
    ray.wait([closing], timeout=GRACE_S + BEAT_S)
    ray.kill(actor)
