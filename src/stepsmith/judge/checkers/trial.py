"""Tries a checker program out before it is used: it has to accept each answer for itself and refuse spoilt ones."""

import re
from collections.abc import Iterator, Sequence

from stepsmith.core.errors import CheckerError
from stepsmith.core.integers import literal_text, read_literal
from stepsmith.core.records import Contract, Example
from stepsmith.judge.protocol import Judge

SPOILT_CASES = 6  # cases whose outputs are spoilt; each of the other cases costs one run
REFUSED = 0.5  # the share of slightly changed outputs that a checker has to refuse: a few of them may be right
FAR = 10**9 + 7
SHOWN = 100  # characters of a text in a message

_NUMBER = re.compile(r"-?\d+")


def checker_fault(judge: Judge, contract: Contract, cases: Sequence[Example]) -> str:
    """Say what is wrong with the checker program of ``contract``, or "". ``cases`` are believed right.

    Each answer has to pass for itself. On the cases with the shortest inputs, nonsense has to be refused, and half of
    the outputs in which a number or a part is changed. A checker that does not decide has failed. Raises
    ``SandboxError`` if our own machinery fails.
    """
    changed = refused = 0
    passed = ""
    try:
        for place, case in enumerate(sorted(cases, key=lambda case: len(case.input))):
            if not judge.agree(contract, case.input, case.output, case.output):
                return f"the checker refuses {_short(case.output)} for {_short(case.input)}, where it is right"
            if place >= SPOILT_CASES:
                continue
            for text in _nonsense(contract, case.output):
                if judge.agree(contract, case.input, case.output, text):
                    return f"the checker accepts {_short(text)} for {_short(case.input)}"
            for text in _changed(contract, case.output):
                wrong = not judge.agree(contract, case.input, case.output, text)
                changed, refused = changed + 1, refused + wrong
                passed = passed if wrong else f"{_short(text)} for {_short(case.input)}"
    except CheckerError as error:
        return str(error)
    if refused < REFUSED * changed:
        return f"the checker accepts {changed - refused} of {changed} changed outputs, such as {passed}"
    return ""


def _nonsense(contract: Contract, answer: str) -> list[str]:
    """Outputs that are wrong whatever is asked."""
    if contract.interface == "function":
        wrong = ["None", "'?'", f"[{answer.strip()}, '?']"]
    else:
        wrong = ["", "?\n", f"{answer.rstrip()} ?\n"]
    return [text for text in wrong if text.split() != answer.split()]


def _changed(contract: Contract, answer: str) -> list[str]:
    """Outputs with one number changed, or the last part left out or given twice; most of them are wrong."""
    texts = list(_with_other_numbers(answer))
    if contract.interface == "function":
        try:
            value = read_literal(answer)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return []
        if isinstance(value, list) and value:
            texts += [literal_text(value[:-1]), literal_text([*value, value[-1]])]
    elif parts := answer.split():
        texts += [f"{answer.rstrip()} {parts[-1]}\n"] + [answer.rstrip().removesuffix(parts[-1])] * (len(parts) > 1)
    return [text for text in dict.fromkeys(texts) if text.split() != answer.split()]


def _with_other_numbers(answer: str) -> Iterator[str]:
    numbers = list(_NUMBER.finditer(answer))
    for found in {id(one): one for one in (*numbers[:1], *numbers[-1:])}.values():
        value = int(found[0]) if len(found[0]) < 1000 else 0
        for other in (value + 1, -value - 1, value + FAR):
            yield f"{answer[: found.start()]}{other}{answer[found.end() :]}"


def _short(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")
