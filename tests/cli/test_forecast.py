"""What ``stepsmith synth --dry-run`` prints."""

import io
from math import inf

from rich.console import Console

from stepsmith.cli.forecast import print_forecast
from stepsmith.core.records import StageSpend
from stepsmith.llm.estimates import Estimate, Range
from stepsmith.pipeline.forecast import Forecast


def shown(found: Forecast) -> str:
    out = io.StringIO()
    print_forecast(Console(file=out, width=120), found)
    return out.getvalue()


def a_forecast(usd: float, high: float = 0.9, batched: tuple[str, ...] = ()) -> Forecast:
    spent = StageSpend(
        purpose="propose",
        model="big",
        requests=4,
        completions=4,
        prompt_tokens=3000,
        completion_tokens=1000,
        reasoning_tokens=0,
        usd=usd,
    )
    few = Range(expected=16.0, low=10.0, high=22.0)
    rest = Estimate(sampled=4, planned=16, requests=few, tokens=few, usd=Range(expected=0.6, low=0.3, high=high))
    return Forecast(sampled=4, left=16, problems=3, spent=(spent,), rest=rest, batched=batched)


def test_a_run_without_models_costs_only_time() -> None:
    nothing = Forecast(sampled=0, left=20, problems=0, spent=(), rest=None)
    assert shown(nothing) == "This run asks no model, so it costs only time.\n"


def test_the_sample_and_the_prediction_are_shown_with_intervals() -> None:
    text = shown(a_forecast(usd=0.2, batched=("big",)))
    assert "The first 4 chains, with 3 kept problems, used:" in text
    assert "The other 16 chains are predicted to use" in text
    assert "USD       0.6000  (0.3000 to 0.9000)" in text
    assert "The prediction uses the batch prices of big." in text


def test_what_is_not_known_is_said() -> None:
    assert "(0.3000 to unknown)" in shown(a_forecast(usd=0.2, high=inf))
    assert "no prices are configured: [models.NAME.prices]" in shown(a_forecast(usd=0.0))
