"""Teacher and student over a strong model's recorded answers, through the real client and a real judge."""

import random
from collections.abc import Iterator

import pytest

from stepsmith.core.records import Problem, Seed, TestCase, Verdict
from stepsmith.core.stats import pass_rate
from stepsmith.envs import ENVIRONMENTS
from stepsmith.llm.gateway import EndpointModel
from stepsmith.pipeline.building import Building, label
from stepsmith.pipeline.config import Config, SynthSettings
from stepsmith.pipeline.rating import rate
from stepsmith.prompts.library import PromptLibrary
from stepsmith.scoring.scorer import Scorer
from stepsmith.synth.draft import Feedback
from stepsmith.synth.llm.draft import LLMDraft
from stepsmith.synth.llm.student import LLMStudent
from stepsmith.synth.llm.teacher import LLMTeacher
from tests.recordings import Exchange, ReplayServer, load, models, needs_recordings
from tests.synth.llm.test_teacher import PLACE, PLAIN

pytestmark = needs_recordings


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(load("teacher_student.jsonl")) as server:
        yield server


@pytest.fixture(scope="module")
def model(server: ReplayServer) -> Iterator[EndpointModel]:
    with models(server, "claude-helper") as (model,):
        yield model


def seed_of(exchange: Exchange) -> Seed:
    text = exchange.messages[0].partition("Here is a window of real Python code.\n\n")[2]
    fence = text[: text.index("python\n")]
    return Seed(source="s.py", first_line=1, code=text.removeprefix(f"{fence}python\n").partition(f"\n{fence}")[0])


def proposal(server: ReplayServer, id: str) -> Exchange:
    return next(exchange for exchange in server.exchanges if exchange.id == id)


def verdicts(model: EndpointModel, judge, draft: LLMDraft) -> list[str]:
    """What became of the recorded attempts on a draft's problem."""
    problem = problem_of(draft)
    environment = ENVIRONMENTS[problem.environment]
    found = []
    for attempt in LLMStudent(model, "s").attempts(draft, problem, random.Random(1))(4):
        answer = environment.parse(problem, attempt.text)
        judged = environment.judge(judge, problem, answer, stop_at_first_failure=True) if answer else None
        found.append(judged.verdict.value if judged else "cut off" if attempt.truncated else "no answer")
    return found


def problem_of(draft: LLMDraft) -> Problem:
    """A draft's problem as it was when the attempts were recorded."""
    assert draft.fault is None, draft.fault
    tests = [TestCase(input=i.text, output=o) for i, o in zip(draft.inputs, draft.outputs, strict=True)]
    base = draft.write(tests, draft.program, PLACE)
    if draft.environment in ("abduction", "deduction"):
        base = draft.write([tests[0]], draft.program, PLACE)  # the recorded attempts are on the first input
    problem = draft.derive(base, (), random.Random(1))
    assert problem is not None
    return problem


@pytest.mark.parametrize(
    ("id", "environment", "expected"),
    [
        ("0001", "deduction", ["AC", "AC", "WA", "AC"]),  # without quotes; behind "Answer:"
        ("0002", "fuzzing", ["AC", "AC", "WA", "AC"]),  # as a call; as JSON
        ("0003", "induction", ["AC", "WA", "AC", "RTE"]),
        ("0004", "abduction", ["AC", "AC", "WA", "AC"]),  # as an assignment
        ("0026", "induction", ["AC", "AC", "AC", "WA"]),  # as a class; the second is wrong on further inputs alone
        ("0032", "induction", ["WA", "WA", "RTE", "no answer"]),
    ],
)
def test_attempts_are_read_as_they_are_meant(server, model, judge, id, environment, expected):
    teacher = LLMTeacher(model, judge, PromptLibrary(), PLAIN, name="t")
    draft = teacher.propose(seed_of(proposal(server, id)), environment, random.Random(1))
    assert verdicts(model, judge, draft) == expected


def refined(server: ReplayServer, model: EndpointModel, judge, id: str, turns: int) -> LLMDraft:
    """The draft after some refinements of a recorded proposal."""
    exchange = proposal(server, id)
    teacher = LLMTeacher(model, judge, PromptLibrary(), PLAIN, name="t")
    draft = teacher.propose(seed_of(exchange), exchange.kind.split()[1], random.Random(1))
    for _ in range(turns):
        draft = teacher.refine(draft, Feedback(pass_rate=pass_rate(2, 4)), "harder", random.Random(1))
    return draft


@pytest.mark.parametrize(
    ("id", "turns", "expected"),
    [
        ("0002", 1, ["AC", "WA", "AC", "AC"]),  # as two assignments
        ("0003", 1, ["AC", "WA", "WA", "cut off"]),
        ("0004", 1, ["AC", "WA", "no answer", "WA"]),
        ("0004", 2, ["AC", "AC", "WA", "AC"]),  # by keywords; on two lines
    ],
)
def test_attempts_on_refined_problems(server, model, judge, id, turns, expected):
    assert verdicts(model, judge, refined(server, model, judge, id, turns)) == expected


