"""Deep Dive's teacher around a model that answers from a list, with a real judge."""

import random
from collections.abc import Iterator, Sequence

import pytest

from stepsmith.core.errors import RequestRefused
from stepsmith.core.model_outputs import ModelOutput, Usage
from stepsmith.core.records import Environment, Example, Lineage, Problem, Rejection, Seed, Solution, TestCase, Verdict
from stepsmith.core.stats import pass_rate
from stepsmith.envs import ENVIRONMENTS
from stepsmith.envs.literals import call_text
from stepsmith.judge.local import LocalJudge
from stepsmith.llm.records import Message, Sampling
from stepsmith.pipeline.building import Building, build_problem
from stepsmith.pipeline.config import Config
from stepsmith.prompts.library import PromptLibrary
from stepsmith.scoring.scorer import Scorer
from stepsmith.synth.draft import FailedAttempt, Feedback
from stepsmith.synth.llm.draft import LLMDraft
from stepsmith.synth.llm.student import LLMStudent
from stepsmith.synth.llm.teacher import LLMTeacher
from stepsmith.synth.progression import Progression
from tests.synth.llm.test_reply import reply

SEED = Seed(source="heapq.py", first_line=3, code="def push(heap, item):\n    heap.append(item)\n")
PLAIN, DOWN = Progression(), Progression(hard_first=True)
PLACE = Lineage(chain_id="c", turn=1, parent_id=None, change="", direction="new", seed_ref="heapq.py:3-4")
CODE = "def f(xs, k=2):\n    return sorted(x * k for x in xs)[1:]"
INPUTS = ("[1, 2], 3", "[4, 4, 1]", "[5, 6], 4", "[], 5", "[9, 7, 8]")
FUZZING_CODE = (
    "def f(xs):\n    return xs[1:] + xs[:2]\n\n\n"
    "def pre_test_f(xs):\n    return isinstance(xs, list)\n\n\n"
    "def test_f(xs):\n    return sorted(f(xs)) == sorted(xs)"
)
FUZZING_INPUTS = ("[]", "[1]", "[2, 2]", "[3, 5]", "[7, 1, 2]")
MESSAGE = "Scale every height, and leave out the lowest."


class Listed:
    """A model that gives its answers one after the other, and remembers what it was asked."""

    def __init__(self, *answers: str | Exception, finish_reason: str = "stop") -> None:
        self.answers = list(answers)
        self.finish_reason = finish_reason
        self.asked: list[tuple[Message, ...]] = []
        self.purposes: list[str] = []

    def complete(
        self,
        messages: Sequence[Message],
        n: int = 1,
        sampling: Sampling | None = None,
        purpose: str = "",
        *,
        first: int = 0,
    ) -> list[ModelOutput]:
        self.asked.append(tuple(messages))
        self.purposes.append(purpose)
        made = []
        for sample in range(n):
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            made.append(
                ModelOutput(content=answer, finish_reason=self.finish_reason, model="m", sample=sample, usage=Usage())
            )
        return made


@pytest.fixture(scope="module")
def judge() -> Iterator[LocalJudge]:
    with LocalJudge() as judge:
        yield judge


def teacher(judge: LocalJudge, llm: Listed, *solvers: Listed, progression: Progression = PLAIN) -> LLMTeacher:
    return LLMTeacher(llm, judge, PromptLibrary(), progression, name="t", solvers=solvers)


def propose(judge: LocalJudge, *answers: str | Exception, environment: Environment = "induction") -> LLMDraft:
    draft = teacher(judge, Listed(*answers)).propose(SEED, environment, random.Random(1))
    assert isinstance(draft, LLMDraft)
    return draft


def good(code: str = CODE, inputs: tuple[str, ...] = INPUTS, message: str = MESSAGE) -> str:
    return reply(code, inputs, message)


def test_a_good_reply_becomes_a_draft_with_outputs_by_execution(judge: LocalJudge) -> None:
    llm = Listed(good())
    draft = teacher(judge, llm).propose(SEED, "induction", random.Random(1))
    assert isinstance(draft, LLMDraft)
    assert draft.fault is None
    given = [f"({text}{',' * text.endswith(']')})" for text in INPUTS]
    right = dict(zip(given, ("[6]", "[8, 8]", "[24]", "[]", "[16, 18]"), strict=True))
    assert dict(zip([item.text for item in draft.inputs], draft.outputs, strict=True)) == right
    assert [item.text for item in draft.inputs] != given, "the order is drawn: the first three are shown"
    assert draft.executions == 10
    assert draft.defining
    assert draft.candidates == (draft.program,)
    assert SEED.code.strip() in llm.asked[0][0].content
    assert llm.purposes == ["propose"]
    assert dict(draft.provenance)["prompt"].startswith("teacher/propose@")


