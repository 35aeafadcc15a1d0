"""Predict what a large run takes on a described cluster: time, money, storage, and which resource is the bottleneck.

The unit is the chain. What chains use is measured: on the chains of a run, or on a pilot. A total for N problems is the
ratio estimate N·Σx/Σy over the sampled chains, with x what a chain uses and y the problems that it keeps (Cochran,
Sampling Techniques, 6.2). Its interval is Fieller's. It assumes that the other chains are like the sampled ones.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, variance
from typing import Annotated

import msgspec
from msgspec import Meta

from stepsmith.core.errors import ConfigError, RunFolderError
from stepsmith.core.records import Chain, Record
from stepsmith.core.stats import t_quantile
from stepsmith.llm.estimates import Range
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.roles import asked_models
from stepsmith.store.dataset import problem_row
from stepsmith.store.runfolder import chain_bytes, kept_chains

Amount = Annotated[float, Meta(ge=0.0)]
Above0 = Annotated[float, Meta(gt=0.0)]
Count = Annotated[int, Meta(ge=1)]

BYTES_PER_ROW = 0.36  # of a problem's JSON, as a row of a compressed Parquet file; measured on runs of both profiles
FEWEST = 4  # chains in a sample; with fewer, the interval says nothing
HOUR_S = 3600.0
PUBLISHED = {  # per problem
    "X-Coder": "8 solutions and 120 executions (1.6M and 24M for 200k problems)",
    "Deep Dive": "192 attempts per chain (32 attempts in each of 6 turns)",
}


class NodeGroup(Record, frozen=True, kw_only=True):
    """``count`` nodes that are alike. ``speed`` of a core is relative to the machine on which chains were measured."""

    count: Count = 1
    cores: Count
    speed: Above0 = 1.0
    usd_per_hour: Amount = 0.0  # of one node


class EndpointCapacity(Record, frozen=True, kw_only=True):
    """What an endpoint gives to the whole run. A token price is in the configuration, not here."""

    tokens_per_s: Above0  # completion tokens, over all requests at once
    usd_per_hour: Amount = 0.0  # of a server of your own


class ClusterDescription(Record, frozen=True, kw_only=True):
    """A cluster: groups of nodes, and endpoints by the name of their model in the configuration."""

    nodes: Annotated[tuple[NodeGroup, ...], Meta(min_length=1)]
    endpoints: dict[str, EndpointCapacity] = msgspec.field(default_factory=dict)
    start_s: Amount = 20.0  # from the command to the first chain
    usd_per_gb_month: Amount = 0.0

    @property
    def cores(self) -> float:
        """Cores, counted by their speed."""
        return sum(group.count * group.cores * group.speed for group in self.nodes)

    @property
    def usd_per_hour(self) -> float:
        """Price of everything that is paid by time."""
        return sum(group.count * group.usd_per_hour for group in self.nodes) + sum(
            endpoint.usd_per_hour for endpoint in self.endpoints.values()
        )


class Need(Record, frozen=True, kw_only=True):
    """What the run needs of one resource, and the hours that it takes if nothing else is slower."""

    resource: str
    unit: str
    amount: Range
    capacity: float  # per second
    hours: Range


class ClusterPlan(Record, frozen=True, kw_only=True):
    """The prediction for ``problems`` kept problems, from ``sampled`` chains."""

    problems: int
    sampled: int
    chains: Range
    needs: tuple[Need, ...]  # the slowest first
    hours: Range
    usd_tokens: Range
    usd_time: Range
    storage_gb: Range
    executions: Range
    programs: Range
    storage_usd_per_month: float

    @property
    def bottleneck(self) -> str:
        """The resource that decides how long the run takes."""
        return self.needs[0].resource

    @property
    def usd(self) -> Range:
        """Tokens and machines together."""
        tokens, time = self.usd_tokens, self.usd_time
        return Range(expected=tokens.expected + time.expected, low=tokens.low + time.low, high=tokens.high + time.high)


def read_cluster(path: Path) -> ClusterDescription:
    """Read the description of a cluster from a TOML file. Raises ``ConfigError``."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=ClusterDescription)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None


def chains_of_run(folder: Path) -> list[Chain]:
    """Return the finished chains of a run. Raises ``RunFolderError`` if there are too few."""
    chains = list(kept_chains(folder))
    if len(chains) < FEWEST:
        raise RunFolderError(f"{folder} holds {len(chains)} finished chains; a plan needs at least {FEWEST}")
    return chains


