"""Run the viewer: uvicorn on a socket that the command opened."""

import socket

import uvicorn

from stepsmith.serve.server import BACKLOG, SignalledServer
from stepsmith.view.app import create_app
from stepsmith.view.viewing import Viewing

CLOSE_AFTER_S = 2  # for pages that are open when the viewer stops


class ViewServer(SignalledServer):
    """A server that ends the streams of its pages before it stops."""

    def __init__(self, config: uvicorn.Config, viewing: Viewing) -> None:
        super().__init__(config)
        self._viewing = viewing

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let no page be followed any longer, then stop."""
        self._viewing.streams.stop()
        await super().shutdown(sockets)


def make_viewer(viewing: Viewing) -> ViewServer:
    """Return a server of a viewer; ``run(sockets=[...])`` serves until a signal."""
    return ViewServer(
        uvicorn.Config(
            create_app(viewing),
            log_level="warning",
            access_log=False,
            lifespan="off",
            backlog=BACKLOG,
            server_header=False,
            timeout_graceful_shutdown=CLOSE_AFTER_S,
        ),
        viewing,
    )


def address_of(viewing: Viewing, listener: socket.socket) -> str:
    """Return the address to open, with the token where there is one."""
    settings = viewing.settings
    host = settings.host.strip("[]")
    name = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, f"[{host}]" if ":" in host else host)
    token = f"?token={settings.token}" if settings.token else ""
    return f"http://{name}:{listener.getsockname()[1]}/{token}"
