"""Markdown of statements as LaTeX."""

from stepsmith.exports.latex import latex, latex_text


def test_formulas_stay_and_signs_are_escaped() -> None:
    assert latex_text("$a_i$ & 5% #1 {x} a_b \\ ~ ^") == (
        r"$a_i$ \& 5\% \#1 \{x\} a\_b \textbackslash{} \textasciitilde{} \textasciicircum{}"
    )
    assert latex_text("costs 3$ or `a_b`, **very** $$x^2$$") == r"costs 3\$ or \texttt{a\_b}, \textbf{very} $$x^2$$"


def test_blocks() -> None:
    text = "# Title\n\n```\na_b & c\n```\n- one\n- two\nafter\n"
    assert latex(text).splitlines() == [
        r"\section*{Title}", "", r"\begin{verbatim}", "a_b & c", r"\end{verbatim}", r"\begin{itemize}", r"\item one",
        r"\item two", r"\end{itemize}", "after",
    ]  # fmt: skip
