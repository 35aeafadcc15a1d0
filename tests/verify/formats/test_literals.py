import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.verify.formats.literals import closing, end_of_string, literal_at


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3 apples", "3"), ("-1.5e3,", "-1500.0"), ("7.", "7"), ("'a\\'b' then", '"a\'b"'), ("[1,\n 2] is", "[1, 2]"),
        ("true", "True"), ("[true, null]", "[True, None]"), ("{'a': false}", "{'a': False}"), ("'true'", "'true'"),
        ('"""x\ny"""', "'x\\ny'"), ("(1,)", "(1,)"), ("None.", "None"),
        ("1 + n", None), ("a", None), ("[1, x]", None), ("[1", None), ("'open", None), ("3rd", None), ("2[0]", None),
        ("f(1)", None), ("", None), ("truey", None), ("{[]: 1}", None),
    ],
)  # fmt: skip
def test_the_literal_at_the_start(text, value):
    found = literal_at(text, 0)
    assert (found[0] if found else None) == value


@given(
    st.recursive(
        st.integers() | st.text() | st.booleans() | st.none(), lambda inner: st.lists(inner) | st.tuples(inner)
    )
)
def test_what_repr_writes_is_found_in_running_text(value):
    text = repr(value)
    assert literal_at(f"x {text} and more", 2) == (text, 2 + len(text))
    assert ast.literal_eval(literal_at(text, 0)[0]) == value


def test_brackets_and_quotes_find_their_ends():
    assert closing("(a ']' [b])c", 0) == 11
    assert closing("(a]", 0) is None
    assert closing("(" * 9, 0) is None
    assert end_of_string("'a\\'b'c", 0) == 6
    assert end_of_string("'a\nb'", 0) is None
