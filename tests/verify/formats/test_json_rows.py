import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.core.errors import CaseError
from stepsmith.verify.formats.json_rows import convert, decode_json, decode_object, present

LONG = "7" * 5001


def test_what_python_reads_is_read():
    assert math.isnan(decode_json("NaN"))
    assert decode_json("[Infinity, -Infinity]") == [math.inf, -math.inf]
    assert decode_json('\ufeff{"a": 1}') == {"a": 1}
    assert decode_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    assert decode_json('"\\ud800"') == "\ud800"


def test_integers_of_any_length_keep_their_digits():
    assert repr(decode_json(f"[-{LONG}, 1]")) == f"[-{LONG}, 1]"
    assert repr((decode_json(LONG),)) == f"({LONG},)"
    assert decode_json("9" * 4000) == int("9" * 4000)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"\xff\xfe{", "not UTF-8: byte 0xff at position 0"),
        ("{torn", "not JSON"),
        ("[1, 2]", "not a JSON object but an array; write one object a line"),
        ("3", "not a JSON object"),
        ("[" * 100_000, "nested too deep"),
    ],
)
def test_what_cannot_be_read_is_said(text, words):
    with pytest.raises(CaseError, match=words.replace("(", r"\(")):
        decode_object(text)


def test_nulls_are_absent_fields():
    assert decode_object('{"a": null, "b": {"c": null}}') == {"b": {"c": None}}
    assert present({"a": None, "b": 0}) == {"b": 0}


def test_conversion_names_the_field():
    assert convert("12", int) == 12
    with pytest.raises(CaseError, match=r"\$\[1\]"):
        convert(["a", 3], list[str])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists))
def test_everything_that_json_writes_is_read_back(value):
    assert decode_json(json.dumps(value)) == value
