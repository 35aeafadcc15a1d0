"""The connection to Ray: which cluster ``--executor`` names, and errors in our words."""

import os
import re
import signal
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stepsmith.core.errors import MachineError, SettingError

LOCAL = "local"
NAMESPACE = "stepsmith"  # of the named actors
OBJECT_STORE_MB = 256  # of a Ray that we start ourselves: results of a few hundred KB pass through it
CONNECT_S = 5.0
_EXECUTOR = re.compile(r"ray(://(?P<address>[^/\s]+))?")
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def check_executor(executor: str) -> str:
    """Return ``executor``: "local", "ray" or "ray://HOST:PORT". Raises ``ConfigError`` for everything else."""
    if executor == LOCAL or _EXECUTOR.fullmatch(executor):
        return executor
    raise SettingError("executor", f'there is no executor {executor!r}; write "local", "ray" or "ray://HOST:PORT"')


def is_ray(executor: str) -> bool:
    """Return whether an executor is Ray. Raises ``ConfigError`` for an unknown one."""
    return check_executor(executor) != LOCAL


@contextmanager
def connected(executor: str, workers: int) -> Iterator[Any]:
    """Connect to the cluster that ``executor`` names, and yield the module ``ray``.

    "ray" starts Ray here, with ``workers`` cores, and ends it afterwards; if RAY_ADDRESS is set, it joins that cluster.
    "ray://HOST:PORT" joins the cluster with that head; this machine must be one of its nodes ("ray://auto": the one
    that runs here). Raises ``MachineError`` without the extra or if there is no cluster.
    """
    address = executor.partition("://")[2] or os.environ.get("RAY_ADDRESS", "")
    if address not in ("", "auto"):
        _check_answers(address)
    own: dict[str, Any] = {
        "num_cpus": workers,
        "object_store_memory": OBJECT_STORE_MB << 20,
        "include_dashboard": False,
    }
    with _showing_token(address):
        ray = _imported()
        _init(ray, address, {} if address else own)
        try:
            yield ray
        finally:
            ray.shutdown()


def _imported() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray's future behaviour; without it, it warns
    # Of a Ray that we start. At Ray's default, 15, its workers get a small share of a machine that does other work too.
    os.environ.setdefault("RAY_worker_niceness", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise MachineError("--executor ray needs the package ray; run pip install 'stepsmith[ray]'") from None
    return ray


def _init(ray: Any, address: str, more: Mapping[str, Any]) -> None:
    """Call ``ray.init``, and keep our handlers of signals where Ray replaces some."""
    kept = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        ray.init(address or "local", namespace=NAMESPACE, log_to_driver=False, logging_level="ERROR", **more)
    except (ConnectionError, RuntimeError, ValueError, AssertionError, TimeoutError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise MachineError(
            f"no Ray cluster at {address or 'this machine'}, or it has another token (RAY_AUTH_TOKEN): {said[:200]}. "
            "Start one with `ray start --head`, and let this machine join it with `ray start --address HOST:PORT`"
        ) from None
    finally:
        for number, handler in kept.items():
            if signal.getsignal(number) is not handler and threading.current_thread() is threading.main_thread():
                signal.signal(number, handler)


@contextmanager
def _showing_token(address: str) -> Iterator[None]:
    """Show this user's token to a cluster that we join: one that was started where there is a token asks for it.

    Ray looks at the variable when it is imported.
    """
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    if not address or "RAY_AUTH_MODE" in os.environ or not ("RAY_AUTH_TOKEN" in os.environ or path.is_file()):
        yield
        return
    os.environ["RAY_AUTH_MODE"] = "token"
    try:
        yield
    finally:
        del os.environ["RAY_AUTH_MODE"]


def _check_answers(address: str) -> None:
    """Raise ``MachineError`` if nothing listens at HOST:PORT: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise SettingError(
            "executor", f'"ray://{address}" names no port; the port of the head is 6379 unless you chose another'
        )
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise MachineError(
            f"no Ray cluster at {address}: {error}. Start one with `ray start --head`; let this machine join it with "
            "`ray start --address HOST:PORT`"
        ) from None


def fetched(ray: Any, reference: Any) -> Any:
    """Return the value of a reference; an exception of the remote function is raised as it was raised there."""
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        if isinstance(error.cause, Exception):
            raise error.cause from None
        raise
