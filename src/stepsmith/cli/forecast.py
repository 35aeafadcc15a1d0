"""Print the estimate of ``stepsmith synth --dry-run``."""

import math

from rich.console import Console
from rich.table import Table

from stepsmith.cli.progress import short_count
from stepsmith.llm.estimates import Range
from stepsmith.pipeline.forecast import Forecast

NO_PRICES = r"–  (no prices are configured: \[models.NAME.prices])"


def print_forecast(console: Console, found: Forecast) -> None:
    """Print the sample by stage, and the prediction for the other chains with its interval."""
    if not found.sampled:
        console.print("This run asks no model, so it costs only time.")
        return
    priced = any(spend.usd for spend in found.spent)
    table = Table("stage", "model", "requests", "answers", "tokens", "USD")
    for spend in found.spent:
        table.add_row(
            spend.purpose,
            spend.model,
            f"{spend.requests:,}",
            f"{spend.completions:,}",
            f"{spend.tokens:,}",
            f"{spend.usd:.4f}" if priced else "–",
        )
    console.print(f"The first {found.sampled} chains, with {found.problems} kept problems, used:")
    console.print(table)
    if found.rest:
        rest = found.rest
        console.print(
            f"The other {found.left} chains are predicted to use (95% interval, by Student's t):\n"
            f"  requests  {_range(rest.requests)}\n"
            f"  tokens    {_range(rest.tokens)}\n"
            f"  USD       {_range(rest.usd, money=True) if priced else NO_PRICES}",
            highlight=False,
        )
    if found.batched:
        console.print(f"The prediction uses the batch prices of {', '.join(found.batched)}.", highlight=False)
    console.print(
        "The completions of these chains are in the completion cache; the run does not pay for them again.",
        highlight=False,
    )


def _range(value: Range, *, money: bool = False) -> str:
    def text(number: float) -> str:
        if math.isinf(number):
            return "unknown"
        return f"{number:.4f}" if money else short_count(number)

    return f"{text(value.expected)}  ({text(value.low)} to {text(value.high)})"
