"""The teacher against a scripted model, with the real sandbox."""

import random
from collections import Counter

import msgspec
import pytest

from stepsmith.core.errors import RequestRefused
from stepsmith.core.records import Lineage, PassRate, Seed, Solution, TestCase
from stepsmith.prompts.library import PromptLibrary
from stepsmith.synth.draft import FailedAttempt, Feedback
from stepsmith.synth.tree.text import starter_tree
from stepsmith.synth.two_stage.draft import TwoStageDraft
from stepsmith.synth.two_stage.settings import TwoStageSettings
from stepsmith.synth.two_stage.teacher import TwoStageTeacher
from tests.synth.two_stage.scripted import ScriptedLLM, ScriptedModel

SEED = Seed(source="s.py", first_line=1, code="import heapq\nfor x in xs:\n    heapq.heappush(h, x)\n")
LINEAGE = Lineage(chain_id="c", turn=1, parent_id=None, change="", direction="new", seed_ref="s")
STYLES = {"codeforces": 0.7, "atcoder": 0.15, "leetcode": 0.15}
SMALL = TwoStageSettings(solutions=3)


def teacher(judge, brain, settings=SMALL, styles=None, writer=None):
    return TwoStageTeacher(
        writer or ScriptedLLM(brain), [ScriptedLLM(brain, "solver"), ScriptedLLM(brain, "second")], judge,
        PromptLibrary(), starter_tree(), styles or STYLES, settings, name="scripted",
    )  # fmt: skip


def proposed(judge, brain, seed=1, environment="induction", **options) -> TwoStageDraft:
    draft = teacher(judge, brain, **options).propose(SEED, environment, random.Random(seed))
    assert isinstance(draft, TwoStageDraft)
    return draft


@pytest.mark.parametrize("style", ["codeforces", "atcoder", "leetcode"])
def test_a_problem_from_a_subtree(judge, style):
    brain = ScriptedModel()
    draft = proposed(judge, brain, styles={style: 1.0})
    assert draft.fault is None, draft.fault
    assert brain.asked == {"plan": 1, "statement": 1, "inputs": 1, "generator": 1, "solve": 2}
    assert draft.statement is not None
    assert draft.contract.interface == ("function" if style == "leetcode" else "stdio")
    kinds = Counter(item.kind for item in draft.inputs)
    assert len(kinds) >= 4, kinds
    texts = [item.text for item in draft.inputs]
    assert len(texts) == len(set(texts)) >= SMALL.min_inputs
    assert texts[:2] == [sample.input for sample in draft.statement.samples]
    assert not any("nonsense" in text for text in texts), "the validator refuses it"
    assert len(draft.candidates) == 3
    validator = Solution(language="python", code=draft.statement.validator)
    runs = judge.execute(validator, draft.statement.validator_contract(), texts)
    assert {(run.verdict.value, run.output if style == "leetcode" else "") for run in runs} == {
        ("AC", "True" if style == "leetcode" else "")
    }
    assert draft.supply is not None
    rng = random.Random(5)
    more = {draft.supply.draw(rng) for _ in range(6)}
    assert len(more) > 1
    assert all(map(draft.supply.allows, more))


def test_the_problem_shows_verified_samples_and_its_features(judge):
    draft = proposed(judge, ScriptedModel(), styles={"codeforces": 1.0})
    tests = [TestCase(input=item.text, output="verified 42\n", kind=item.kind) for item in draft.inputs]
    problem = draft.write(tests, draft.candidates[0], LINEAGE)
    assert problem.statement.count("verified 42") == 2
    assert draft.plan is not None
    assert [(use.category, use.name) for use in problem.features] == [
        ("/".join(path[:-1]), path[-1]) for path in draft.plan.chosen
    ]
    facts = dict(problem.provenance)
    assert facts["teacher_samples_confirmed"] == "0/2"
    assert facts["plan_prompt"].startswith("two_stage/plan@")
    assert "samples 2/2 kept; prompted" in facts["inputs"]
    assert facts["solutions"] == "3 kept"
    assert problem.validator


def test_the_same_generator_state_gives_the_same_draft(judge):
    one, other = (proposed(judge, ScriptedModel(), seed=3) for _ in range(2))
    assert msgspec.structs.replace(one.statement) == other.statement  # type: ignore[type-var]
    assert (one.inputs, one.candidates, one.provenance) == (other.inputs, other.candidates, other.provenance)


