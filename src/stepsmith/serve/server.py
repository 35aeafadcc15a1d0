"""Run the server: uvicorn, with a shutdown that finishes accepted requests or answers 503."""

import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from stepsmith.core.errors import MachineError
from stepsmith.judge.program import RunningJudge
from stepsmith.serve.app import create_app
from stepsmith.serve.serving import Serving
from stepsmith.serve.settings import ServerSettings

BACKLOG = 2048
KEEP_ALIVE_S = 330  # longer than clients keep an idle connection (open-r1: 300 s), so that they never find it closed
CANCEL_AFTER_S = 5.0  # after the grace period, for answers that are being sent


class SignalledServer(uvicorn.Server):
    """A uvicorn server that returns to its caller after a signal."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGINT, SIGTERM and SIGHUP, and then return to the caller, who closes what was served."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = [n for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(n) != signal.SIG_IGN]
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class JudgeServer(SignalledServer):
    """A server that first tells the gate when it has to stop."""

    def __init__(self, config: uvicorn.Config, serving: Serving) -> None:
        super().__init__(config)
        self._serving = serving

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nothing new, then let uvicorn wait for the running requests."""
        self._serving.gate.drain()
        await super().shutdown(sockets)
        self._serving.gate.close()


def listen(settings: ServerSettings) -> socket.socket:
    """Return a listening socket.

    Raises ``ConfigError`` for a public address without a token, and ``MachineError`` for an address that is taken.
    """
    settings.check_exposure()
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host.strip("[]"), settings.port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        reason = error.strerror or error
        raise MachineError(
            f"cannot listen on {settings.host} port {settings.port}: {reason}; try another --port"
        ) from None
    return listener


def make_server(judge: RunningJudge, settings: ServerSettings) -> JudgeServer:
    """Return a server for a judge, which the caller closes; ``run(sockets=[...])`` serves until a signal."""
    serving = Serving(judge, settings)
    config = uvicorn.Config(
        create_app(serving),
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=int(settings.grace_s + CANCEL_AFTER_S),
    )
    return JudgeServer(config, serving)
