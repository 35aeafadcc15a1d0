import ast

from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.records import Solution
from stepsmith.verify.suite.mutants import mutate

CODE = """
def f(xs, k):
    best = 0
    i = 0
    while i < len(xs):
        i += 1
    for i in range(1, len(xs)):
        if xs[i] > k and xs[i] % 2 == 0:
            best = max(best, xs[i] - xs[i - 1])
        if not xs[i:]:
            break
    return best + sum(xs[1:k])
"""


def _mutants(**options):
    return mutate(Solution(language="python", code=CODE), **options)


def test_mutants_parse_differ_and_are_labelled():
    mutants = _mutants(limit=500)
    codes = [m.solution.code for m in mutants]
    assert len(set(codes)) == len(codes) > 30
    original = ast.unparse(ast.parse(CODE))
    for mutant in mutants:
        assert ast.unparse(ast.parse(mutant.solution.code)) != original
        assert "in line" in mutant.label


def test_every_family_that_the_program_allows_is_represented_first():
    families = {m.operator for m in _mutants(limit=500)}
    assert {
        "arithmetic",
        "call",
        "comparison",
        "condition",
        "constant",
        "logic",
        "range",
        "removal",
        "slice",
    } <= families
    assert {m.operator for m in _mutants(limit=len(families))} == families


def test_changes_inside_while_loops_come_last():
    risky = ["while" in m.label or "line 6" in m.label or "line 5" in m.label for m in _mutants(limit=500)]
    assert any(risky)
    assert risky == sorted(risky)


@given(st.integers(0, 100), st.integers(0, 30))
def test_same_arguments_same_mutants_and_never_more_than_asked(seed, limit):
    assert _mutants(seed=seed, limit=limit) == _mutants(seed=seed, limit=limit)
    assert len(_mutants(seed=seed, limit=limit)) <= limit


def test_other_languages_and_broken_code_have_none():
    assert mutate(Solution(language="cpp", code="int main() {}")) == ()
    assert mutate(Solution(language="python", code="def f(:")) == ()