@pytest.mark.parametrize(
    ("mistake", "reason"), [("prose", "no-json"), ("short", "statement-too-short"), ("hint", "hint-in-statement")]
)
def test_a_reply_that_stays_unusable_is_a_fault_with_its_text(judge, mistake, reason):
    brain = ScriptedModel(rates={mistake: 1.0})
    draft = proposed(judge, brain)
    assert draft.fault is not None
    assert draft.fault.reason == reason
    assert draft.raw
    stage = "plan" if mistake == "prose" else "statement"
    assert brain.asked[f"{stage}, repair"] == 1
    assert brain.asked["solve"] == 0, "nothing dear is asked for after a fault"
    problem = draft.write([], Solution(language="python", code=""), LINEAGE)
    assert problem.statement == draft.raw


def test_dropped_solutions_are_counted_by_reason(judge):
    draft = proposed(judge, ScriptedModel(rates={"syntax": 1.0}))
    assert draft.fault is not None
    assert (draft.fault.reason, draft.fault.detail) == ("no-candidates", "3 syntax-error")
    draft = proposed(judge, ScriptedModel(rates={"several-blocks": 0.6}), settings=TwoStageSettings(solutions=12))
    assert draft.fault is None
    word = dict(draft.provenance)["solutions"]
    assert f"{len(draft.candidates)} kept" in word
    assert f"{12 - len(draft.candidates)} several-code-blocks" in word


def test_too_few_inputs_and_no_generator(judge):
    brain = ScriptedModel()
    settings = TwoStageSettings(generator=False, prompted_inputs=0)
    draft = proposed(judge, brain, settings=settings)
    assert draft.fault is not None
    assert draft.fault.reason == "too-few-inputs"
    assert set(brain.asked) == {"plan", "statement"}


def test_a_request_that_is_refused_is_a_fault(judge):
    class Refusing:
        def complete(self, *_, **__):
            raise RequestRefused("too long")

    draft = proposed(judge, ScriptedModel(), writer=Refusing())
    assert draft.fault is not None
    assert draft.fault.reason == "request-refused"


@pytest.mark.parametrize("environment", ["abduction", "deduction", "fuzzing"])
def test_the_other_environments_show_functions(judge, environment):
    draft = proposed(judge, ScriptedModel(), environment=environment, settings=TwoStageSettings(solutions=1))
    assert draft.fault is None
    assert draft.contract.interface == "function"


@pytest.mark.parametrize(("direction", "change"), [("harder", 1), ("easier", -1), ("sideways", 0)])
def test_refinement_grows_shrinks_or_exchanges_features(judge, direction, change):
    brain = ScriptedModel()
    settings = TwoStageSettings(least_chosen=3, solutions=1)
    player = teacher(judge, brain, settings)
    first = player.propose(SEED, "induction", random.Random(4))
    feedback = Feedback(
        pass_rate=PassRate(passes=7, attempts=8, low=0.5, high=0.98),
        failed=(FailedAttempt("no readable program", "I tried 'abc'."),),
    )
    second = player.refine(first, feedback, direction, random.Random(5))
    assert isinstance(first, TwoStageDraft)
    assert isinstance(second, TwoStageDraft)
    assert first.plan is not None
    assert second.plan is not None, second.fault
    before, after = set(first.plan.chosen), set(second.plan.chosen)
    assert len(after) - len(before) == change
    assert len(before & after) == (3 if direction == "harder" else 2)
    assert second.direction == direction
    assert "7 of 8 attempts passed" in second.change
    prompt = next(text for text in reversed(brain.prompts) if "You plan" in text)
    assert "a pass rate of 0.88" in prompt
    assert ("(35 to 65 of 100 attempts should succeed)" in prompt) is (direction == "harder")
    assert ("(65 to 97 of 100 attempts should succeed)" in prompt) is (direction == "easier")
    assert "An attempt that failed (no readable program):" in prompt
    assert "I tried 'abc'." in prompt
    assert first.statement is not None
    assert first.statement.title in prompt
    with pytest.raises(TypeError, match="that it wrote"):
        player.refine(object(), feedback, "harder", random.Random(1))  # type: ignore[arg-type]