def test_the_problem_shows_three_examples_and_hides_the_program(judge: LocalJudge) -> None:
    draft = propose(judge, good())
    tests = [TestCase(input=i.text, output=o) for i, o in zip(draft.inputs, draft.outputs, strict=True)]
    problem = draft.write(tests, draft.program, PLACE)
    prompt = ENVIRONMENTS["induction"].render(problem)
    shown = [prompt.count(f"{call_text('f', test.input)} -> {test.output}\n") for test in tests]
    assert shown == [1, 1, 1, 0, 0]
    assert "sorted" not in prompt
    assert problem.title == MESSAGE.rstrip(".")
    assert problem.starter_code.startswith("def f(xs, k):")
    brief = ENVIRONMENTS["induction"].brief(problem)
    assert prompt.startswith(brief.rstrip())
    assert brief.endswith("on the inputs that follow and on others.\n")


def test_one_request_for_repair_that_shows_the_fault(judge: LocalJudge) -> None:
    llm = Listed(good(inputs=INPUTS[:3]), good())
    draft = teacher(judge, llm).propose(SEED, "induction", random.Random(1))
    assert draft.fault is None
    assert llm.purposes == ["propose", "propose, repair"]
    question, said, again = llm.asked[1]
    assert question == llm.asked[0][0]
    assert said.role == "assistant"
    assert "there are 3 complete input blocks" in again.content


def test_each_reason_is_sent_back_once_and_two_repairs_are_the_most(judge: LocalJudge) -> None:
    failing = good(code="def f(xs, k=2):\n    return xs[1]")
    llm = Listed("No.", failing, good())
    assert teacher(judge, llm).propose(SEED, "induction", random.Random(1)).fault is None
    assert llm.purposes == ["propose", "propose, repair", "propose, repair"]
    last = Listed("No.", failing, good(message="As before."), good())
    fault = teacher(judge, last).propose(SEED, "induction", random.Random(1)).fault
    assert fault is not None
    assert fault.reason == "message-not-alone"
    assert len(last.answers) == 1


def test_after_one_repair_the_reply_is_kept_with_its_reason(judge: LocalJudge) -> None:
    draft = propose(judge, "No.", "Still no.")
    assert draft.fault is not None
    assert draft.fault.reason == "no-code"
    problem = draft.write([], Solution(language="python", code=""), PLACE)
    assert problem.statement == "Still no."
    assert problem.environment == "induction"


def test_a_refused_request_is_a_fault(judge: LocalJudge) -> None:
    draft = propose(judge, RequestRefused("too long"))
    assert draft.fault is not None
    assert draft.fault.reason == "request-refused"


@pytest.mark.parametrize("environment", ["abduction", "deduction"])
def test_value_environments_show_the_program_and_one_case(judge: LocalJudge, environment: Environment) -> None:
    draft = propose(judge, good(), environment=environment)
    tests = [TestCase(input=i.text, output=o) for i, o in zip(draft.inputs, draft.outputs, strict=True)]
    problem = draft.derive(draft.write(tests, draft.program, PLACE), (), random.Random(4))
    assert problem is not None
    assert problem.environment == environment
    assert len(problem.tests) == 1
    rules = ENVIRONMENTS[environment]
    assert rules.judge(judge, problem, rules.golden(problem)).verdict is Verdict.AC
    assert MESSAGE not in rules.render(problem)


def test_refinement_tells_how_the_last_problem_went(judge: LocalJudge) -> None:
    llm = Listed(good(), good(code=CODE.replace("[1:]", "[:-1]")))
    asker = teacher(judge, llm)
    first = asker.propose(SEED, "induction", random.Random(1))
    feedback = Feedback(
        pass_rate=pass_rate(30, 32),
        solved=("I SOLVED IT",),
        failed=(FailedAttempt("returned 7 where 8 is right", "I FAILED"),),
        shown="f([4, 4, 1])",
    )
    second = asker.refine(first, feedback, "harder", random.Random(2))
    prompt = llm.asked[1][0].content
    for part in (
        CODE,
        "f([4, 4, 1]) -> [8, 8]",
        MESSAGE,
        "30 succeeded",
        "0.94",
        "I SOLVED IT",
        "I FAILED",
        "failed (returned 7 where 8 is right):",
        "the student was shown f([4, 4, 1]).",
    ):
        assert part in prompt
    assert "**harder**: 35 to 65 of 100" in prompt
    assert "stand alone" in prompt
    assert SEED.code not in prompt
    assert second.direction == "harder"
    assert second.change == "Asked for a harder problem after 30 of 32 attempts passed."


def test_the_aim_is_the_stone_that_the_chain_lacks(judge: LocalJudge) -> None:
    llm = Listed(good(), *[good(code=CODE.replace("[1:]", "[:-1]"))] * 2)
    asker = teacher(judge, llm)
    first = asker.propose(SEED, "induction", random.Random(1))
    for held, aim in ((frozenset(), "35 to 65 of 100"), (frozenset({"medium"}), "65 to 97 of 100")):
        feedback = Feedback(pass_rate=pass_rate(6, 32), held=held)  # type: ignore[arg-type]
        asker.refine(first, feedback, "easier", random.Random(2))
        assert f"**easier**: {aim}" in llm.asked[-1][0].content