@pytest.mark.parametrize(
    ("id", "reasons", "shown"),
    [
        ("0001", ["answered 'd0.c.b/' where 'd0.c.b/a' is right, for f('a.b.c.d', [2, 0, 4, 1])"],
         "The student was shown the input f('a.b.c.d', [2, 0, 4, 1])."),
        ("0002", ["answered f('a(+b)c'), for which test_f returns True"], ""),
        ("0003", [f"{what} on input 1, f(3, [1, 2, 3], [1, 3, 4, 10]){place}" for what, place in (
                      ("returned something else than [4, 6, 10, 22]", " ([2]: expected 10, got 7)"),
                      ("failed with IndexError: list index out of range", ""))],
         "Of the inputs above the student was shown f(3, [1, 2, 3], [1, 3, 4, 10]); f(6, [2, 3, 5], [3, 4, 9, 10, "),
        ("0004", ["answered f([2, 3, 4, 1, 5, 2]), but the program returns [12, 11, 10, 13, 10, 12] on it"],
         "The student was shown the output of f([3, 2, 4, 1, 5, 2]), and not this input."),
    ],
)  # fmt: skip
def test_the_teacher_is_told_why_attempts_failed(server, model, judge, id, reasons, shown):
    draft = refined(server, model, judge, id, 0)
    student = LLMStudent(model, "s", limit=4096)
    feedback = rate(student, draft, problem_of(draft), 4, Scorer(judge), random.Random(1)).feedback
    assert [attempt.why for attempt in feedback.failed] == reasons
    before = len(server.prompts)
    LLMTeacher(model, judge, PromptLibrary(), PLAIN, name="t").refine(draft, feedback, "harder", random.Random(1))
    prompt = server.prompts[before][0]
    assert all(f"An attempt that failed ({why}):" in prompt for why in reasons)
    assert shown in prompt


def test_a_formula_in_the_message_is_sent_back(server, model, judge):
    before = len(server.prompts)
    refined(server, model, judge, "0026", 1)
    repairs = [messages[-1] for messages in server.prompts[before:] if len(messages) > 1]
    assert any("a formula of the program, '10 * depth + position'; say it in words" in text for text in repairs)


def test_what_was_paid_for_twice_is_not_any_more(server, model, judge):
    """A message that was missing, or behind a label, and arguments in a list were sent back."""
    before = server.asked.copy()
    assert refined(server, model, judge, "0004", 1).fault is None
    assert refined(server, model, judge, "0001", 1).fault is None
    assert not any("repair" in kind for kind in server.asked - before)


def test_a_gate_sends_the_detail_back(server, model, judge):
    """The last refinement of this chain fails on one of its own inputs."""
    exchange = proposal(server, "0031")
    before = len(server.prompts)
    teacher = LLMTeacher(model, judge, PromptLibrary(), PLAIN, name="t")
    teacher._draft(exchange.messages[0], "refine", "teacher/refine", "induction", "harder", "")
    repairs = [messages[-1] for messages in server.prompts[before:] if len(messages) > 1]
    assert any("KeyError: 'p.q' in line 17, `freed = held.pop(name)`" in text for text in repairs), repairs


def test_golden_answers_of_what_is_kept_are_right(server, model, judge):
    for id in ("0001", "0002", "0003", "0004", "0026", "0032"):
        draft = refined(server, model, judge, id, 0)
        tests = [TestCase(input=i.text, output=o) for i, o in zip(draft.inputs, draft.outputs, strict=True)]
        problem = draft.derive(draft.write(tests, draft.program, PLACE), (), random.Random(1))
        assert problem is not None
        environment = ENVIRONMENTS[problem.environment]
        assert environment.judge(judge, problem, environment.golden(problem)).verdict is Verdict.AC


def test_a_wrong_program_that_five_inputs_let_through_fails_on_varied_ones(server, model, judge):
    draft = refined(server, model, judge, "0026", 0)
    config = Config(synth=SynthSettings(teacher="t"))
    problem = label(Building(draft, PLACE, config, judge, Scorer(judge), random.Random(1)))
    assert isinstance(problem, Problem), problem.detail
    assert len(problem.tests) == 24
    environment = ENVIRONMENTS["induction"]
    found = []
    for attempt in LLMStudent(model, "s").attempts(draft, problem, random.Random(1))(4):
        answer = environment.parse(problem, attempt.text)
        assert answer is not None
        found.append(environment.judge(judge, problem, answer, stop_at_first_failure=True).verdict.value)
    assert found == ["AC", "WA", "AC", "WA"], "five inputs said that the second is right"
