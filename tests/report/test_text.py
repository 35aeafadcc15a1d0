import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.report.text import (
    TEXT_LIMIT,
    VALUE_LIMIT,
    code_html,
    difference_html,
    statement_html,
    value_html,
)
from tests.report.inspected import Inspected
from tests.report.runs import GOLDEN, HOSTILE

ALLOWED = {
    "p", "br", "h5", "h6", "strong", "ul", "ol", "li", "code", "pre", "table", "thead", "tbody", "tr", "th", "td",
    "span", "details", "summary", "small", "i", "sub", "sup",
}  # fmt: skip
PIECES = [
    "<", ">", "&", '"', "'", "`", "```", "\n", "    ", "# ", "- ", "| a |\n|---|\n", "**", "*", "_", "](", "![",
    HOSTILE, "javascript:", "https://example.org", "<!--", "]]>", "&lt;", "x", " ", "\\", "~~~", "1. ", "\u2028",
    "$", "$a_{", "}$", "^", "\\le", "{", "}",
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=12).map("".join)


@given(texts)
def test_untrusted_text_never_becomes_a_tag_of_its_own(text: str) -> None:
    pieces = [statement_html(text), code_html(text, "python"), code_html(text, text), value_html(text)]
    pieces += [difference_html(text, text + "\nx") or ""]
    for piece in pieces:
        seen = Inspected(str(piece))
        assert seen.tags <= ALLOWED
        assert {name for name, _ in seen.attributes} <= {"class", "start", "style"}


@given(
    st.text(
        alphabet=st.characters(exclude_characters="\r\0", exclude_categories=["Cs", "Zl", "Zp", "Cc"]), max_size=200
    )
)
def test_values_are_shown_as_they_are(text: str) -> None:
    if text:
        assert text[:VALUE_LIMIT] in Inspected(str(value_html(text))).text


def test_a_statement_keeps_its_structure_and_its_formulas() -> None:
    html = statement_html(
        "# Input\n### Part\nLet c = 2*a*b and x_i.\nNext **line**.\n\n- one\n- two\n\n```\n1 < 2\n```\n"
    )
    assert "<h5>Input</h5><h6>Part</h6>" in html
    assert "2*a*b and x_i.<br>" in html
    assert "<strong>line</strong>" in html
    assert html.count("<li>") == 2
    assert "<pre><code>1 &lt; 2\n</code></pre>" in html


def test_raw_html_links_and_images_stay_text() -> None:
    html = statement_html(f"{HOSTILE} [x](javascript:alert(1)) ![y](https://example.org/z.png) <https://example.org>")
    assert Inspected(html).tags == {"p"}


def test_programs_are_highlighted_and_unknown_languages_are_not() -> None:
    assert '<span class="k">def</span>' in code_html("def f(): pass", "python")
    assert "<span" not in code_html("def f(): pass", "no such language")


def test_a_difference_shows_the_changed_lines_only_with_context() -> None:
    golden = GOLDEN.format(step=3)
    html = difference_html(golden, golden.replace("+= v", "+= 1"))
    assert html is not None
    assert '<span class="del">-        total += v\n</span>' in html
    assert '<span class="ins">+        total += 1\n</span>' in html
    assert "def solve" not in html
    assert difference_html(golden, "def solve(values, k):\n    return 0\n") is None
    assert difference_html(golden, golden) is None


@pytest.mark.parametrize("extra", [1, 5000])
def test_long_texts_say_how_much_is_left_out(extra: int) -> None:
    assert f"{extra:,} more characters" in statement_html("a" * (TEXT_LIMIT + extra))
    assert f"{extra:,} more characters" in value_html("7" * (VALUE_LIMIT + extra))
    assert "more characters" not in value_html("7" * VALUE_LIMIT)
