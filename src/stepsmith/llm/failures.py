"""The failures of one request, and what to do then: try again, wait, or give up with advice."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from stepsmith.core.errors import EndpointError
from stepsmith.llm.records import ModelSpec

RETRIED = frozenset({408, 409, 425, 429})  # HTTP status; also every 5xx except FOR_GOOD
FOR_GOOD = frozenset({501, 505})  # the server does not support the request, so it is not retried
REFUSED = frozenset({400, 413, 422})
OUT_OF_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})  # sent as 429
QUOTED, EXCERPT = 300, 120  # how many characters are shown: of a server's message, of a body that cannot be read

_PAGE = re.compile(r"<!doctype html|<html|<head|<body", re.I)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.S)
_TAG = re.compile(r"<(script|style)\b.*?</\1\s*>|<[^>]*>", re.I | re.S)


class AttemptError(Exception):
    """One request failed. The client retries it or turns it into an ``EndpointError``; no other package sees it."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        param: str = "",
        retry_after_s: float | None = None,
        sent: bool = True,
        spoiled: bool = False,
    ) -> None:
        super().__init__(message.rstrip(" .:"))  # the message becomes part of a sentence
        self.status = status  # HTTP status of a failure that the server reported
        self.code = code
        self.param = param  # the field of the request that the server names
        self.retry_after_s = retry_after_s
        self.sent = sent  # False: it cannot have reached the server
        self.spoiled = spoiled  # an answer came, but not a usable one
        self.begun = False  # a part of the answer came before the server reported the failure

    @property
    def retryable(self) -> bool:
        """True if the same request may succeed later."""
        if self.status is None:
            return True
        if self.code in OUT_OF_MONEY or self.status in FOR_GOOD:
            return False
        return self.status in RETRIED or self.status >= 500

    @property
    def throttled(self) -> bool:
        """True if the server works but asks us to wait."""
        return self.status == 429 or (self.status == 503 and self.retry_after_s is not None)

    @property
    def overload(self) -> bool:
        """True if fewer requests at once may help; also for time-outs and dropped connections."""
        if self.status is None:
            return not self.spoiled
        return self.status in (408, 429) or self.status >= 500

    @property
    def billable(self) -> bool:
        """True if the server may have billed an answer: the request was sent, and the server reported no failure."""
        return self.sent and (self.status is None or self.begun)


def give_up(failure: AttemptError, spec: ModelSpec, tried: str) -> EndpointError:
    """Return the error for a request that is not retried: what happened and what to do. Refusals: see ``refusals``."""
    said, place = f"{spec.name}: {failure}".rstrip(". "), f"[models.{spec.name}]"
    status = failure.status
    if status in (401, 403):
        key = f"The key in ${spec.key_env} is not accepted" if spec.key_env else f"Set key_env in {place}"
        return EndpointError(f"{said}. {key}, or it may not use {spec.model!r}.")
    if status == 402 or failure.code in OUT_OF_MONEY:
        return EndpointError(f"{said}. The account has no credit left; add some.")
    if status in (404, 405):
        return EndpointError(
            f"{said}. Check base_url (it usually ends with /v1) and model in {place}; asked for {spec.model!r}."
        )
    if status is not None and not failure.retryable:
        return EndpointError(f"{said}. Check base_url and the other settings in {place}.")
    return EndpointError(f"{said}. Gave up after {tried}; every answer that arrived is kept.")


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110 §10.2.3): a number or an HTTP date. None: unreadable."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except (ValueError, TypeError):
            return None
        date = date if date.tzinfo else date.replace(tzinfo=UTC)
        seconds = (date - (now or datetime.now(UTC))).total_seconds()
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def excerpt(data: bytes) -> str:
    """Return the beginning of a body that could not be read, on one line; for a web page its title or its text."""
    text = data[:20_000].decode("utf-8", "replace")
    if _PAGE.search(text[:1000]):
        title = _TITLE.search(text)
        words = _line(title[1] if title else _TAG.sub(" ", text), EXCERPT)
        return f"a web page ({words})" if words else "a web page"
    return _line(text, EXCERPT)


def quoted(text: str) -> str:
    """Return a server's words on one line, shortened."""
    return _line(text, QUOTED)


def _line(text: str, length: int) -> str:
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= length else line[:length] + "…"
