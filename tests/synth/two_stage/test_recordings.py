"""The two-stage way over a strong model's recorded answers, through the real client."""

import random
from collections.abc import Iterator

import pytest

from stepsmith.core.answers import code_blocks
from stepsmith.core.records import Example, Lineage, Solution, TestCase
from stepsmith.core.stats import pass_rate
from stepsmith.judge.checkers.trial import checker_fault
from stepsmith.llm.gateway import EndpointModel
from stepsmith.llm.parsing import ParseFailure
from stepsmith.pipeline.claims import check_claims
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import Feedback
from stepsmith.synth.tree.text import starter_tree
from stepsmith.synth.two_stage.draft import TwoStageDraft
from stepsmith.synth.two_stage.inputs import InputWriter, Validator
from stepsmith.synth.two_stage.plan import Plan
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.statement import WrittenStatement, statement_parser
from stepsmith.synth.two_stage.teacher import TwoStageTeacher
from stepsmith.verify.formats.problems import Candidate, VerifyProblem
from stepsmith.verify.labels.consensus import ConsensusSettings, verify_consensus
from stepsmith.verify.matrix import ExecutionMatrix
from stepsmith.verify.verifier import VerifyOptions, verify_problem
from tests.recordings import ReplayServer, load, models, needs_recordings

pytestmark = needs_recordings
PLACE = Lineage(chain_id="c", turn=1, parent_id=None, change="", direction="new", seed_ref="s")


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


# The plan says: "Wrong: keeping for each prefix value only its latest position". It is right: between two positions
# with the same prefix value lies a piece that costs nothing, so the later one is never dearer.
LATEST_ONLY = """
<simpler_solution>
n, limit = map(int, input().split())
a, c = list(map(int, input().split())), list(map(int, input().split()))
best, prefix, latest = [0] * (n + 1), [0] * (n + 1), {0: 0}
for i in range(1, n + 1):
    prefix[i] = prefix[i - 1] ^ a[i - 1]
    best[i] = c[i - 1] + min(best[max(0, i - limit):i])
    j = latest.get(prefix[i], -n - 1)
    if i - j <= limit:
        best[i] = min(best[i], best[j])
    latest[prefix[i]] = i
print(best[n])
</simpler_solution>
<simpler_solution>
n, limit = map(int, input().split())
a, c = list(map(int, input().split())), list(map(int, input().split()))
print(0 if n <= limit and not __import__("functools").reduce(lambda x, y: x ^ y, a) else min(c))
</simpler_solution>
"""


def test_a_claim_that_does_not_hold_and_a_wrong_sample_are_told_to_the_teacher(server, writer, judge):
    statement = read_statement(recorded_reply(server, "Cutting with Cancellation") + LATEST_ONLY)
    assert isinstance(statement, WrittenStatement), statement.detail
    (first, *_) = (e for e in server.exchanges if e.kind == "solve" and "Cutting with" in e.messages[0])
    golden = Solution(language="python", code=code_blocks(first.answers[0][0])[-1].code)
    inputs = [sample.input for sample in statement.samples]
    inputs += ["4 2\n3 3 3 3\n5 1 5 1\n", "6 3\n1 2 3 1 2 3\n9 1 9 1 9 1\n", "3 1\n0 5 0\n4 4 4\n"]
    runs = judge.execute(golden, statement.contract(2.0), inputs)
    tests = [TestCase(input=text, output=run.output) for text, run in zip(inputs, runs, strict=True)]
    plan = Plan(uses=(), chosen=(("algorithm", "sorting"),), strategy="As recorded, in its words.")
    draft = TwoStageDraft(
        environment="induction", direction="new", change="", statement=statement, plan=plan, judge=judge
    )
    problem, passing = check_claims(draft.claimed_wrong, draft.write(tests, golden, PLACE), judge)
    assert dict(problem.provenance)["claimed_wrong"] == "AC, WA"
    assert dict(problem.provenance)["teacher_samples_confirmed"] == "2/3"
    assert [one.origin for one in problem.wrong] == ["claimed by the teacher: WA"]
    assert passing == statement.simpler[:1]
    teacher = TwoStageTeacher(
        writer, [writer], judge, PromptLibrary(), starter_tree(), {"atcoder": 1.0}, TwoStageSettings(), name="t"
    )
    feedback = Feedback(pass_rate=pass_rate(2, 3), settled=problem.examples, refuted=passing)
    before = len(server.prompts)
    teacher.refine(draft, feedback, "harder", random.Random(1))
    prompt = server.prompts[before][0]
    shown, _, told = prompt.partition("had given other ones, which were wrong:")
    assert "### Sample 1\n\nInput\n\n```text\n5 2\n1 1 2 3 1\n4 1 5 2 3\n```\n\nOutput\n\n```text\n5\n```" in shown
    assert "Input:\n5 2\n1 1 2 3 1\n4 1 5 2 3\nYour output:\n6\nRight output:\n5" in told
    assert told.count("Your output:") == 1
    assert statement.simpler[0] in told
    assert "It passes every test of the problem" in told


def test_a_problem_whose_generator_fails_for_good_is_under_tested(server, writer, judge):
    """CYaRon's Vector gives points, and distinct ones; the recorded program took them for numbers, twice."""
    before = len(server.prompts)
    statement = recorded_statement(server, "Storage Ledger")
    collected = InputWriter(writer, judge, PromptLibrary(), TwoStageSettings()).collect(
        statement, statement.text(()), random.Random(1)
    )
    asked = [messages for messages in server.prompts[before:] if "generates test inputs" in messages[0]]
    assert "a list of *distinct* points" in asked[0][0]
    assert "may take 10 seconds" in asked[0][0]
    assert "TypeError: %d format: a real number is required, not list" in asked[1][-1], "the traceback"
    why = collected.under_tested(TwoStageSettings().large_input_chars)
    assert "5000 characters" in why
    assert "can not generate unique vectors" in why


@pytest.mark.parametrize("title", ["Cutting with Cancellation", "Storage Ledger"])
def test_right_goldens_of_strong_solvers_are_not_refused(server, writer, judge, title):
    """As votes of a weak sampler they are worth .80 at most, which is too little for a target of .02."""
    statement = recorded_statement(server, title)
    asked = [e for e in server.exchanges if e.kind == "solve" and f"# {title}" in e.messages[0] and e.model != "small"]
    texts = [answer[0] for e in asked for answer in e.answers]
    programs = [Solution(language="python", code=code_blocks(text)[-1].code) for text in texts]
    inputs = InputWriter(writer, judge, PromptLibrary(), TwoStageSettings(generator=False)).collect(
        statement, statement.text(()), random.Random(1)
    )
    matrix = ExecutionMatrix(judge, statement.contract(2.0), programs, [item.text for item in inputs.inputs])
    strong = verify_consensus(matrix, settings=ConsensusSettings(population="strong-solvers"))
    weak = verify_consensus(matrix, settings=ConsensusSettings())
    assert (strong.status, weak.reason) == ("accepted", "low-confidence"), strong.detail
    assert weak.confidence < 0.85 < 0.96 < strong.confidence
    assert strong.golden == weak.golden == 0
