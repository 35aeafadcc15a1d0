"""Untrusted text as HTML: only the allowed tags, formulas as MathML, differences word by word."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stepsmith.view.markup import TAGS, formula_markup, prose_difference, statement_markup
from tests.report.inspected import Inspected
from tests.report.test_text import texts

TEX = [
    "\\frac",
    "{",
    "}",
    "\\text{",
    "<img src=x>",
    "\\href{javascript:x}",
    "\\style{a}",
    "_",
    "^",
    "$",
    "x",
    "\\",
    "&",
    " ",
]


@given(texts | st.lists(st.sampled_from(TEX), max_size=9).map(lambda parts: f"${''.join(parts)}$"))
def test_untrusted_text_never_becomes_a_tag_of_its_own(text: str) -> None:
    seen = Inspected(str(statement_markup(text)))
    assert seen.tags <= TAGS
    assert {name for name, _ in seen.attributes} <= {"class", "start", "display", "stretchy", "fence"}
    changed = Inspected(str(prose_difference(text, text + " x") or ""))
    assert changed.tags <= {"div", "del", "ins"}


def test_formulas_become_mathml() -> None:
    html = statement_markup("Given $1 \\le a_i \\le 10^{9}$ and $\\lfloor \\frac{n}{2} \\rfloor$, $5 or $6.")
    assert html.count("<math") == 2
    assert "<msub><mi>a</mi><mi>i</mi></msub>" in html
    assert "<mfrac>" in html
    assert "$5 or $6" in html


@pytest.mark.parametrize("tex", ["\\frac", "{", "\\begin{cases}", "\\text{<b>}", "^", "\\left("])
def test_a_formula_that_cannot_be_read_is_shown_all_the_same(tex: str) -> None:
    assert str(formula_markup(tex)).strip()


def test_headings_stand_below_those_of_the_page() -> None:
    assert "<h3>Input</h3><h4>Part</h4>" in statement_markup("# Input\n### Part\n")


def test_a_difference_shows_the_changed_words_and_leaves_out_the_examples() -> None:
    shown = prose_difference("Find the least sum.\n\n## Examples\n1", "Find the largest sum.\n\n## Examples\n2")
    assert shown == "<div class=prose-diff>Find the <del>least</del><ins>largest</ins> sum.</div>"
    assert prose_difference("same\n## Example\n1", "same\n## Example\n2") is None
    assert " ⋯ " in str(prose_difference("a " * 500 + "x", "a " * 500 + "y"))
