"""A checker's decision on one output, and how its messages show values."""

from stepsmith.core.records import Record

SHOWN = 60  # characters of a value that a message shows


class CheckResult(Record, frozen=True, kw_only=True):
    """The decision of a checker: whether an output is accepted; if not, ``message`` names the first difference."""

    ok: bool
    message: str = ""


ACCEPTED = CheckResult(ok=True)


def rejected(message: str) -> CheckResult:
    """Return a rejection with its reason."""
    return CheckResult(ok=False, message=message)


def shown(value: object) -> str:
    """Return a value's text for a message: a string in quotes, cut where it is long."""
    text = value if isinstance(value, str) else repr(value)
    cut = text if len(text) <= SHOWN else f"{text[:SHOWN]}… ({len(text)} characters)"
    return repr(cut) if isinstance(value, str) else cut


def shown_pair(expected: str, actual: str) -> tuple[str, str]:
    """Show two strings that differ. A long common beginning is cut, so that the difference is visible."""
    same = 0
    for left, right in zip(expected, actual, strict=False):
        if left != right:
            break
        same += 1
    if same <= SHOWN // 2:
        return shown(expected), shown(actual)
    start = same - SHOWN // 4
    return f"…{shown(expected[start:])} (from character {start + 1})", f"…{shown(actual[start:])}"
