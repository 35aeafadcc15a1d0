"""What counts as an answer: a table of the forms in which people and models write one, and of what stays wrong."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.envs.literals import Signature, call_text, fitted, read_call, signature_of
from stepsmith.envs.reading import arguments_in, program_in, value_in


def block(text: str, tag: str = "python") -> str:
    return f"I traced it.\n\n```{tag}\n{text}\n```\n"


# Values: `f` returned the string 'a.b/c', or [1, 2], or 7, or a pair.

STRING = "'a.b/c'"
STRINGS = [
    "```\n'a.b/c'\n```",
    block("'a.b/c'"),
    block('"a.b/c"'),
    block("a.b/c", ""),
    block("a.b/c", "text"),
    block("“a.b/c”", ""),
    block("'a.b/c'  # path, then shelf"),
    block("# the value\n'a.b/c'"),
    block("result = 'a.b/c'"),
    block("return 'a.b/c'"),
    block("print('a.b/c')"),
    block("f('x', [2]) == 'a.b/c'"),
    block("assert f('x', [2]) == 'a.b/c'"),
    block("f('x', [2]) -> 'a.b/c'"),
    block("f('x', [2])  # -> 'a.b/c'"),
    block("-> 'a.b/c'"),
    block(">>> f('x', [2])\n'a.b/c'"),
    block(">>> path = 'x'\n>>> f(path, [2])\n'a.b/c'"),
    block("In [1]: f('x', [2])\nOut[1]: 'a.b/c'"),
    block('{"answer": "a.b/c"}', "json"),
    block('"a.b/c"', "json"),
    block("'a.b/c'") + "\n(The shelf keeps its order, so `d` comes before `a`.)",
    block("level  parts  shelf\n2  a b  d c", "") + "Result:\n\n```text\n'a.b/c'\n```\n",
    "1. level 2: parts a, b\n\n**Answer:** `'a.b/c'`",
    "**Answer:** 'a.b/c'",
    "**Answer**: 'a.b/c'",
    "Answer: a.b/c",
    "Final answer: `a.b/c`.",
    "The answer is `'a.b/c'`.",
    "Answer:\n\n'a.b/c'",
    "Output: 'a.b/c'",
    "So the result is:\n'a.b/c'",
    "I think it is\n'a.b/c'",
    "`a.b/c`",
    "Thus $\\boxed{\\texttt{a.b/c}}$.",
    "\\boxed{'a.b/c'}",
    "<think>\n```python\n'x'\n```\n</think>\n```python\n'a.b/c'\n```",
    block("'x'") + "No, wait.\n" + block("'a.b/c'"),
    block("step 1: parts = a\nstep 2: shelf = c", "") + "\n**Answer:** `'a.b/c'`",
    block("'x'") + "\nCorrection. Final answer: `'a.b/c'`",
]


@pytest.mark.parametrize("reply", STRINGS)
def test_a_string_is_read(reply: str) -> None:
    assert value_in(reply, "f", "str") == STRING


@pytest.mark.parametrize(
    ("reply", "kind", "value"),
    [
        (block("[1, 2]"), "list", "[1, 2]"),
        (block("[\n    1,\n    2,\n]"), "list", "[1, 2]"),
        (block("(2, 1), 7, 2"), "tuple", "((2, 1), 7, 2)"),
        (block("[true, null, false]", "json"), "list", "[True, None, False]"),
        (block('{"a": [1, true]}', "json"), "dict", "{'a': [1, True]}"),
        (block("{'answer': 7}"), "dict", "{'answer': 7}"),
        (block("{'answer': 7}"), "int", "7"),
        ("Answer: 7.", "int", "7"),
        ("The answer is 7", "int", "7"),
        ("**The final answer is: 7**", "int", "7"),
        ("Answer: [1, 2].", "list", "[1, 2]"),
        ("$\\boxed{-7}$", "int", "-7"),
        ("\\boxed{\\{1, 2\\}}", "set", "{1, 2}"),
        (block("7"), "int", "7"),
        (block("-1e3"), "float", "-1000.0"),
        (block("ans: int = 7"), "int", "7"),
        (block("{1, 2}"), "set", "{1, 2}"),
        (block("set()"), "set", "set()"),
        (block("None"), "NoneType", "None"),
        (block("null", "json"), "NoneType", "None"),
        (block("b'x'"), "bytes", "b'x'"),
    ],
)
def test_a_value_of_any_type_is_read(reply: str, kind: str, value: str) -> None:
    assert value_in(reply, "f", kind) == value


@pytest.mark.parametrize(
    ("reply", "kind", "value"),
    [
        (block("'d0.c.b/'"), "str", "'d0.c.b/'"),  # another string
        (block("d0.c.b/", ""), "str", "'d0.c.b/'"),
        (block("7"), "str", "7"),  # a number is not the string '7'
        (block("None"), "str", "None"),
        (block("[1, 2]"), "str", "[1, 2]"),
        (block("'[1, 2]'"), "list", "'[1, 2]'"),  # a string is not the list
        (block("'7'"), "int", "'7'"),
        (block("a.b/c", ""), "list", None),  # no string can be meant
        (block("x"), "int", None),
        (block("f('x', [2])"), "str", None),  # the question, not its answer
        (block("f('x', [2])"), "int", None),
        (block("g(7)"), "int", None),
        (block("3 + 4"), "int", None),  # to be computed
        (block("[1] * 2"), "list", None),
        (block("sum([3, 4])"), "int", None),
        (block("__import__('os').getcwd()"), "str", None),
        (block("lambda: 7"), "int", None),
        (block("7\n8"), "int", None),  # two answers
        (block("[1, 2, ...]"), "list", None),
        (block("def g():\n    return 7"), "int", None),
        (block("for x in range(7): print(x)"), "int", None),
        (block(">>> f('x', [2])"), "str", None),  # nothing printed
        ("I do not know", "str", None),
        ("I do not know", "int", None),
        ("The answer is that there is none", "str", None),
        ("It takes 7 steps to see it", "int", None),
        ("```python\nunfinished", "str", None),
        ("<think>\n```\n'a.b/c'\n```", "str", None),  # never left its thoughts
        ("", "str", None),
        (block("'a.b/c'") + block("'x'"), "str", "'x'"),  # the last one counts
        (block("'a.b/c'") + "\nAnswer: `'x'`", "str", "'x'"),
        ("Answer: 'a.b/c'\n\n" + block("'x'"), "str", "'x'"),
        (block("[" * 5000), "list", None),
        (block("{[]: 1}"), "dict", None),
    ],
)
def test_what_is_wrong_stays_wrong(reply: str, kind: str, value: str | None) -> None:
    assert value_in(reply, "f", kind) == value


# Arguments: of `f(flags, changes)`, of `g(spans)` and of `h(text)`.

TWO = Signature("f", ("flags", "changes"), 2, ("str", "list"))
ONE = Signature("g", ("spans",), 1, ("list",))
TEXT = Signature("h", ("text",), 1, ("str",))
OPTIONAL = Signature("o", ("xs", "k"), 1, ("list", "int"))
TWO_READ = "('a', [('u', '')])"


@pytest.mark.parametrize(
    "reply",
    [
        block("'a', [('u', '')]"),
        block('"a", [("u", "")]'),
        block("('a', [('u', '')])"),
        block("['a', [('u', '')]]"),
        block("f('a', [('u', '')])"),
        block("f(*('a', [('u', '')]))"),
        block("f(flags='a', changes=[('u', '')])"),
        block("flags='a', changes=[('u', '')]"),
        block("'a', changes=[('u', '')]"),
        block("flags = 'a'\nchanges = [('u', '')]"),
        block("flags: str = 'a'\nchanges: list = [('u', '')]"),
        block("flags: 'a'\nchanges: [('u', '')]"),
        block("changes = [('u', '')]; flags = 'a'"),
        block("flags, changes = 'a', [('u', '')]"),
        block("args = ('a', [('u', '')])"),
        block("x = 'a'\ny = [('u', '')]\nf(x, y)"),
        block("x = 'a'\ny = [('u', '')]\nprint(f(x, y))"),
        block("flags = 'a'\nresult = f(flags, [('u', '')])"),
        block("assert not f('a', [('u', '')])"),
        block("assert f('a', [('u', '')]) == 'au'"),
        block("Solution().f('a', [('u', '')])"),
        block("'a'\n[('u', '')]"),
        block("a\n[('u', '')]", ""),
        block(">>> f('a', [('u', '')])\n'au'"),
        block(">>> flags = 'a'\n>>> f(flags, [('u', '')])\n'au'"),
        block("f('a', [('u', '')]) -> 'au'"),
        block("f('a', [('u', '')])  # -> 'au'"),
        block("{'flags': 'a', 'changes': [('u', '')]}"),
        block("# so that both are on\n'a', [('u', '')]"),
        "Answer: `'a', [('u', '')]`",
        "**Arguments:** `f('a', [('u', '')])`",
        "Input: ('a', [('u', '')])",
        "The counter-example is `f('a', [('u', '')])`.",
        "'a', [('u', '')]",
        block("'i', [('u', '')]") + "No: that is well formed.\n" + block("'a', [('u', '')]"),
        block("row 1: 3 + 4", "") + block("'a', [('u', '')]"),
        block("'a', [('u', '')]") + '\nWith these, `f` returns "au", which has both.',
    ],
)
def test_two_arguments_are_read(reply: str) -> None:
    assert arguments_in(reply, TWO) == TWO_READ


@pytest.mark.parametrize(
    ("reply", "signature", "arguments"),
    [
        (block("[3, 2]"), ONE, "([3, 2],)"),
        (block("([3, 2],)"), ONE, "([3, 2],)"),
        (block("g([3, 2])"), ONE, "([3, 2],)"),
        (block("spans = [3, 2]"), ONE, "([3, 2],)"),
        (block("xs = [3, 2]"), ONE, "([3, 2],)"),
        (block("spans=[3, 2]"), ONE, "([3, 2],)"),
        (block('{"spans": [3, 2]}', "json"), ONE, "([3, 2],)"),
        (block("(3, 2)"), ONE, "((3, 2),)"),
        (block("[[3, 2]]"), ONE, "([[3, 2]],)"),
        (block("{'spans': 1}"), ONE._replace(kinds=("dict",)), "({'spans': 1},)"),
        (block("+a(-b)c", ""), TEXT, "('+a(-b)c',)"),
        (block("'+a(-b)c'"), TEXT, "('+a(-b)c',)"),
        (block('{"text": "+a"}', "json"), TEXT, "('+a',)"),
        (block("[1, 2], 5"), OPTIONAL, "([1, 2], 5)"),
        (block("[1, 2]"), OPTIONAL, "([1, 2],)"),
        (block("xs=[1, 2], k=5"), OPTIONAL, "([1, 2], 5)"),
        (block("([1, 2], 5)"), OPTIONAL, "([1, 2], 5)"),
        (block("[[1, 2], 5]"), OPTIONAL, "([[1, 2], 5],)"),  # a list can be the first argument
        (block("[true, null]", "json"), ONE, "([True, None],)"),
    ],
)
def test_arguments_of_other_functions_are_read(reply: str, signature: Signature, arguments: str) -> None:
    assert arguments_in(reply, signature) == arguments


@pytest.mark.parametrize(
    ("reply", "signature", "arguments"),
    [
        (block("'b', [('u', '')]"), TWO, "('b', [('u', '')])"),  # other arguments
        (block("g('a', [('u', '')])"), TWO, None),  # another function
        (block("test_f('a', [('u', '')])"), TWO, None),
        (block("'a'"), TWO, "('a',)"),  # one is missing: an answer, a wrong one
        (block("f('a', [], 3)"), TWO, "('a', [], 3)"),
        (block("flags='a', change=[]"), TWO, None),  # no parameter
        (block("flags = 'a'\nother = []"), TWO, None),
        (block("'a' * 3, []"), TWO, None),  # to be computed
        (block("[i for i in range(3)]"), ONE, None),
        (block("list(range(3))"), ONE, None),
        (block("[1, 2]\n[3, 4]"), ONE, None),  # two answers
        (block("5"), TEXT, "(5,)"),  # a number stays one
        (block("import os\nf('a', [])"), TWO, None),
        (block("1e999"), ONE, None),
        ("So there are no such arguments.", ONE, None),
        ("I do not know", TEXT, None),
        (block("[3, 2]") + block("[1]"), ONE, "([1],)"),
        (block("[3, 2]") + "\nOutput: [20, 20]", ONE, "([3, 2],)"),  # says what it gives
        ("", ONE, None),
    ],
)
def test_wrong_arguments_stay_wrong(reply: str, signature: Signature, arguments: str | None) -> None:
    assert arguments_in(reply, signature) == arguments


LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(st.integers(), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(LITERALS)
def test_every_literal_value_comes_back(value: object) -> None:
    wrapped = isinstance(value, dict) and set(value) <= {"answer", "output", "result", "value", "return", "returns"}
    if "```" not in repr(value) and not wrapped:
        for reply in (f"```\n{value!r}\n```", f"```\nf(1) == {value!r}\n```", f"```\n>>> f(1)\n{value!r}\n```"):
            assert value_in(reply, "f", type(value).__name__) == repr(value)


@given(LITERALS, LITERALS)
def test_every_pair_of_arguments_comes_back_in_every_form(first: object, second: object) -> None:
    if "```" in repr((first, second)):
        return
    signature = Signature("f", ("a", "b"), 2, (type(first).__name__, type(second).__name__))
    for text in (
        f"{first!r}, {second!r}", f"({first!r}, {second!r})", f"f({first!r}, {second!r})", f"a={first!r}, b={second!r}",
        f"a = {first!r}\nb = {second!r}", f"{first!r}\n{second!r}", f"x = {second!r}\nf(b=x, a={first!r})",
    ):  # fmt: skip
        assert arguments_in(f"```\n{text}\n```", signature) == repr((first, second)), text
    assert read_call(call_text("f", repr((first, second))), signature) == repr((first, second))


@given(st.text(max_size=200))
def test_no_reply_is_an_accident(reply: str) -> None:
    for text in (reply, f"```\n{reply}\n```", f"Answer: {reply}"):
        for kind in ("str", "int"):
            found = value_in(text, "f", kind)
            assert found is None or repr(ast.literal_eval(found)) == found
        found = arguments_in(text, TWO)
        assert found is None or isinstance(ast.literal_eval(found), tuple)
        program_in(text, "f")


# Programs.

DEFINES = "def f(n):\n    return n + 1"


@pytest.mark.parametrize(
    ("entry_point", "reply", "code"),
    [
        ("f", block(DEFINES), DEFINES),
        ("f", block(DEFINES) + "Quick check:\n" + block("print(f(1))  # 2"), DEFINES),
        ("f", block(DEFINES) + "It prints\n" + block("2", "text"), DEFINES),
        ("f", block("while n:\n    ...") + block(DEFINES), DEFINES),
        ("f", block("def f(n):\n    return n") + "Better:\n" + block(DEFINES), DEFINES),  # the last definition
        ("f", block("f = lambda n: n + 1") + block("f(1)"), "f = lambda n: n + 1"),
        ("f", block(DEFINES) + block("assert f(1) == 2") + block("f(2)"), DEFINES),
        ("f", block(DEFINES) + block("def f(n:\n    return"), "def f(n:\n    return"),  # what does not parse is its own
        ("f", block("def solve(n):\n    return n"), "def solve(n):\n    return n"),  # wrong name: judged as it is
        ("f", block("class A:\n    def f(self): ...") + block("f(1)"), "f(1)"),  # no function at the top level
        (
            "f",
            block("class Solution:\n    def f(self): ...") + block("f(1)"),
            "class Solution:\n    def f(self): ...",
        ),
        ("f", block("def ff(n): ...") + block("x = 1"), "x = 1"),
        ("Solution.go", block("class Solution:\n    def go(self): ...") + block("Solution().go()"),
         "class Solution:\n    def go(self): ..."),
        (None, block("print(int(input()) + 1)") + block("2", "text"), "print(int(input()) + 1)"),
        (None, block("n = int(input())") + "For input\n" + block("1", "") + "it prints\n" + block("2", ""),
         "n = int(input())"),
        (None, block("import sys\nprint(sys.stdin.read())") + block("print(helper(3))"),
         "import sys\nprint(sys.stdin.read())"),
        (None, block("x = int(open(0).read())") + block("python3 a.py < 1.txt", "bash"), "x = int(open(0).read())"),
        (None, block("print(42)"), "print(42)"),
        ("f", "no block", None),
        ("f", "```python\nunfinished", None),
        ("f", f"<think>\n```python\n{DEFINES}\n```\n</think>\nI give up.", None),
    ],
)  # fmt: skip
def test_the_last_block_that_defines_what_is_asked(entry_point: str | None, reply: str, code: str | None) -> None:
    assert program_in(reply, entry_point) == code


# The reading of the teacher's inputs, and what it says.


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("'a'", "it has no value for the parameter changes"),
        ("'a', [], 3", "it has 3 arguments, and f has 2 parameters"),
        ("flags='a', change=[]", "change is not a parameter of f"),
        ("'a', [1, 2] * 100", "'[1, 2] * 100' is no literal value; write it out"),
        ("'a', [[0], [g(1), 2]]", "'g(1)' is no literal value; write it out"),
        ("'a', [i for i in range(9)]", "'[i for i in range(9)]' is no literal value; write it out"),
        ("'a', [1, 2", "was never closed"),
        ("'a', [1 2]", "at \"'a', [1 2]\""),
        ("changes=[]", "it has no value for the parameter flags"),
    ],
)
def test_a_refusal_shows_the_offending_place(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        read_call(text, TWO)


def test_signatures() -> None:
    assert signature_of("def f(a, b, c=3): ...", "f") == Signature("f", ("a", "b", "c"), 2)
    assert signature_of("class S:\n    def go(self, a): ...", "S.go", "('x',)") == Signature("go", ("a",), 1, ("str",))
    with pytest.raises(ValueError, match="defines no function 'g'"):
        signature_of("def f(): ...", "g")
    with pytest.raises(ValueError, match="leaves out a parameter"):
        fitted([], {"b": 1}, Signature("f", ("a", "b"), 0))
