"""Untrusted text as safe HTML for the viewer: statements with MathML, and the differences between two turns.

Programs and values are set as in the report. Statements pass nh3 last, which keeps only the tags and attributes below:
latex2mathml writes what TeX says (links, styles, tags in ``\\text``) into its answer.
"""

import difflib
import re
from functools import cache

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from stepsmith.report.formula import formula_html
from stepsmith.report.text import cut_text, statement_reader

MATHS = {
    "math", "mrow", "mi", "mo", "mn", "msub", "msup", "msubsup", "mfrac", "munder", "mover", "munderover", "mtext",
    "mspace", "mtable", "mtr", "mtd", "msqrt", "mroot", "mpadded", "mphantom",
}  # fmt: skip
TAGS = MATHS | {
    "p", "br", "h3", "h4", "strong", "ul", "ol", "li", "code", "pre", "table", "thead", "tbody", "tr", "th", "td",
    "span", "i", "sub", "sup",
}  # fmt: skip
ATTRIBUTES = {"math": {"display"}, "mo": {"stretchy", "fence"}, "span": {"class"}, "code": {"class"}, "ol": {"start"}}
SAME_WORDS = 40  # unchanged words around a change of prose
_WORD = re.compile(r"\s+|\S+")
_EXAMPLES = re.compile(r"^#+ *(?:Examples?|Samples?)\b", re.MULTILINE)


def statement_markup(statement: str) -> Markup:
    """Render a statement; its first headings are ``h3``, below the section's ``h2``."""
    html = _reader().render(cut_text(statement))
    return Markup(nh3.clean(html, tags=TAGS, attributes=ATTRIBUTES, link_rel=None, url_schemes=set()))


def prose_difference(before: str, after: str) -> Markup | None:
    """Return the words that changed between two statements, as ``del`` and ``ins``; None if nothing did.

    Their examples are left out: they change with every turn.
    """
    old, new = (_WORD.findall(cut_text(_EXAMPLES.split(text, maxsplit=1)[0].strip())) for text in (before, after))
    if old == new:
        return None
    shown: list[Markup] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            shown.append(escape(_shortened(old[a:b], first=a == 0, last=b == len(old))))
            continue
        if a < b:
            shown.append(Markup("<del>{}</del>").format("".join(old[a:b])))
        if c < d:
            shown.append(Markup("<ins>{}</ins>").format("".join(new[c:d])))
    return Markup("<div class=prose-diff>{}</div>").format(Markup("").join(shown))


def _shortened(words: list[str], *, first: bool, last: bool) -> str:
    """Leave out the middle of a long unchanged part."""
    head, tail = (0 if first else SAME_WORDS), (0 if last else SAME_WORDS)
    if len(words) <= head + tail + SAME_WORDS:
        return "".join(words)
    return "".join(words[:head]) + " ⋯ " + ("".join(words[-tail:]) if tail else "")


def formula_markup(tex: str) -> Markup:
    """Set a formula as MathML; one that latex2mathml cannot read, or that hides a tag, is set as in the report."""
    if "<" in tex and "\\t" in tex:
        return formula_html(tex)
    try:
        return Markup(convert(tex))
    except Exception:  # it raises many kinds; the formula is shown in any case
        return formula_html(tex)


@cache
def _reader() -> MarkdownIt:
    return statement_reader(formula_markup, 3)
