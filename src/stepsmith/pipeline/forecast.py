"""Estimate what a run will cost from its first chains (``--dry-run``).

The sampled chains are the first chains of the run. The completion cache keeps their completions, so that the run does
not pay for them again.
"""

import uuid
from collections.abc import Mapping

import msgspec

from stepsmith.cluster.opening import make_judge
from stepsmith.core.model_outputs import Usage
from stepsmith.core.records import Chain, Record, StageSpend
from stepsmith.llm.estimates import Estimate, estimate
from stepsmith.llm.money import Spend
from stepsmith.llm.records import ModelSpec
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.models import add_spends
from stepsmith.pipeline.roles import asked_models, resolve_config
from stepsmith.pipeline.synthesis import NoObserver, Observer, open_chains

SAMPLED = 4  # chains in the sample; our choice: enough for an interval, and still cheap


class Forecast(Record, frozen=True, kw_only=True):
    """What ``sampled`` chains used, by stage, and a prediction for the other ``left`` chains."""

    sampled: int
    left: int
    problems: int  # accepted in the sample
    spent: tuple[StageSpend, ...]
    rest: Estimate | None
    batched: tuple[str, ...] = ()  # models that the run asks in batches; the prediction has their batch prices


def forecast(config: Config, observer: Observer = NoObserver()) -> Forecast:  # noqa: B008 - has no state
    """Run the first chains without keeping their problems, and return the forecast. Raises what ``synthesize`` does."""
    config = resolve_config(config)
    discounts = {name: _batch_discount(spec) for name, spec in config.models.items()}
    at_once = {name: msgspec.structs.replace(spec, batch=False) for name, spec in config.models.items()}
    config = msgspec.structs.replace(config, models=at_once)  # a batch would take hours
    sampled = min(SAMPLED, config.synth.chains) if asked_models(config) else 0
    if not sampled:
        return Forecast(sampled=0, left=config.synth.chains, problems=0, spent=(), rest=None)
    grown = sample_chains(config, sampled, observer)
    left = config.synth.chains - sampled
    return Forecast(
        sampled=sampled,
        left=left,
        problems=sum(len(chain.problems) for chain in grown),
        spent=add_spends(spend for chain in grown for spend in chain.spent),
        rest=estimate([[_as_booked(spend, discounts) for spend in chain.spent] for chain in grown], left)
        if left
        else None,
        batched=tuple(name for name in asked_models(config) if discounts[name] != 1.0),
    )


def sample_chains(config: Config, count: int, observer: Observer) -> list[Chain]:
    """Grow the first ``count`` chains of a resolved configuration and return them in order, without a run folder."""
    with make_judge(config.runtime.judges, config.judge.isolation, config.judge.allow_unsafe) as judge:
        observer.started(0, count, judge.isolation)
    grown: list[Chain] = []
    with open_chains(config, range(count), f"dry run {uuid.uuid4().hex}") as (chains, ledger):
        if ledger:
            observer.asking(ledger.spends)
        for chain in chains:
            grown.append(chain)
            observer.grown(chain)
    return sorted(grown, key=lambda chain: chain.index)


def _batch_discount(spec: ModelSpec) -> float:
    return spec.prices.batch if spec.batch and spec.prices else 1.0


def _as_booked(spend: StageSpend, discounts: Mapping[str, float]) -> Spend:
    usage = Usage(prompt_tokens=spend.prompt_tokens, completion_tokens=spend.completion_tokens)
    return Spend(
        purpose=spend.purpose,
        model=spend.model,
        requests=spend.requests,
        completions=spend.completions,
        usage=usage,
        usd=spend.usd * discounts[spend.model],
    )
