"""The settings of a judge server."""

import functools
import ipaddress
import socket
from urllib.parse import urlsplit

import msgspec

from stepsmith.core.errors import ConfigError


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one server. A judgement is one program on one input, or one case on Stepsmith's own endpoints."""

    host: str = "127.0.0.1"
    port: int = 8005
    workers: int = 1
    token: str | None = None
    max_queue: int = 4096  # judgements held at once; more are answered 429
    max_body_mb: float = 64.0  # one request's body; larger ones are answered 413
    max_held_mb: float = 1024.0  # bodies of all requests held at once; more are answered 429
    body_timeout_s: float = 60.0  # to receive one body, then 408
    request_timeout_s: float = 3600.0  # from a whole body to the answer, then 503
    grace_s: float = 30.0  # at shutdown, for running requests; the rest is answered 503
    max_time_limit_s: float = 60.0  # per run that a request may ask for
    max_memory_mb: int = 4096  # likewise
    time_limit_s: float = 10.0  # per run, where the API has no such field (code-judge) or the request does not set it
    memory_limit_mb: int = 512  # likewise
    time_factors: dict[str, float] = {}  # of the judge, on the time limits of languages
    wall_extra_s: float = 5.0  # wall time beyond the CPU limit in the drop-in APIs, whose clients soon give up

    def check_exposure(self) -> None:
        """Raise ``ConfigError`` for a public address without a token: anybody could then run programs."""
        if not self.token and not is_loopback(self.host):
            raise ConfigError(
                f"--host {self.host} can be reached from other machines: pass --token (or set STEPSMITH_TOKEN), "
                "or listen on 127.0.0.1"
            )


LOOPBACK_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))


@functools.lru_cache(maxsize=64)
def host_name(header: str) -> str:
    """Return the name in a ``Host`` header, in lower case and without the port; "" if there is none."""
    try:
        return (urlsplit(f"//{header}").hostname or "").lower()
    except ValueError:
        return ""


def is_loopback(host: str) -> bool:
    """Return whether every address of ``host`` is a loopback address; a name that does not resolve is not."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return False
    return all(ipaddress.ip_address(str(entry[4][0]).split("%")[0]).is_loopback for entry in found)
