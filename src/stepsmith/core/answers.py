"""Parsing a completion: separating reasoning from the answer, and finding fenced code blocks.

Fences follow CommonMark 0.31 §4.5 (a closing fence has the opener's character, is at least as long and is not
indented by four columns more), with two exceptions for what models write: an opening fence may be indented by any
number of columns, and a fence with a language tag inside an open block opens a nested block.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

_OPEN = r"(?:<(?:seed:)?think(?:ing)?>|\[THINK\])"
_CLOSE = r"(?:</(?:seed:)?think(?:ing)?>|\[/THINK\])"
# Only some tags count, because programs and prose mention tags too: in quotes, or in the middle of a line.
_ENDS_REASONING = re.compile(rf"""(?<!["'`]){_CLOSE}|{_CLOSE}(?!["'`])""")
_TAG_IN_ANSWER = re.compile(rf"^[ \t]*{_OPEN}|^[ \t]*{_CLOSE}|{_CLOSE}[ \t\r]*$", re.MULTILINE)
_FENCE = re.compile(r"([ \t]*)(`{3,}(?=[^`]*\Z)|~{3,})(.*)\Z")
_TAGGED = re.compile(r"[\w+#.-]+(?:[ \t]+\{.*\})?")  # ```python, ```python {linenos=1}; not ``` followed by prose
_WRAPPERS = frozenset({"markdown", "md"})  # languages of blocks that may contain the blocks of the answer


class CodeBlock(NamedTuple):
    """A complete fenced block; ``language`` is the first word of the tag in lower case, "" without one."""

    language: str
    code: str


class _Open(NamedTuple):
    """A fence that is still open; ``inside`` holds the complete blocks inside it, as (language, indent, lines)."""

    marker: str
    indent: int
    language: str
    first_line: int
    inside: list[tuple[str, int, range]]


def split_reasoning(text: str) -> tuple[str, str]:
    """Split a completion into (reasoning, answer) at ``<think>…</think>`` and similar tags.

    A closing tag without an opening tag makes everything before it reasoning (some chat templates put the opening tag
    in the prompt). An opening tag that is never closed makes everything after it reasoning. An opening tag counts only
    at the start of a line, a closing tag without an opening one only at the start or end of a line. Without tags the
    whole text is the answer.
    """
    reasoning: list[str] = []
    answer: list[str] = []
    start, thinking = 0, False
    while tag := (_ENDS_REASONING if thinking else _TAG_IN_ANSWER).search(text, start):
        part, start = text[start : tag.start()], tag.end()
        closes = "/" in tag[0]
        if closes and not thinking:
            reasoning += answer
            answer = []
        (reasoning if closes else answer).append(part)
        thinking = not closes
    (reasoning if thinking else answer).append(text[start:])
    return "".join(reasoning), "".join(answer)


def strip_reasoning(text: str) -> str:
    """Return the answer in ``text``; see ``split_reasoning``."""
    return split_reasoning(text)[1]


def code_blocks(text: str) -> list[CodeBlock]:
    """Return the complete fenced blocks of ``text`` in order, without blocks nested in others.

    An unterminated block is left out; complete blocks inside it are returned instead. Code is unchanged, except that
    the indentation of the opening fence is removed and CRLF becomes LF.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    done: list[tuple[str, int, range]] = []
    stack: list[_Open] = []
    for number, line in enumerate(lines):
        fence = _FENCE.match(line) if "```" in line or "~~~" in line else None
        if fence is None:
            continue
        indent, marker, tag = len(fence[1].expandtabs(4)), fence[2], fence[3].strip()
        top = stack[-1] if stack else None
        if top:
            if marker[0] != top.marker[0] or len(marker) < len(top.marker) or indent > top.indent + 3:
                continue  # this line is text of the open block
            if not tag:
                stack.pop()
                outer = stack[-1].inside if stack else done
                outer.append((top.language, top.indent, range(top.first_line, number)))
                continue
            if not _TAGGED.fullmatch(tag):
                continue
        stack.append(_Open(marker, indent, tag.partition(" ")[0].lower(), number + 1, []))
    for unterminated in stack:
        done += unterminated.inside
    return [CodeBlock(language, "\n".join(_dedent(lines[i], by) for i in span)) for language, by, span in done]


def last_code_block(text: str, languages: Sequence[str] | None = None) -> str | None:
    """Return the code of the last complete block after any reasoning, or None.

    With ``languages`` (lower case) it is the last block with one of these tags. Untagged blocks count only where no tag
    matches, so that a sample output after the program is not taken for the program. If the answer is wrapped in a
    ``markdown`` block, the blocks inside it are used.
    """
    blocks = code_blocks(strip_reasoning(text))
    if languages is None:
        return blocks[-1].code if blocks else None
    wrappers = _WRAPPERS - set(languages)
    blocks = [
        inner for outer in blocks for inner in (code_blocks(outer.code) if outer.language in wrappers else [outer])
    ]
    tagged = [block for block in blocks if block.language in languages]
    eligible = tagged or [block for block in blocks if not block.language]
    return eligible[-1].code if eligible else None


def _dedent(line: str, columns: int) -> str:
    blank = len(line) - len(line.lstrip(" \t"))
    return line[min(columns, blank) :]
