r"""The rule of verl's ``math_dapo`` (verl 0.9.1, utils/reward_score/math_dapo.py), which it uses for AIME.

It reads the end of a reply: what follows the last ``Answer:`` on its line, in a normal form that comes from Minerva
(Lewkowycz et al. 2022, arXiv 2206.14858), or else the last ``\boxed{...}``, which must be the answer letter by letter.
Written by us after that source, with what it gets wrong: ``Answer: a 7`` is ``7``.
"""

import re

TAIL, BOXED_TAIL = 300, 100  # the last characters of a reply in which the answer is looked for
_REPLACED = (
    ("an ", ""), ("a ", ""), (".$", "$"), ("\\$", ""), ("\\ ", ""), (" ", ""), ("mbox", "text"),
    (",\\text{and}", ","), ("\\text{and}", ","), ("\\text{m}", "\\text{}"),
)  # fmt: skip
_LEFT_OUT = (
    "square", "ways", "integers", "dollars", "mph", "inches", "hours", "km", "units", "\\ldots", "sue", "points",
    "feet", "minutes", "digits", "cents", "degrees", "cm", "gm", "pounds", "meters", "meals", "edges", "students",
    "childrentickets", "multiples",
    "\\text{s}", "\\text{.}", "\\text{\ns}", "\\text{}^2", "\\text{}^3", "\\text{\n}", "\\text{}", "\\mathrm{th}",
    "^\\circ", "^{\\circ}", "\\;", ",\\!", "{,}", '"', "\\dots",
)  # fmt: skip
_REWRITTEN = (
    (r".*?\$(.*?)\$.*", r"$\1$"), (r"\\text\{(.*?)\}", r"\1"), (r"\\textbf\{(.*?)\}", r"\1"),
    (r"\\overline\{(.*?)\}", r"\1"), (r"\\boxed\{(.*)\}", r"\1"), (r"frac([^{])(.)", r"frac{\1}{\2}"),
    (r"sqrt([^{])", r"sqrt{\1}"),
)  # fmt: skip


def reply_right(reply: str, expected: str) -> bool:
    """Return whether the answer at the end of a reply is the expected one."""
    end = reply[-TAIL:]
    stated = re.findall(r"(?i)Answer\s*:\s*([^\n]+)", end)
    if stated:
        return normal_form(stated[-1]) == normal_form(expected)
    return _boxed(end[-BOXED_TAIL:]) == expected


def normal_form(text: str) -> str:
    """Return an answer's normal form: without units, spaces and markup, and what follows its last ``=``."""
    text = text.rpartition("=")[2]
    for old, new in _REPLACED:
        text = text.replace(old, new)
    for word in _LEFT_OUT:
        text = text.replace(word, "")
    for pattern, new in _REWRITTEN:
        text = re.sub(pattern, new, text)
    text = text.replace("$", "")
    digits = text.replace(",", "")
    return (digits if digits.isdigit() else text).strip()


def _boxed(text: str) -> str | None:
    r"""Return what the last ``\boxed{`` holds; None if there is none, or it is not closed."""
    _before, found, rest = text.rpartition("\\boxed{")
    depth = 1
    for place, character in enumerate(rest if found else ""):
        depth += (character == "{") - (character == "}")
        if depth == 0:
            return rest[:place]
    return None
