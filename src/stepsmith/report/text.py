"""Untrusted text as safe HTML: statements, programs, differences between programs, long values.

All functions return ``Markup`` that holds only our own tags; HTML in a statement is shown as text.
"""

import difflib
from collections.abc import Callable
from functools import cache, lru_cache

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.lexers.special import TextLexer
from pygments.util import ClassNotFound

from stepsmith.report.formula import INLINE, formula_html

TEXT_LIMIT = 20_000  # characters of a statement or program; the rest is not in the page
VALUE_HEAD = 100  # characters of a test value that are shown at once
VALUE_LIMIT = 1_000  # ... and after the reader unfolds it; the rest is not in the page
DIFF_CONTEXT = 2  # unchanged lines around a changed one
DIFF_SHARE = 0.5  # if more than this share of the lines differs, the whole program is shown

_formatter = HtmlFormatter(nowrap=True)


def statement_html(statement: str) -> Markup:
    """Render headings, paragraphs, lists, tables, bold, code, formulas and line breaks; all else is plain text."""
    return Markup(_reader().render(cut_text(statement)))


def code_html(code: str, language: str) -> Markup:
    """Highlight a program; code in an unknown language is shown without colours."""
    return Markup("<pre class=code><code>{}</code></pre>").format(_highlighted(cut_text(code), language))


def difference_html(golden: str, code: str) -> Markup | None:
    """Return the unified diff from ``golden`` to ``code``; None when they have too little in common."""
    before, after = cut_text(golden).splitlines(), cut_text(code).splitlines()
    lines = list(difflib.unified_diff(before, after, n=DIFF_CONTEXT, lineterm=""))[2:]
    changed = sum(line[:1] in "+-" for line in lines)
    if not lines or changed > DIFF_SHARE * (len(before) + len(after)):
        return None
    kinds = {"+": "ins", "-": "del", "@": "gap"}
    shown = "".join(
        f'<span class="{kinds.get(line[:1], "same")}">{"⋯" if line.startswith("@@") else escape(line)}\n</span>'
        for line in lines
    )
    return Markup(f'<pre class="code diff"><code>{shown}</code></pre>')


def value_html(value: str) -> Markup:
    """Return the input or output of a test. Long values are folded; very long ones are cut, with a note."""
    if not value:
        return Markup('<span class="muted">empty</span>')
    if len(value) <= VALUE_HEAD and value.count("\n") <= 8:
        return Markup("<pre class=value>{}</pre>").format(value)
    head = "\n".join(value[:VALUE_HEAD].splitlines()[:8])
    left = len(value) - VALUE_LIMIT
    note = Markup("<small>… {:,} more characters in the data set</small>").format(left) if left > 0 else ""
    return Markup(
        "<details class=long><summary><span class=value>{}…</span> <small>{:,} characters</small></summary>"
        "<pre class=value>{}</pre>{}</details>"
    ).format(head, len(value), value[:VALUE_LIMIT], note)


def cut_text(text: str) -> str:
    """Return at most ``TEXT_LIMIT`` characters of a text, with a note of what is missing."""
    if len(text) <= TEXT_LIMIT:
        return text
    return f"{text[:TEXT_LIMIT]}\n… {len(text) - TEXT_LIMIT:,} more characters in the data set"


def in_script(json_text: str) -> Markup:
    """Return JSON as it may stand inside a script element."""
    return Markup(json_text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


@lru_cache(maxsize=64)  # deduction and abduction show the same program twice
def _highlighted(code: str, language: str) -> Markup:
    return Markup(highlight(code.strip("\n"), _lexer(language), _formatter))


@cache
def _lexer(language: str) -> Lexer:
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return TextLexer(stripnl=False)


@cache
def _reader() -> MarkdownIt:
    """Headings of a statement become ``h5`` and ``h6``: they are below the problem's title, an ``h4``."""
    return statement_reader(formula_html, 5)


def statement_reader(formula: Callable[[str], Markup], level: int) -> MarkdownIt:
    """Return what renders statements; ``formula`` sets the TeX of ``$...$``, ``level`` is that of the first headings.

    CommonMark without raw HTML, links, images and escapes, so that formulas and programs are kept as they are.
    """

    def set_formula(_: RendererHTML, tokens: list[Token], index: int, _options: OptionsDict, _env: object) -> str:
        return str(formula(tokens[index].content))

    def heading(_: RendererHTML, tokens: list[Token], index: int, _options: OptionsDict, _env: object) -> str:
        name = f"h{level if tokens[index].tag in ('h1', 'h2') else level + 1}"
        return f"<{'/' if tokens[index].nesting < 0 else ''}{name}>"

    markdown = MarkdownIt("zero", {"html": False, "breaks": True, "highlight": _fence})
    markdown.enable(["heading", "fence", "code", "list", "table", "newline", "backticks", "emphasis"])
    markdown.inline.ruler.before("emphasis", "formula", _formula)
    markdown.add_render_rule("formula", set_formula)
    markdown.add_render_rule("heading_open", heading)
    markdown.add_render_rule("heading_close", heading)
    markdown.add_render_rule("em_open", _literal)  # `a*b*c` is a product, not an emphasis
    markdown.add_render_rule("em_close", _literal)
    return markdown


def _formula(state: StateInline, silent: bool) -> bool:
    """A rule for ``$...$``: take the whole formula, so that its underscores and stars are not read as Markdown."""
    match = INLINE.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("formula", "", 0).content = match[1]
    state.pos = match.end()
    return True


def _fence(code: str, language: str, _attributes: str) -> str:
    return str(_highlighted(code, language)) if language else str(escape(code))


def _literal(_: RendererHTML, tokens: list[Token], index: int, _options: OptionsDict, _env: object) -> str:
    return tokens[index].markup
