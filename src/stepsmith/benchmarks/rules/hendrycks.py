r"""The comparison of Hendrycks et al. (2021, arXiv 2103.03874) for answers of MATH: equal texts in a normal form.

verl 0.9.1 (utils/reward_score/math_reward.py) and lm-eval's ``hendrycks_math`` have it. It knows no algebra: ``1/2`` is
``\frac{1}{2}``, but ``0.25`` is not ``\frac{1}{4}``. Written by us after that source, with what it gets wrong.
"""

import re

_LEFT_OUT = ("\\left", "\\right", "^{\\circ}", "^\\circ", "\\$")


def same_answer(given: str, expected: str) -> bool:
    """Return whether two answers are equal in the normal form; as they stand where one of them has none."""
    try:
        return normal_form(given) == normal_form(expected)
    except (IndexError, ValueError):
        return given == expected


def normal_form(text: str) -> str:
    """Return an answer's normal form. Raises ``IndexError`` or ``ValueError`` where the original fails."""
    text = text.replace("\n", "").replace("\\!", "").replace("\\\\", "\\")
    text = text.replace("tfrac", "frac").replace("dfrac", "frac")
    for part in _LEFT_OUT:
        text = text.replace(part, "")
    if "\\text{ " in text:  # units
        text, _ = text.split("\\text{ ")
    text = text.replace("\\\\%", "").replace("\\%", "").replace(" .", " 0.").replace("{.", "{0.")
    if not text:
        return text
    text = "0" + text if text[0] == "." else text
    sides = text.split("=")
    text = sides[1] if len(sides) == 2 and len(sides[0]) <= 2 else text
    text = _fractions(_roots(text).replace(" ", ""))
    return _quotient("\\frac{1}{2}" if text == "0.5" else text)


def _roots(text: str) -> str:
    first, *rest = text.split("\\sqrt")
    return first + "".join(f"\\sqrt{{{part[0]}}}{part[1:]}" if part[0] != "{" else f"\\sqrt{part}" for part in rest)


def _fractions(text: str) -> str:
    """Write ``\\frac12`` and ``\\frac1{72}`` with braces."""
    first, *rest = text.split("\\frac")
    written = first
    for part in rest:
        if part[0] == "{":
            written += f"\\frac{part}"
        elif len(part) < 2:
            return text
        else:
            below = part[1:] if part[1] == "{" else f"{{{part[1]}}}{part[2:]}"
            written += f"\\frac{{{part[0]}}}{below}"
    return written


def _quotient(text: str) -> str:
    found = re.fullmatch(r"(0|-?[1-9][0-9]*)/(0|-?[1-9][0-9]*)", text)
    return f"\\frac{{{found[1]}}}{{{found[2]}}}" if found else text
