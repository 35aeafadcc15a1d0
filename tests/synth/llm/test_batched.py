"""A whole run whose models are asked by batches: the same problems for less."""

from pathlib import Path

import msgspec
import pytest

from stepsmith.core.records import Chain
from stepsmith.llm.records import ModelSpec, Prices, Sampling
from stepsmith.pipeline.config import Config, RuntimeSettings, SuiteSettings, SynthSettings
from stepsmith.pipeline.forecast import forecast
from stepsmith.pipeline.synthesis import synthesize
from tests.llm.hostile_provider import HostileProvider
from tests.synth.llm.scripted_server import ScriptedServer

PRICES = Prices(input=1.0, output=4.0)


class Quiet:
    """Watches a run and says nothing."""

    def started(self, finished: int, chains: int, isolation: str) -> None: ...
    def asking(self, books: object) -> None: ...
    def grown(self, chain: Chain) -> None: ...
    def assembling(self) -> None: ...


def config_for(url: str, cache: Path, *, batch: bool) -> Config:
    models = {
        name: ModelSpec(
            name=name, base_url=url, model=name, prices=PRICES, sampling=Sampling(max_tokens=400, seed=0),
            batch=batch, batch_wait_s=0.2, batch_poll_s=0.02,
        )
        for name in ("teacher", "student")
    }  # fmt: skip
    synth = SynthSettings(chains=3, turns=2, attempts=4, seed=9, teacher="teacher", student="student")
    return Config(
        runtime=RuntimeSettings(cache=str(cache), workers=1), models=models, synth=synth, suite=SuiteSettings(mutants=0)
    )


def files(run: Path) -> tuple[bytes, bytes]:
    return (run / "problems.parquet").read_bytes(), (run / "rejected.parquet").read_bytes()


def test_the_same_answers_by_batches_make_the_same_data_set_for_less(tmp_path: Path) -> None:
    with ScriptedServer() as scripted:
        plain = synthesize(config_for(scripted.url, tmp_path / "plain.sqlite", batch=False), tmp_path / "one", Quiet())
        with HostileProvider(brain=scripted.answer) as provider:
            config = config_for(provider.url, tmp_path / "batched.sqlite", batch=True)
            batched = synthesize(config, tmp_path / "two", Quiet())
            bills = provider.bills
            billed = provider.billed_usd(PRICES.input, PRICES.output)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert plain.counts == batched.counts
    assert sum(not bill.batch for bill in bills) == 2  # the question that each model is asked before the run
    assert len(provider.batches) < sum(bill.batch for bill in bills)  # chains share them
    assert plain.spend is not None
    assert batched.spend is not None
    assert batched.spend.paid_usd == pytest.approx(billed)
    attempts = {run.spend.stages[0].model: run.spend.stages[0] for run in (plain, batched) if run.spend}
    assert attempts["student"].purpose == "attempt"
    proposed = [
        next(s.usd for s in run.spend.stages if s.purpose == "propose") for run in (plain, batched) if run.spend
    ]
    assert proposed[1] == pytest.approx(proposed[0] / 2)


def test_a_dry_run_does_not_wait_for_batches_and_predicts_their_price(tmp_path: Path) -> None:
    with ScriptedServer() as scripted, HostileProvider(brain=scripted.answer) as provider:
        config = config_for(provider.url, tmp_path / "m.sqlite", batch=True)
        synth = msgspec.structs.replace(config.synth, chains=8, turns=1)
        found = forecast(msgspec.structs.replace(config, synth=synth))
        assert not provider.batches
    assert found.batched == ("teacher", "student")
    assert found.rest is not None
    paid = sum(spend.usd for spend in found.spent)
    assert found.rest.usd.expected == pytest.approx(paid * (found.left / found.sampled) / 2)
