import pytest

from stepsmith.audit.growth.allowed import PermittedInputs, guarded_arguments
from stepsmith.audit.subject import AuditOptions, ProblemSubject
from tests.audit.subjects import item

GUARDED = "def f(n, xs):\n    if n < 1 or not xs:\n        return 0\n    return n * len(xs)\n"
BARE = "def f(n, xs):\n    return n * len(xs)\n"
KNOWN = {
    "entry_point": "f", "inputs": ("(2, [1, 5])", "(5, [2, 3, 9])", "(9, [3, 2])", "(1, [4, 7])", "(3, [3, 6, 5])"),
    "outputs": ("4", "15", "18", "2", "9"),
}  # fmt: skip


def allowed(judge, code: str, statement: str, *texts: str) -> list[str]:
    subject = ProblemSubject(item(code, statement=statement, **KNOWN), judge, AuditOptions())
    return PermittedInputs(subject.search.legal, statement, code, "f").of(list(texts))


def test_arguments_that_the_reference_compares_may_be_zero_negative_and_empty(judge):
    texts = ("(0, [1, 5])", "(-3, [1, 5])", "(2, [])", "(2, [-1, 5])", "(50, [1, 5])", "(2, [1, 1, 1, 1, 1])")
    assert allowed(judge, GUARDED, "Compute f.", *texts) == list(texts)
    assert allowed(judge, BARE, "Compute f.", *texts) == list(texts[3:]), "elements and larger values stay allowed"


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("n is a positive number", "(0, [1, 5])"),
        ("n is a natural number", "(-3, [1, 5])"),
        ("xs is a non-empty list", "(2, [])"),
        ("the numbers are distinct", "(2, [1, 1, 5])"),
        ("Compute f.", "('2', [1, 5])"),
        ("Compute f.", "(2, [1.5, 5])"),
        ("Compute f.", "(2,)"),
        ("Compute f.", "(2, [1, 5]"),
    ],
)
def test_words_and_types_rule_inputs_out(judge, statement, text):
    assert allowed(judge, GUARDED, statement, text) == []


def test_only_own_comparisons_with_constants_guard():
    assert guarded_arguments("def f(a, b, c):\n    while a > 0: pass\n    return b if len(c) == 1 else 2", "f") == {
        0,
        2,
    }
    assert guarded_arguments("def f(a):\n    def g(a): return a < 2\n    return g(a)", "f") == set()
    assert guarded_arguments("def f(a, b): return a < b", "f") == set()
    assert guarded_arguments("def f(:", "f") == set()


def test_a_character_stays_one_and_named_laws_hold(judge):
    known = {
        "entry_point": "f", "statement": "Remove a character from the even and odd words.",
        "inputs": ("('abc', 'a', [1, 2])", "('xyz', 'z', [4, 7])"), "outputs": ("'bc'", "'xy'"),
    }  # fmt: skip
    code = "def f(s, c, xs):\n    return s.replace(c, '')\n"
    subject = ProblemSubject(item(code, **known), judge, AuditOptions())
    permitted = PermittedInputs(subject.search.legal, known["statement"], code, "f")
    assert permitted.of(["('xyz', 'z', [2, 7])"]) == ["('xyz', 'z', [2, 7])"]
    assert permitted.of(["('xyz', 'xyz', [2, 7])", "('xyz', 'z', [3, 7])"]) == []
