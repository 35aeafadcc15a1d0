"""The two-stage way over a strong model's recorded answers, through the real client."""

import random
from collections.abc import Iterator

import pytest

from stepsmith.core.answers import code_blocks
from stepsmith.core.records import Example, Solution
from stepsmith.judge.checkers.trial import checker_fault
from stepsmith.llm.gateway import EndpointModel
from stepsmith.llm.parsing import ParseFailure
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.two_stage.inputs import InputWriter, Validator
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import WrittenStatement, statement_parser
from stepsmith.verify.formats.problems import Candidate, VerifyProblem
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.verifier import VerifyOptions, verify_problem
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
    read = read_statement(recorded_reply(server, title))
    assert not isinstance(read, ParseFailure), read.detail
    return read


def recorded_reply(server: ReplayServer, title: str) -> str:
    replies = [e.answers[0][0] for e in server.exchanges if e.kind.startswith("statement")]
    return [reply for reply in replies if title in reply][-1]


def read_statement(reply: str) -> WrittenStatement | ParseFailure:
    style = "leetcode" if "<starter_code>" in reply else "atcoder"
    return statement_parser(style, TwoStageSettings())(reply)  # type: ignore[arg-type]


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
    for title in [*titles, "Far Repeats"]:
        assert recorded_statement(server, title).title == title


@pytest.mark.parametrize("title", ["Cutting with Cancellation", "Storage Ledger", "Tight Blocks", "Replenished Store"])
def test_validators_of_a_strong_model_accept_their_samples(server, judge, title):
    assert Validator(judge, recorded_statement(server, title)).fault() is None


# What the teacher might have added to "find a shortest sequence of presses".
LIGHTS_CHECKER = """
<checker>
def check(given, output, answer):
    words = given.split()
    n, m, k = map(int, words[:3])
    state, target, buttons, blown = words[3], words[4], words[5 : 5 + m], set(words[5 + m :])
    try:
        said, best = [int(word) for word in output.split()], int(answer.split()[0])
    except ValueError:
        return False
    if best <= 0:
        return said == [best]
    if said[:1] != [best] or len(said) != best + 1:
        return False
    for press in said[1:]:
        if not 1 <= press <= m:
            return False
        flips = buttons[press - 1]
        state = "".join((".#"[lamp == "."]) if flip == "#" else lamp for lamp, flip in zip(state, flips))
        if state in blown:
            return False
    return state == target
</checker>
"""


@pytest.fixture(scope="module")
def lights(server, writer, judge) -> tuple[WrittenStatement, list[Solution], list[str]]:
    """A recorded problem with several right answers, with the programs of four solvers and the prompted inputs."""
    statement = read_statement(recorded_reply(server, "Premiere Lights") + LIGHTS_CHECKER)
    assert isinstance(statement, WrittenStatement), statement.detail
    asked = [e for e in server.exchanges if e.kind == "solve" and "Premiere Lights" in e.messages[0]]
    texts = [answer[0] for e in asked if e.model != "small" for answer in e.answers]
    programs = [Solution(language="python", code=code_blocks(text)[-1].code) for text in texts]
    settings = TwoStageSettings(generator=False)
    collected = InputWriter(writer, judge, PromptLibrary(), settings).collect(
        statement, statement.text(()), random.Random(1)
    )
    return statement, programs, [item.text for item in collected.inputs]


def test_a_statement_with_several_right_answers_is_sent_back(server):
    failure = read_statement(recorded_reply(server, "Premiere Lights"))
    assert isinstance(failure, ParseFailure)
    assert failure.reason == "many-valid-answers"
    assert "'find a shortest sequence'" in failure.detail
    assert "or give a checker" in failure.detail


@pytest.mark.parametrize("method", ["majority", "dual-verification", "consensus"])
def test_no_method_keeps_it_without_a_checker(lights, judge, method):
    """Three of seven right programs give other shortest sequences than the majority's on 27 of 38 tests."""
    statement, programs, inputs = lights
    problem = VerifyProblem(
        problem_id="lights", interface="stdio", inputs=inputs, statement=statement.body, examples=(),
        candidates=tuple(Candidate(language=p.language, code=p.code) for p in programs),
    )  # fmt: skip
    report = verify_problem(problem, judge, VerifyOptions(method=method, strength=False))
    assert (report.status, report.reason) == ("rejected", "many-valid-answers")


def test_with_a_checker_right_answers_vote_together_and_a_wrong_one_has_no_vote(lights, judge):
    statement, programs, inputs = lights
    matrix = ExecutionMatrix(judge, statement.contract(2.0), programs, inputs)
    assert [len(matrix.clusters(j)) for j in range(len(inputs))] == [1] * len(inputs)
    silent = {i for j in range(len(inputs)) for i in set(range(8)) - set(matrix.clusters(j)[0].members)}
    assert silent == {5}, "it presses the right buttons in an order that blows the fuse"
    answers = [Example(input=text, output=matrix.at(0, j).output) for j, text in enumerate(inputs)]
    assert checker_fault(judge, matrix.contract, answers) == ""