def plan(config: Config, cluster: ClusterDescription, chains: Sequence[Chain], problems: int) -> ClusterPlan:
    """Predict a run of ``config`` that keeps ``problems`` problems. ``chains`` are measured ones.

    Raises ``ConfigError`` if the cluster does not describe an endpoint that the run asks, or no sampled chain kept a
    problem.
    """
    asked = asked_models(config)
    if missing := [name for name in asked if name not in cluster.endpoints]:
        raise ConfigError(f"the cluster does not say what models.{missing[0]} gives; add [endpoints.{missing[0]}]")
    kept = [float(len(chain.problems)) for chain in chains]
    if len(chains) < FEWEST or not any(kept):
        raise ConfigError(
            f"{len(chains)} sampled chains kept {sum(kept):.0f} problems: too few for a prediction; sample more chains"
        )

    def total(used: Callable[[Chain], float]) -> Range:
        return predict_ratio([used(chain) for chain in chains], kept, problems)

    count = total(lambda _: 1.0)
    needs = [_need("cores", "core s", total(lambda chain: core_seconds(chain, bool(asked))), cluster.cores)]
    for name in asked:
        tokens = total(lambda chain, name=name: _tokens(chain, name))  # type: ignore[misc]
        needs.append(_need(f"endpoint {name}", "tokens", tokens, cluster.endpoints[name].tokens_per_s))
    if asked:
        waiting = total(lambda chain: chain.seconds)
        needs.append(_need("chains_at_once", "chain s", waiting, float(config.runtime.chains_at_once)))
    needs.sort(key=lambda need: -need.hours.expected)
    longest = max(core_seconds(chain, models=False) for chain in chains)
    rest = (cluster.start_s + longest / 2) / HOUR_S  # at the end, places are idle while the last chains are finished
    hours = _shifted(needs[0].hours, rest)
    storage = _scaled(total(storage_bytes), 1e-9)
    return ClusterPlan(
        problems=problems,
        sampled=len(chains),
        chains=count,
        needs=tuple(needs),
        hours=hours,
        usd_tokens=total(lambda chain: sum(spend.usd for spend in chain.spent)),
        usd_time=_scaled(hours, cluster.usd_per_hour),
        storage_gb=storage,
        executions=total(lambda chain: float(chain.executions)),
        programs=total(lambda chain: float(chain.judged_programs)),
        storage_usd_per_month=storage.expected * cluster.usd_per_gb_month,
    )


def predict_ratio(used: Sequence[float], kept: Sequence[float], wanted: float, confidence: float = 0.95) -> Range:
    """Return the total of ``used`` that goes with a total ``wanted`` of ``kept``, from samples of both.

    Fieller's interval for the ratio R of the totals of further chains: all R for which the mean of x - R·y is within
    t·s·√(1/K + 1/M) of zero, for K sampled and M further chains. If the sample leaves open whether chains keep
    anything, it is 0 to infinity. Raises ``ValueError`` for fewer than two samples.
    """
    size, mean_x, mean_y = len(used), fmean(used), fmean(kept)
    planned = max(1.0, wanted / mean_y)
    c = t_quantile(0.5 + confidence / 2, size - 1) ** 2 * (1 / size + 1 / planned)
    xx, yy = variance(used), variance(kept)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in zip(used, kept, strict=True)) / (size - 1)
    expected = wanted * mean_x / mean_y
    square, half = mean_y**2 - c * yy, mean_x * mean_y - c * xy
    if square <= 0:
        return Range(expected=expected, low=0.0, high=math.inf)
    spread = math.sqrt(max(0.0, half**2 - square * (mean_x**2 - c * xx)))
    low, high = (half - spread) / square, (half + spread) / square
    return Range(expected=expected, low=max(0.0, wanted * low), high=wanted * high)


def core_seconds(chain: Chain, models: bool) -> float:
    """Return how long a chain keeps a core busy: all its time, or if it asks models, its time in the judge."""
    return chain.judge_s if models else chain.seconds


def storage_bytes(chain: Chain) -> float:
    """Return about how many bytes a chain takes: in the database of the run, and its problems in the data set."""
    rows = [*chain.problems, *(rejection.problem for rejection in chain.rejections)]
    return chain_bytes(chain) + BYTES_PER_ROW * sum(len(msgspec.json.encode(problem_row(row))) for row in rows)


def _tokens(chain: Chain, model: str) -> float:
    return float(sum(spend.completion_tokens for spend in chain.spent if spend.model == model))


def _need(resource: str, unit: str, amount: Range, capacity: float) -> Need:
    return Need(
        resource=resource, unit=unit, amount=amount, capacity=capacity, hours=_scaled(amount, 1 / (capacity * HOUR_S))
    )


def _scaled(value: Range, factor: float) -> Range:
    if factor == 0:
        return Range(expected=0.0, low=0.0, high=0.0)
    return Range(expected=value.expected * factor, low=value.low * factor, high=value.high * factor)


def _shifted(value: Range, shift: float) -> Range:
    return Range(expected=value.expected + shift, low=value.low + shift, high=value.high + shift)
