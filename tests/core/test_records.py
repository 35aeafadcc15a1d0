import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core import errors
from stepsmith.core.records import Checker, Contract, Limits, Problem, Seed, Solution, TestCase
from stepsmith.core.stats import pass_rate
from tests.records import a_problem

text = st.text(max_size=40)
tests = st.builds(
    TestCase, input=text, output=text, kind=st.sampled_from(["nominal", "stress"]), weight=st.floats(0, 9)
)
contracts = st.builds(
    Contract,
    interface=st.sampled_from(["stdio", "function"]),
    entry_point=st.none() | text,
    limits=st.builds(Limits, time_s=st.floats(0.1, 9), memory_mb=st.integers(1, 999)),
    checker=st.builds(Checker, name=text, flags=st.lists(text, max_size=2).map(tuple)),
)


@given(contracts, st.lists(tests, max_size=3).map(tuple), text)
def test_problems_survive_json_and_msgpack(contract: Contract, cases: tuple[TestCase, ...], statement: str) -> None:
    problem = a_problem(contract=contract, tests=cases, statement=statement)
    assert msgspec.json.decode(msgspec.json.encode(problem), type=Problem) == problem
    again = msgspec.msgpack.decode(msgspec.msgpack.encode(problem), type=Problem)
    assert again == problem
    assert again.id == problem.id


def test_records_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        a_problem().title = "other"  # type: ignore[misc]


def test_unknown_fields_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.json.decode(b'{"language": "python", "code": "", "stars": 5}', type=Solution)


def test_id_is_what_is_solved_and_judged_not_what_is_measured() -> None:
    problem = a_problem()
    assert a_problem(pass_rate=pass_rate(1, 32), provenance=()).id == problem.id
    for change in (
        {"statement": "other"},
        {"tests": problem.tests[:-1]},
        {"task": '{"a": 1}'},
        {"environment": "deduction"},
        {"contract": Contract(interface="stdio")},
    ):
        assert a_problem(**change).id != problem.id


def test_seed_ref_names_the_lines() -> None:
    assert Seed(source="a.py", first_line=10, code="x = 1\ny = 2").ref == "a.py:10-11"


def test_every_error_is_in_the_drawn_tree() -> None:
    drawn = errors.__doc__ or ""
    for name, kind in vars(errors).items():
        if isinstance(kind, type) and issubclass(kind, Exception):
            assert issubclass(kind, errors.StepsmithError)
            assert name in drawn, f"{name} is missing in the tree of core/errors.py"
