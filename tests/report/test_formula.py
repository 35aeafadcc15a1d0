import pytest

from stepsmith.report.formula import formula_html
from stepsmith.report.text import statement_html
from tests.report.inspected import Inspected


@pytest.mark.parametrize(
    ("tex", "html"),
    [
        (r"1 \le A_i \le 10^{9}", "1 ≤ <i>A</i><sub><i>i</i></sub> ≤ 10<sup>9</sup>"),
        (r"-3 \cdot 10^5", "−3 · 10<sup>5</sup>"),
        ("D_{i-1}*d*d", "<i>D</i><sub><i>i</i>−1</sub>*<i>d</i>*<i>d</i>"),
        (r"|s| < \unknown", "|<i>s</i>| &lt; unknown"),
        (r"\{1, \ldots, n\}", "{1, …, <i>n</i>}"),
    ],
)
def test_formulas_are_set(tex: str, html: str) -> None:
    assert f'x <span class="math">{html}</span>, y' in statement_html(f"x ${tex}$, y")


def test_money_and_programs_are_no_formulas() -> None:
    html = statement_html("It costs $5 or $6, `$HOME$` and $ 7 $.\n\n```\n$x$\n```\n")
    assert "math" not in html


@pytest.mark.parametrize("tex", ["<img src=x>", r"\script", "a & b", r"x_{<b>}", '"', r"\<"])
def test_a_formula_never_holds_a_tag_of_its_own(tex: str) -> None:
    html = formula_html(tex)
    assert html.startswith('<span class="math">')
    assert Inspected(str(html)).tags <= {"span", "i", "sub", "sup"}
