"""Which reward is audited, and how it is called."""

import sys
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from stepsmith.core.errors import ConfigError
from stepsmith.core.records import Record

Interface = Literal["auto", "trl", "verl", "verl-batch", "verifiers", "judge"]
Protocol = Literal["code-judge", "code-judge-batch", "code-judge-long-batch", "run_code", "submit", "piston"]
PROTOCOLS: dict[Protocol, str] = {  # the path of each
    "code-judge": "/judge",
    "code-judge-batch": "/judge/batch",
    "code-judge-long-batch": "/judge/long-batch",
    "run_code": "/run_code",
    "submit": "/submit",
    "piston": "/api/v2/execute",
}


class RewardTarget(Record, frozen=True, kw_only=True):
    """A reward: a callable as ``module:name`` or ``/abs/file.py:name``, a package, or the address of a judge.

    ``python`` is the interpreter that runs it; ``folder`` where that is started. ``timeout_s`` bounds one call.
    """

    reference: str
    interface: Interface = "auto"
    protocol: Protocol | None = None  # of a judge
    python: str = sys.executable
    folder: str = "."
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)  # of every call, or of the environment
    timeout_s: float = 30.0

    @property
    def name(self) -> str:
        """How findings call it."""
        return self.reference if self.protocol is None else f"{self.reference} ({self.protocol})"


def reward_target(
    text: str,
    *,
    interface: Interface = "auto",
    protocol: Protocol | None = None,
    python: Path | None = None,
    arguments: dict[str, Any] | None = None,
    timeout_s: float = 30.0,
) -> RewardTarget:
    """Return the target that a user named. Raises ``ConfigError`` for one that cannot be."""
    if text.startswith(("http://", "https://")):
        address = urlsplit(text)
        base = text.rstrip("/")
        paths = sorted(PROTOCOLS.items(), key=lambda item: -len(item[1]))
        spoken = [p for p in paths if address.path.rstrip("/").endswith(p[1]) and protocol in (None, p[0])]
        if spoken:
            protocol, base = spoken[0][0], base[: -len(spoken[0][1])]
        if protocol is None:
            raise ConfigError(f"say what {text} speaks with --protocol: {', '.join(PROTOCOLS)}")
        return RewardTarget(reference=base, interface="judge", protocol=protocol, timeout_s=timeout_s)
    if protocol is not None:
        raise ConfigError(f"--protocol is for the address of a judge (http://...), not for {text}")
    place, _, name = text.rpartition(":") if ":" in text else (text, "", "")
    if place.endswith(".py"):
        file = Path(place).expanduser()
        if not file.is_file():
            raise ConfigError(f"there is no file {file}")
        text = f"{file.resolve()}:{name}" if name else str(file.resolve())
    elif "/" in place or not all(part.isidentifier() for part in place.split(".")):
        raise ConfigError(
            f"{text} is no reward; give package.module:function, file.py:function, the name of a package of verifiers, "
            "or the address of a judge"
        )
    if python is not None and not python.is_file():
        raise ConfigError(
            f"--python {python} is no file; give the interpreter of an environment, such as .venv/bin/python"
        )
    return RewardTarget(
        reference=text,
        interface=interface,
        python=str(python.absolute()) if python else sys.executable,
        folder=str(Path.cwd()),
        arguments=arguments or {},
        timeout_s=timeout_s,
    )
