"""The settings of a viewer."""

import secrets
from pathlib import Path

from stepsmith.core.records import Record
from stepsmith.serve.settings import ServerSettings, is_loopback

PORT = 8010


class ViewSettings(Record, frozen=True, kw_only=True):
    """What is served, and to whom. ``token`` is None only on a loopback address."""

    places: tuple[Path, ...]
    host: str = "127.0.0.1"
    port: int = PORT
    token: str | None = None

    @property
    def listening(self) -> ServerSettings:
        """Host, port and token as the judge's server checks them."""
        return ServerSettings(host=self.host, port=self.port, token=self.token)


def view_settings(places: tuple[Path, ...], host: str, port: int, token: str | None) -> ViewSettings:
    """Return settings; an address that other machines can reach gets a new token if none is given."""
    if not token and not is_loopback(host):
        token = secrets.token_urlsafe(24)
    return ViewSettings(places=places, host=host, port=port, token=token or None)