def test_the_teacher_is_told_where_its_program_was_outvoted(judge: LocalJudge) -> None:
    llm = Listed(good(), good(code=CODE.replace("[1:]", "[:-1]")))
    asker = teacher(judge, llm)
    first = asker.propose(SEED, "induction", random.Random(1))
    assert isinstance(first, LLMDraft)
    assert first.reply is not None
    settled = [
        Example(input=text, output=output) for text, output in zip(first.reply.inputs, first.outputs, strict=True)
    ]
    settled[1] = Example(input=settled[1].input, output="['other']")
    asker.refine(first, Feedback(pass_rate=pass_rate(9, 32), settled=tuple(settled)), "easier", random.Random(2))
    prompt = llm.asked[1][0].content
    assert f"{first.cases[1][0]} -> ['other'], not {first.outputs[1]}" in prompt
    assert f"{first.cases[0][0]} -> {first.outputs[0]}, not" not in prompt


def test_the_same_place_in_another_turn_is_asked_in_other_words(judge: LocalJudge) -> None:
    """Otherwise the memory would answer a second try with the reply that failed."""
    llm = Listed("No.", "No.", good())
    asker = teacher(judge, llm)
    asker.propose(SEED, "induction", random.Random(1))
    asker.propose(SEED, "induction", random.Random(2))
    assert llm.asked[0] != llm.asked[2]


def test_a_chain_from_hard_down_begins_hard(judge: LocalJudge) -> None:
    llm = Listed(good())
    teacher(judge, llm, progression=DOWN).propose(SEED, "induction", random.Random(1))
    assert "in 5 to 16 of 100 attempts" in llm.asked[0][0].content


def test_solvers_see_the_problem_and_vote(judge: LocalJudge) -> None:
    right, mute = Listed(f"```python\n{CODE}\n```"), Listed("I give up.")
    draft = teacher(judge, Listed(good()), right, mute, Listed(RequestRefused("no"))).propose(
        SEED, "induction", random.Random(1)
    )
    assert isinstance(draft, LLMDraft)
    assert draft.reply is not None
    assert [candidate.code.strip() for candidate in draft.candidates] == [CODE, CODE]
    assert not draft.defining
    shown = zip(draft.reply.inputs[:3], draft.outputs[:3], strict=True)
    assert draft.examples == tuple(Example(input=text, output=output) for text, output in shown)
    prompt = right.asked[0][0].content
    outputs = zip(draft.reply.inputs, draft.outputs, strict=True)
    assert [f"{call_text('f', text)} -> {output}\n" in prompt for text, output in outputs] == [True] * 3 + [False] * 2
    assert right.purposes == ["solve"]


def test_solvers_that_all_give_up_confirm_nothing(judge: LocalJudge) -> None:
    draft = teacher(judge, Listed(good()), Listed("I give up.")).propose(SEED, "induction", random.Random(1))
    assert draft.candidates == (Solution(language="python", code=CODE + "\n"),)
    assert not draft.defining  # one vote is what consensus makes of it, not a definition


def test_solvers_are_not_asked_about_what_is_faulty_or_shows_its_program(judge: LocalJudge) -> None:
    for answer, environment in ((good(message="As before."), "induction"), (good(), "deduction")):
        solver = Listed()
        teacher(judge, Listed(answer, answer), solver).propose(SEED, environment, random.Random(1))  # type: ignore[arg-type]
        assert solver.asked == []


def test_a_student_sees_the_rendered_problem_alone(judge: LocalJudge) -> None:
    draft = propose(judge, good())
    tests = [TestCase(input=i.text, output=o) for i, o in zip(draft.inputs, draft.outputs, strict=True)]
    problem: Problem = draft.write(tests, draft.program, PLACE)
    llm = Listed("<think>hm</think>a", "b", finish_reason="length")
    attempts = LLMStudent(llm, "s").attempts(draft, problem, random.Random(1))(2)
    assert [(attempt.text, attempt.truncated) for attempt in attempts] == [("a", True), ("b", True)]
    assert [message.content for message in llm.asked[0]] == [ENVIRONMENTS["induction"].render(problem)]
    assert len(llm.asked) == 1  # all samples in one request


def test_a_reject_keeps_the_environment_that_it_was_headed_for(judge: LocalJudge) -> None:
    draft = propose(judge, good(code="def f(xs, k=2):\n    return 7"), environment="abduction")
    build = Building(draft, PLACE, Config(), judge, Scorer(judge), random.Random(1))
    result = build_problem(build, LLMStudent(Listed(), "s")).result
    assert isinstance(result, Rejection)
    assert (result.reason, result.problem.environment) == ("constant-output", "abduction")
