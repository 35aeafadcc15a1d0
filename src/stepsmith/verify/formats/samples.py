"""Sample blocks of stdio statements: an input block under its heading, then an output block under its heading.

Statements use the headings "Input" and "Output" for two things: to describe the format, and to show an example. What
counts as an example: blocks whose headings say "sample" or "example"; else blocks below a heading "Examples"; else
blocks that do not read like a description.
"""

import re
from collections.abc import Iterator

_EDGE = r"[ \t#*\-=_`:]*"
_HEADING = re.compile(
    rf"^{_EDGE}(?P<before>(?:sample|example)s?[ \t\-]*(?:test[ \t]*)?)?(?P<kind>input|output)s?"
    rf"(?P<after>[ \t\-]*(?:sample|example)s?)?[ \t]*[#\-(]?[ \t]*\d*\)?[ \t]*(?:copy)?{_EDGE}$",
    re.IGNORECASE | re.MULTILINE,
)
_EXAMPLES = re.compile(
    rf"^{_EDGE}(?:sample|example)s?(?:[ \t]+(?:tests?|cases?|test[ \t]*cases?))?[ \t]*[#(]?[ \t]*\d*\)?{_EDGE}$",
    re.IGNORECASE | re.MULTILINE,
)
_NEXT_SECTION = re.compile(
    rf"^{_EDGE}(?:notes?|explanations?|constraints?|hints?|scoring|subtasks?|limits?|(?:sample|example)[ \t]*\w*"
    r"[ \t]*\d*)\b[^\n]{0,40}$",
    re.IGNORECASE | re.MULTILINE,
)
_FENCE = re.compile(r"^[ \t]*```[^\n]*\n(.*?)^[ \t]*```[ \t]*$", re.DOTALL | re.MULTILINE)
_TAGS = re.compile(r"</?(?:b|strong|pre|code|p|br|h\d|div|span|tt)\b[^>]*>", re.IGNORECASE)
_DESCRIBES = re.compile(
    r"\b(?:the|an?|of|is|are|each|contains?|consists?|lines?|integers?|numbers?|print|output|given|following|format|"
    r"denot\w+|separated|single)\b",
    re.IGNORECASE,
)


def stdio_samples(text: str) -> Iterator[tuple[str, str]]:
    """Yield (input, output) of every input block that is directly followed by an output block, in order."""
    text = _TAGS.sub("", text.replace("\r\n", "\n"))
    headings = list(_HEADING.finditer(text))
    marked = [heading for heading in headings if heading["before"] or heading["after"]]
    below = _EXAMPLES.search(text)
    sure = True
    if {heading["kind"].lower() for heading in marked} == {"input", "output"}:
        headings = marked
    elif below:
        headings = [heading for heading in headings if heading.start() > below.start()]
    else:
        sure = False
    for k in range(len(headings) - 1):
        if headings[k]["kind"].lower() != "input" or headings[k + 1]["kind"].lower() != "output":
            continue
        end = headings[k + 2].start() if k + 2 < len(headings) else len(text)
        given = _input_block(text[headings[k].end() : headings[k + 1].start()])
        result = _output_block(text[headings[k + 1].end() : end])
        if given and result and (sure or not (_describes(given) or _describes(result))):
            yield given + "\n", result + "\n"


def _input_block(text: str) -> str:
    """Return the input below a heading, or "" where the text before a fenced block says that it is a description."""
    if fenced := _FENCE.search(text):
        return "" if _describes(text[: fenced.start()]) else fenced[1].strip("\n")
    return _trimmed(text)


def _output_block(text: str) -> str:
    """Return the output below a heading, without what follows it; "" where it cannot be told where it ends."""
    if fenced := _FENCE.search(text):
        return "" if _describes(text[: fenced.start()]) else fenced[1].strip("\n")
    stop = _NEXT_SECTION.search(text)
    first, *rest = re.split(r"\n[ \t]*\n", _trimmed(text[: stop.start()] if stop else text))
    if any(not _is_prose(paragraph) for paragraph in rest if paragraph.strip()):
        return ""  # an output with a blank line in it, or an explanation in numbers
    return first


def _trimmed(text: str) -> str:
    """Return the lines of a block without margins, without empty lines around it and a "Copy" button above it."""
    lines = [line.strip() for line in text.strip().split("\n")]
    if lines and lines[0].lower() == "copy":
        lines = lines[1:]
    return "\n".join(lines).strip()


def _describes(text: str) -> bool:
    """Return whether a block reads like the description of a format ("The first line contains ...")."""
    return len(_DESCRIBES.findall(text)) >= 2 or bool(re.search(r"\bin the following format\b", text, re.IGNORECASE))


def _is_prose(text: str) -> bool:
    """Return whether a paragraph is an explanation."""
    return len(re.findall(r"[A-Za-z]{2,}", text)) >= 4
