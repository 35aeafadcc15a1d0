"""The two-stage way over a strong model's recorded answers, through the real client."""

import random
from collections.abc import Iterator

import pytest

from stepsmith.llm.gateway import EndpointModel
from stepsmith.llm.parsing import ParseFailure
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.two_stage.inputs import InputWriter, Validator
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import WrittenStatement, statement_parser
from tests.recordings import ReplayServer, load, models, needs_recordings

pytestmark = needs_recordings


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(load("two_stage.jsonl")) as server:
        yield server


@pytest.fixture(scope="module")
def writer(server: ReplayServer) -> Iterator[EndpointModel]:
    with models(server, "strong") as (model,):
        yield model


def recorded_statement(server: ReplayServer, title: str) -> WrittenStatement:
    """The last statement of that title that was recorded."""
    texts = [e.answers[0][0] for e in server.exchanges if e.kind.startswith("statement") and title in e.answers[0][0]]
    style = "leetcode" if "<starter_code>" in texts[-1] else "atcoder"
    read = statement_parser(style, TwoStageSettings())(texts[-1])  # type: ignore[arg-type]
    assert not isinstance(read, ParseFailure), read.detail
    return read


def test_inputs_that_are_no_json_are_sent_back_with_the_place(server, writer, judge):
    statement = recorded_statement(server, "Far Repeats")
    before = len(server.prompts)
    settings = TwoStageSettings(generator=False)
    collected = InputWriter(writer, judge, PromptLibrary(), settings).collect(
        statement, statement.text(()), random.Random(1)
    )
    first, repair = server.prompts[before:]
    assert "nothing that would have to be computed" in first[0]
    assert "[1, 2] * 100" in repair[-1]
    assert collected.counts["prompted"] == (15, 15)
    assert not collected.notes


def test_statements_of_a_strong_model_pass_the_filters(server):
    titles = ["Cutting with Cancellation", "Storage Ledger", "Tight Blocks", "Replenished Store", "Repair Contracts"]
    for title in [*titles, "Far Repeats", "Premiere Lights"]:
        assert recorded_statement(server, title).title == title


@pytest.mark.parametrize("title", ["Cutting with Cancellation", "Storage Ledger", "Tight Blocks", "Replenished Store"])
def test_validators_of_a_strong_model_accept_their_samples(server, judge, title):
    assert Validator(judge, recorded_statement(server, title)).fault() is None
