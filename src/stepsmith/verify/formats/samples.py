"""Sample blocks of stdio statements: an input block under its heading, then an output block under its."""

import re
from collections.abc import Iterator

_HEADING = re.compile(
    r"^[ \t#*\-=_`]*(?:(?:sample|example)s?[ \t]*)?(input|output)s?(?:[ \t]*(?:sample|example))?"
    r"[ \t]*#?[ \t]*\d*[ \t]*[:*\-=_`]*[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SAMPLE = re.compile(r"sample|example", re.IGNORECASE)
_NEXT_SECTION = re.compile(
    r"^[ \t#*\-=_`]*(?:notes?|explanations?|constraints?|hint|scoring|(?:sample|example)\s*(?:test\s*)?\d*)\b.*$",
    re.IGNORECASE | re.MULTILINE,
)


def stdio_samples(text: str) -> Iterator[tuple[str, str]]:
    """(input, output) of every input block that is directly followed by an output block, in order.

    Where some headings say "sample" or "example", the plain ones describe the format and are passed over.
    """
    headings = list(_HEADING.finditer(text))
    marked = [heading for heading in headings if _SAMPLE.search(heading.group())]
    headings = marked or headings
    for k in range(len(headings) - 1):
        if headings[k].group(1).lower() != "input" or headings[k + 1].group(1).lower() != "output":
            continue
        end = headings[k + 2].start() if k + 2 < len(headings) else len(text)
        given = _block(text[headings[k].end() : headings[k + 1].start()])
        wanted = text[headings[k + 1].end() : end]
        stop = _NEXT_SECTION.search(wanted)
        result = _block(wanted[: stop.start()] if stop else wanted)
        if given and result and not _is_prose(given):
            yield given + "\n", result + "\n"


def _block(text: str) -> str:
    """A block without its fences and the blank lines around it; of an unfenced one only up to the first blank line."""
    if fenced := re.search(r"```[^\n]*\n(.*?)```", text, re.DOTALL):
        return fenced.group(1).strip("\n")
    lines = text.strip("\n").split("\n")
    kept = lines[: next((k for k, line in enumerate(lines) if k and not line.strip()), len(lines))]
    return "\n".join(line.strip() for line in kept).strip()


def _is_prose(text: str) -> bool:
    """Whether a block describes the input ("The first line contains ...") rather than showing one."""
    words = re.findall(r"[A-Za-z]{2,}", text)
    return len(words) >= 6 and bool(
        re.search(r"\b(?:the|contains?|integers?|line|each|denot\w+)\b", text, re.IGNORECASE)
    )
