"""Which further inputs a teacher's problem allows: within what its own show, and by its `pre_test_f`."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Solution
from stepsmith.judge.local import LocalJudge
from stepsmith.synth.llm.allowed import SeenValues
from stepsmith.synth.llm.draft import CONTRACT
from tests.synth.llm.test_teacher import PLACE, good, propose

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("abc.", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=6,
)


def test_a_validator_is_kept_apart_and_says_which_inputs_are_allowed(judge: LocalJudge) -> None:
    code = (
        "import math\n\n\ndef f(xs, k=2):\n    return math.gcd(*xs) * k + len(xs)\n\n\n"
        "def pre_test_f(xs, k=2):\n    return 0 < k <= 5 and all(math.isqrt(x) for x in xs) and len(xs) != 2"
    )
    draft = propose(judge, good(code, ("[4, 6, 9], 3", "[4]", "[5, 6, 12], 4", "[8, 8, 2, 4], 5", "[9]")))
    assert draft.fault is None, draft.fault
    assert "pre_test_f" not in draft.program.code
    assert draft.supply is not None
    allowed = {
        "([4, 6, 9], 4)": True, "([5, 6, 9, 2], 5)": True, "([12],)": True,
        "([4, 6], 3)": False,  # pre_test_f
        "([4, 6, 9], 6)": False, "([4, 6, 13], 3)": False, "([4, 6, 9, 2, 2], 3)": False,  # out of range, too long
        "([4, 6, 0], 3)": False, "([4, 6, '9'], 3)": False, "([],)": False, "('x', 3)": False, "nonsense": False,
    }  # fmt: skip
    assert {text: draft.supply.allows(text) for text in allowed} == allowed
    problem = draft.write((), draft.program, PLACE)
    validator = Solution(language="python", code=problem.validator)
    contract = msgspec.structs.replace(CONTRACT, entry_point="validate")
    runs = judge.execute(validator, contract, ["([4],)", "([4, 6], 3)"])
    assert [run.output.strip() for run in runs] == ["True", "False"]


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_what_was_seen_is_covered(values: list[object]) -> None:
    seen = SeenValues()
    for value in values:
        seen.see(value)
    assert all(map(seen.covers, values))


def test_without_a_validator_members_of_lists_are_left_out_repeated_and_moved(judge: LocalJudge) -> None:
    draft = propose(judge, good(inputs=("[1, 2, 4], 3", "[4, 4, 1]", "[5, 6], 4", "[], 5", "[9, 7, 8]")))
    assert draft.supply is not None
    allowed = {
        "([1, 2], 3)": True, "([4, 2, 1], 3)": True, "([1, 1, 4], 3)": True, "([], 4)": True, "([8],)": True,
        "([1, 2, 4], 4)": False, "([1, 2, 5], 3)": False, "([5, 9], 4)": False, "([1, 2, 4, 4], 3)": False,
    }  # fmt: skip
    assert {text: draft.supply.allows(text) for text in allowed} == allowed


def test_lists_that_are_always_ascending_or_distinct_stay_so() -> None:
    seen = SeenValues()
    for value in ([1, 5], [2, 3, 9]):
        seen.see(value)
    assert seen.covers([1, 2])
    assert not seen.covers([5, 1])
    assert not seen.covers([5, 5])
    seen.see([4, 4])
    assert seen.covers([5, 5])
    assert not seen.covers([5, 1])


def test_what_is_unlike_what_was_seen_is_not() -> None:
    seen = SeenValues()
    for value in ([5, 1], [1, 1], [("ab", 3)], []):
        seen.see(value)
    for value in ([2, 4], [5], [("ba", 3)], [("a", 3)]):
        assert seen.covers(value) == (value != [("a", 3)]), value  # texts of length 2 were seen
    for value in ([6], [0], [1, 2, 3], [True], [1.0], (1, 5), [("ac", 3)], [("ab", 4)], "ab", None):
        assert not seen.covers(value), value
