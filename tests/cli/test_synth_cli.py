"""What `stepsmith synth` says of itself, of mistakes, and of what it spends."""

import re
from io import StringIO
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner

from stepsmith.cli.main import app
from stepsmith.cli.progress import spent_text
from stepsmith.cli.synth import _spending, _summary
from stepsmith.core.errors import ConfigError
from stepsmith.core.model_outputs import Usage
from stepsmith.llm.money import Spend
from stepsmith.store.manifest import Spending, read_manifest
from tests.report.runs import make_run


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["synth"], r"offline, the NAME of a \[models\.NAME\] table, or an address"),
        (["synth"], r"--method .*teacher-student \(Deep Dive\) or two-stage"),
        (["synth"], r"--strong-solver"),
        (["doctor"], r"Its models \(\[models\.NAME\] tables\) are tried"),
        (["features", "extract"], r"offline, the NAME of a \[models\.NAME\], or an address"),
        (["features", "extract"], r"TOML configuration with \[models\.NAME\] tables"),
        (["features", "evolve"], r"a \[models\.NAME\] of --config"),
    ],
)
def test_tables_are_named_in_the_help(command: list[str], words: str) -> None:
    # Rich takes words in brackets for markup.
    shown = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    assert re.search(words, re.sub(r"[\s│]+", " ", shown)), shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--method", "one-stage"], "is one of: teacher-student, two-stage"),
        (["--method", "two-stage"], "needs a model as teacher"),
        (["--strong-solver", "nobody"], r"no \[models.nobody\]"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is(words: list[str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        CliRunner().invoke(app, ["synth", "--out", "/nonexistent/run", *words], catch_exceptions=False)


def test_tokens_by_stage_with_their_repairs_and_the_cost() -> None:
    def spend(purpose: str, tokens: int, usd: float) -> Spend:
        usage = Usage(prompt_tokens=tokens)
        return Spend(purpose=purpose, model="m", requests=1, completions=1, usage=usage, usd=usd)

    books = [spend("propose", 1200, 0.02), spend("propose, repair", 300, 0.01), spend("attempt", 2_000_000, 0.3)]
    assert spent_text(books) == "attempt 2.0M, propose 1.5k, $0.33"
    assert spent_text([spend("attempt", 10, 0.0)]) == "attempt 10"  # no prices, no cost
    assert spent_text([]) == ""


def test_what_a_run_cost_is_said_in_usd_only_where_prices_are_known() -> None:
    priced = Spending(
        stages=(), tokens=12_000, usd=0.25, tokens_per_accepted=6000.0, usd_per_accepted=0.125, paid_tokens=13_000,
        paid_usd=0.3, unsure_tokens=1000, unsure_usd=0.05,
    )  # fmt: skip
    assert _spending(priced, 2) == (
        "Models: 12.0k tokens, $0.2500; per kept problem 6.0k tokens, $0.12500. "
        "This run paid for 13.0k tokens, $0.3000 (1.0k tokens, $0.0500 of it for lost answers)."
    )
    free = msgspec.structs.replace(priced, usd=0.0, paid_usd=0.0, unsure_tokens=0)
    assert _spending(free, 0) == "Models: 12.0k tokens. This run paid for 13.0k tokens."


@pytest.mark.parametrize(("unreadable", "said"), [(1, False), (4, True)])
def test_many_attempts_that_cannot_be_read_are_told(tmp_path: Path, unreadable: int, said: bool) -> None:
    manifest = read_manifest(make_run(tmp_path / "run", chains=1, turns=1))
    attempts = {"AC": 10, "WA": 10, "none": unreadable}
    console = Console(file=StringIO())
    counts = msgspec.structs.replace(manifest.counts, attempts=attempts)
    _summary(console, msgspec.structs.replace(manifest, counts=counts), tmp_path)
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert ("17% of the student's attempts have no readable answer (4) or were cut off (0)" in told) is said
