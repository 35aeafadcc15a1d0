"""What can go wrong with one request, and what follows from it: try again, wait, or give up with advice."""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from stepsmith.core.errors import EndpointError, RequestRefused
from stepsmith.llm.records import ModelSpec

RETRIED = frozenset({408, 409, 425, 429})  # and every 5xx
REFUSED = frozenset({400, 413, 422})
OUT_OF_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})  # sent as 429
QUOTED = 300  # characters of a server's message that are shown


class AttemptError(Exception):
    """One request failed. Never leaves this package: the client retries it or turns it into an ``EndpointError``."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        retry_after_s: float | None = None,
        sent: bool = True,
        spoiled: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status  # HTTP status of a failure that the server reported
        self.code = code
        self.retry_after_s = retry_after_s
        self.sent = sent  # False: it cannot have reached the server
        self.spoiled = spoiled  # an answer came, but not a usable one

    @property
    def retryable(self) -> bool:
        """Whether the same request may fare better later."""
        if self.status is None:
            return True
        return self.code not in OUT_OF_MONEY and (self.status in RETRIED or self.status >= 500)

    @property
    def throttled(self) -> bool:
        """Whether the server works and asks to wait."""
        return self.status == 429 or (self.status == 503 and self.retry_after_s is not None)

    @property
    def overload(self) -> bool:
        """Whether fewer requests at once may help: also for time-outs and dropped connections."""
        if self.status is None:
            return not self.spoiled
        return self.status in (408, 429) or self.status >= 500

    @property
    def billable(self) -> bool:
        """Whether the server may have billed an answer: it reported no failure, and the request was sent."""
        return self.status is None and self.sent


def give_up(failure: AttemptError, spec: ModelSpec, tried: str) -> EndpointError:
    """Return the error that says what happened and what to do next."""
    said, place = f"{spec.name}: {failure}", f"[models.{spec.name}]"
    status = failure.status
    if status in (401, 403):
        key = f"the key in ${spec.key_env} is not accepted" if spec.key_env else f"set key_env in {place}"
        return EndpointError(f"{said}. {key[0].upper()}{key[1:]}, or it may not use {spec.model!r}.")
    if status == 402 or failure.code in OUT_OF_MONEY:
        return EndpointError(f"{said}. The account has no credit left; add some.")
    if status in (404, 405):
        return EndpointError(
            f"{said}. Check base_url (it usually ends with /v1) and model in {place}; asked for {spec.model!r}."
        )
    if status in REFUSED:
        return RequestRefused(f"{said}. The endpoint refuses this request; check {place} and the length of the prompt.")
    if status is not None and not failure.retryable:
        return EndpointError(f"{said}. Check {place}.")
    return EndpointError(f"{said}. Gave up after {tried}; what was paid for is kept.")


def retry_after(value: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header (RFC 9110 §10.2.3): seconds, fractions allowed, or an HTTP date. None: unreadable."""
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


def quoted(text: str, secret: str | None) -> str:
    """Return a server's words on one line, short, and without the key, should the server repeat it."""
    if secret:
        text = text.replace(secret, "***")
    line = " ".join(re.sub(r"[^\x20-\x7e\xa0-\U0010ffff]", " ", text).split())
    return line if len(line) <= QUOTED else line[:QUOTED] + "…"
