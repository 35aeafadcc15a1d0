"""The models of a run: clients that share a completion cache, a budget and an event loop.

Each chain has its own meter, so that its usage is known while other chains run at the same time.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urlsplit

import msgspec

from stepsmith.core.errors import ConfigError, EndpointError
from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.core.records import StageSpend
from stepsmith.core.tracing import span
from stepsmith.llm.check import IMPATIENT, check
from stepsmith.llm.gateway import Gateway
from stepsmith.llm.money import Limit, Spend, parse_budget
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Message, ModelSpec, Retries, Sampling
from stepsmith.pipeline.config import Config
from stepsmith.store.completion_cache import CompletionCache, default_path


def is_address(name: str) -> bool:
    """Return whether ``name`` (a value of ``--teacher`` and similar options) is an address."""
    return name.startswith(("http://", "https://"))


def with_addresses_named(config: Config, asked: Iterable[str]) -> tuple[Config, dict[str, str]]:
    """Return ``config`` with a model for every address in ``asked``, and a dict from address to the model's name.

    An address is ``URL`` or ``URL#MODEL``; without MODEL, the server is asked which model it serves. A missing path
    becomes ``/v1``. Costs are booked under the model's name. Raises ``ConfigError`` for a name that is not configured.
    """
    models = dict(config.models)
    names: dict[str, str] = {}
    for given in asked:
        if not is_address(given):
            if given not in models:
                known = ", ".join(sorted(models)) or "none"
                raise ConfigError(f"there is no [models.{given}] in the configuration (there are: {known})")
            continue
        url, _, model = given.partition("#")
        base_url = url.rstrip("/") if urlsplit(url).path.strip("/") else f"{url.rstrip('/')}/v1"
        model = model or _only_model(base_url)
        spec = _spec(model, base_url, model)
        if models.setdefault(model, spec) != spec:
            raise ConfigError(
                f"{url} serves {model!r}, and there is another model of that name; give both a [models.NAME] table"
            )
        names[given] = model
    return msgspec.structs.replace(config, models=models), names


def _only_model(base_url: str) -> str:
    try:
        with Gateway() as gateway:
            served = gateway.served(_spec(base_url, base_url, "", retries=IMPATIENT))
    except EndpointError as error:
        raise ConfigError(
            f"{base_url} does not say which model it serves. {str(error).rstrip('.')}. If it is the right address and "
            f"the server is up, name the model: {base_url}#MODEL."
        ) from None
    if len(served) != 1:
        known = f" with one of: {', '.join(served[:20])}" if served else ""
        raise ConfigError(f"{base_url} lists {len(served) or 'no'} models; write {base_url}#MODEL{known}")
    return served[0]


def _spec(name: str, base_url: str, model: str, retries: Retries = Retries()) -> ModelSpec:  # noqa: B008 - frozen
    try:
        return ModelSpec(name=name, base_url=base_url, model=model, retries=retries)
    except ValueError as error:
        raise ConfigError(f"{error}") from None


def check_models(config: Config, names: Iterable[str]) -> None:
    """Raise now what ``Models`` would raise later: ``ConfigError`` (keys, prices) or ``MachineError`` (the extra)."""
    with Gateway(limit=limit_of(config)) as gateway:
        for name in names:
            gateway.model(config.models[name])


def limit_of(config: Config) -> Limit:
    """Return the budget of a run; without one, no limit."""
    return parse_budget(config.runtime.budget) if config.runtime.budget else Limit()


class Books(Protocol):
    """Says what a run has spent so far; a ``Ledger`` is one."""

    @property
    def limit(self) -> Limit:
        """The most that the run may spend."""
        ...

    def total(self) -> tuple[float, int]:
        """Return (USD, tokens) booked so far."""
        ...

    def spends(self) -> tuple[Spend, ...]:
        """Return the spending by stage and model."""
        ...


class OpenModels(Protocol):
    """The models of a run, wherever they are asked from."""

    def model(self, name: str, meter: "Meter") -> LLM:
        """Return a model; ``meter`` counts its completions."""
        ...


class Models:
    """The open models of a run. Use as a context manager: at the end it waits for responses that are already paid for.

    Charges are booked under ``run``; charges from before an interruption count towards the budget. Raises
    ``StoreError`` if the completion cache cannot be used, and what ``check_models`` raises.
    """

    def __init__(self, config: Config, names: Iterable[str], run: str) -> None:
        path = Path(config.runtime.cache).expanduser() if config.runtime.cache else default_path()
        with ExitStack() as opened:
            store = opened.enter_context(CompletionCache(path, run=run))
            gateway = opened.enter_context(Gateway(store, limit_of(config), earlier=store.charges()))
            self._specs = {name: config.models[name] for name in dict.fromkeys(names)}
            self._models = {name: gateway.model(spec) for name, spec in self._specs.items()}
            self._gateway = gateway
            self.ledger = gateway.ledger
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def check(self) -> None:
        """Send each model one short prompt, to find wrong settings early; the teacher, often the dearest, comes last.

        Raises ``ConfigError`` if a model refuses, and ``EndpointError`` if it does not answer. A resumed run reads the
        answers from the cache. Models that are asked in batches get this prompt as a normal request.
        """
        for spec in reversed(self._specs.values()):
            check(self._gateway.model(msgspec.structs.replace(spec, batch=False)))

    def model(self, name: str, meter: "Meter") -> LLM:
        """Return a model; ``meter`` counts its completions."""
        return MeteredModel(self._models[name], name, meter)

    def complete(
        self, name: str, messages: Sequence[Message], n: int, sampling: Sampling | None, purpose: str, first: int
    ) -> list[ModelOutput]:
        """Ask the model ``name``; see ``LLM``. No meter counts its completions."""
        return self._models[name].complete(messages, n, sampling, purpose, first=first)


class Meter:
    """What one chain used, by stage and model. Completions from the cache count as well."""

    def __init__(self) -> None:
        self._used: dict[tuple[str, str], list[ModelOutput]] = {}

    def add(self, purpose: str, model: str, completions: Sequence[ModelOutput]) -> None:
        """Count the completions of one request."""
        self._used.setdefault((purpose, model), []).extend(completions)

    def spent(self) -> tuple[StageSpend, ...]:
        """Return the sums, in order of their names."""
        return tuple(_sum(purpose, model, self._used[purpose, model]) for purpose, model in sorted(self._used))


def add_spends(spends: Iterable[StageSpend]) -> tuple[StageSpend, ...]:
    """Return the sums by stage and model, in order of their names."""
    sums: dict[tuple[str, str], StageSpend] = {}
    for spend in spends:
        key = spend.purpose, spend.model
        sums[key] = _added(sums[key], spend) if key in sums else spend
    return tuple(sums[key] for key in sorted(sums))


def _added(first: StageSpend, second: StageSpend) -> StageSpend:
    counted = {
        name: getattr(first, name) + getattr(second, name)
        for name in StageSpend.__struct_fields__
        if name not in ("purpose", "model")
    }
    return StageSpend(purpose=first.purpose, model=first.model, **counted)


def _sum(purpose: str, model: str, completions: Sequence[ModelOutput]) -> StageSpend:
    usage = sum((completion.usage for completion in completions), Usage())
    return StageSpend(
        purpose=purpose,
        model=model,
        requests=sum(completion.usage.prompt_tokens > 0 for completion in completions),  # booked on the first sample
        completions=len(completions),
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        usd=sum(completion.cost_usd for completion in completions),
    )


class MeteredModel:
    """Passes requests on to a model and counts its completions."""

    def __init__(self, model: LLM, name: str, meter: Meter) -> None:
        self._model, self._name = model, name
        self._meter = meter

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
        with span("complete", model=self._name, purpose=purpose, samples=n):
            completions = self._model.complete(messages, n, sampling, purpose, first=first)
        self._meter.add(purpose, self._name, completions)
        return completions
