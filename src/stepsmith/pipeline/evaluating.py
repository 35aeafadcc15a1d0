"""Sample a benchmark from a model that a user named: an address, a configured model, or a folder."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import msgspec

from stepsmith.benchmarks.data import BenchmarkData
from stepsmith.core.errors import ConfigError, RunFolderError
from stepsmith.evaluate.asking import ASKED, Asked, ask, prompt_hash, sampling_text
from stepsmith.evaluate.evaluation import EVALUATION
from stepsmith.evaluate.samples import ModelSample
from stepsmith.llm.protocol import LLM
from stepsmith.llm.records import Sampling
from stepsmith.pipeline.config import Config
from stepsmith.pipeline.figures import spent
from stepsmith.pipeline.models import Meter, Models, is_address, with_addresses_named
from stepsmith.store.progress import Spent
from stepsmith.train.policy_model import PolicyModel, Precision


class Answers(NamedTuple):
    """The samples of a model, what it was asked, and what that cost in this run and earlier ones."""

    samples: dict[str, list[ModelSample]]
    asked: Asked
    usd: float
    tokens: int


def sample_benchmark(
    data: BenchmarkData,
    model: str,
    n: int,
    sampling: Sampling,
    config: Config,
    out: Path,
    *,
    resume: bool = False,
    dtype: Precision = "float32",
    watch: Callable[[int], None] = lambda _: None,
) -> Answers:
    """Ask ``model`` about each problem of a benchmark ``n`` times, into the folder ``out``.

    Problems that the folder has are not asked about again, and no completion is paid for twice (completion cache).
    A model on disk computes in ``dtype``.
    Raises ``RunFolderError`` for a folder with other samples, or with unfinished ones unless ``resume``.
    """
    if (out / ASKED).is_file() and not resume and not (out / EVALUATION).is_file():
        raise RunFolderError(f"{out} has an unfinished evaluation; continue it with --resume, or choose another --out")
    if not is_address(model) and model not in config.models:
        if not Path(model).is_dir():
            known = f", or one of [models.NAME]: {', '.join(sorted(config.models))}" if config.models else ""
            raise ConfigError(f"{model} is no folder of a model and no address (http://…){known}")
        policy = PolicyModel.open(Path(model), dtype)
        name = policy.name if dtype == "float32" else f"{policy.name} in {dtype}"
        return _ask(data, policy, name, n, sampling, out, watch)
    config, names = with_addresses_named(config, [model])
    name = names.get(model, model)
    spec = config.models[name]
    merged = msgspec.structs.replace(
        spec.sampling,
        **{key: value for key in ("temperature", "top_p", "seed") if (value := getattr(sampling, key)) is not None},
        max_tokens=sampling.max_tokens,
    )
    meter = Meter()
    with Models(config, [name], run=f"evaluate {out.resolve()}") as models:
        models.check()
        found = _ask(
            data, models.model(name, meter), spec.weights, n, merged, out, watch, partial(spent, models.ledger)
        )
    paid = meter.spent()
    return found._replace(usd=sum(one.usd for one in paid), tokens=sum(one.tokens for one in paid))


def _ask(
    data: BenchmarkData,
    llm: LLM,
    model: str,
    n: int,
    sampling: Sampling,
    out: Path,
    watch: Callable[[int], None],
    costs: Callable[[], Spent] | None = None,
) -> Answers:
    asked = Asked(
        benchmark=data.benchmark.name,
        problems_id=data.problems_id,
        model=model,
        n=n,
        sampling=sampling_text(sampling, n),
        prompt_hash=prompt_hash(data, data.problems),
    )
    return Answers(ask(data, data.problems, llm, sampling, asked, out, watch, costs), asked, 0.0, 0)
