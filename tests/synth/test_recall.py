"""From a problem's record back to a draft that a teacher can refine."""

import ast
import random

import msgspec
import pytest

from stepsmith.core.records import Lineage, Problem, Seed, Solution, Style
from stepsmith.judge.local import LocalJudge
from stepsmith.synth.exercises import exercise
from stepsmith.synth.grammar.compose import compose
from stepsmith.synth.grammar.composition import difficulty
from stepsmith.synth.offline import COMPOSITION, OfflineDraft, OfflineTeacher, draft_from_problem
from stepsmith.synth.skill import SkillModel
from tests.records import a_problem

SEED = Seed(source="heapq.py", first_line=3, code="def push(heap, item):\n    heap.append(item)\n    heap.sort()\n")
PLACE = Lineage(chain_id="c", turn=3, parent_id="p", change="more", direction="harder", seed_ref="heapq.py:3-5")


def teacher(profile: str, style: Style) -> OfflineTeacher:
    return OfflineTeacher(profile, {style: 1.0}, 1, SkillModel())  # type: ignore[arg-type]


def written(draft: OfflineDraft) -> Problem:
    return draft.write((), Solution(language="python", code=draft.candidates[0].code), PLACE)


@pytest.mark.parametrize(("profile", "style"), [("contest", "codeforces"), ("contest", "leetcode"), ("micro", "leetcode")])  # fmt: skip  # noqa: E501
def test_the_offline_teacher_goes_on_where_a_record_stands(profile: str, style: Style) -> None:
    plays = teacher(profile, style)
    for seed in range(8):
        draft = plays.propose(SEED, "induction", random.Random(seed))
        assert isinstance(draft, OfflineDraft)
        back = draft_from_problem(msgspec.json.decode(msgspec.json.encode(written(draft)), type=Problem))
        assert back is not None
        assert back.composition == draft.composition
        assert (back.style, back.environment, back.direction, back.change) == (style, "induction", "harder", "more")
        refined = plays.refine(back, None, "harder", random.Random(seed))
        assert isinstance(refined, OfflineDraft)
        assert difficulty(refined.composition) > difficulty(back.composition)


def test_a_record_that_says_something_else_is_left_alone() -> None:
    draft = teacher("contest", "leetcode").propose(SEED, "induction", random.Random(1))
    assert isinstance(draft, OfflineDraft)
    problem, other = written(draft), compose(random.Random(2))
    text = msgspec.json.encode(draft.composition, order="deterministic").decode()
    gone = text.replace(f'"{draft.composition.steps[0].feature}"', '"a feature of yesterday"')
    assert draft_from_problem(problem)
    for change in (
        {"provenance": ()},
        {"features": problem.features[1:]},
        {"validator": problem.validator + "\n# other bounds"},
        {"provenance": ((COMPOSITION, msgspec.json.encode(other).decode()),)},
        {"provenance": ((COMPOSITION, gone),), "features": ()},
        {"provenance": ((COMPOSITION, "{"),)},
    ):
        assert draft_from_problem(msgspec.structs.replace(problem, **change)) is None
    assert draft_from_problem(a_problem()) is None


@pytest.mark.parametrize("environment", ["induction", "abduction", "deduction", "fuzzing"])
def test_a_model_is_shown_what_it_would_have_written(environment: str, judge: LocalJudge) -> None:
    pytest.importorskip("openai")
    from stepsmith.synth.llm.from_problem import draft_from_problem as recalled_for_a_model

    problem = next(
        problem
        for seed in range(50)
        if (problem := exercise(compose(random.Random(seed), steps=2), environment, random.Random(seed), judge))  # type: ignore[arg-type]
    )
    assert problem.contract.entry_point != "f" or environment == "fuzzing"
    draft = recalled_for_a_model(problem)
    assert draft is not None
    assert draft.reply is not None
    names: dict[str, object] = {}
    exec(draft.reply.code, names)
    assert {"f", "pre_test_f", "test_f"} & names.keys() == (
        {"f", "pre_test_f", "test_f"} if environment == "fuzzing" else {"f"}
    )
    assert draft.reply.parameters
    assert draft.cases or environment == "fuzzing"
    for call, output in draft.cases:
        assert eval(call, names) == ast.literal_eval(output)
    for test in problem.tests[:1] if environment == "induction" else ():
        assert test.output not in draft.reply.message.splitlines()


def test_what_that_form_cannot_hold_is_left_alone() -> None:
    pytest.importorskip("openai")
    from stepsmith.synth.llm.from_problem import draft_from_problem as recalled_for_a_model

    problem = a_problem()
    contract = problem.contract
    assert recalled_for_a_model(problem)
    for change in (
        {"contract": msgspec.structs.replace(contract, interface="stdio", entry_point=None)},
        {"contract": msgspec.structs.replace(contract, entry_point="Solution.even_sum")},
        {"golden": Solution(language="cpp", code="int even_sum();")},
        {"golden": Solution(language="python", code="f = 1\ndef even_sum(nums): return 2")},
        {"golden": Solution(language="python", code="def even_sum(nums")},
        {"golden": Solution(language="python", code="even_sum = sum")},
    ):
        assert recalled_for_a_model(msgspec.structs.replace(problem, **change)) is None
