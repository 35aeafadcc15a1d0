"""What is checked before every request, and what every answer carries.

- The name in ``Host`` must be ours. A hostile site whose name is pointed at this machine (DNS rebinding) is refused.
- Where a token is set, it must be in the cookie, or once in the address (``?token=...``), which then sets the cookie.
- A request that changes something must come from our own pages: ``Origin`` must be this server.
- Answers carry a content security policy without inline scripts and styles, and no header that opens them to others.
"""

import hmac
import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.datastructures import URL, Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stepsmith.serve.settings import LOOPBACK_NAMES, host_name, is_loopback
from stepsmith.view.settings import ViewSettings

COOKIE = "stepsmith-view"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SAFE = ("GET", "HEAD")


class Guard:
    """ASGI middleware that refuses requests which do not come from the reader's own browser pages."""

    def __init__(self, app: ASGIApp, settings: ViewSettings) -> None:
        self._app = app
        self._token = settings.token
        self._public = not is_loopback(settings.host)
        self._names = {settings.host.strip("[]").lower(), *LOOPBACK_NAMES}
        if self._public:
            self._names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with the reason why not."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        refusal = self._refusal(request)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if "cache-control" not in headers:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        headers = request.headers
        if not self._ours(headers.get("host", "")):
            return _refused(421, "This name does not belong to the viewer. Open it as http://localhost with its port.")
        if self._token and (answer := self._unknown_reader(request)):
            return answer
        if request.method not in SAFE:
            if not self._same_origin(headers):
                return _refused(403, "Another site sent this request. Nothing was done.")
        elif headers.get("sec-fetch-site") in ("cross-site", "same-site") and not _followed_link(headers):
            return _refused(403, "Another site asked for this. It gets no answer.")
        return None

    def _ours(self, host: str) -> bool:
        name = host_name(host)
        return name in self._names or (self._public and _is_address(name))

    def _unknown_reader(self, request: Request) -> Response | None:
        given = request.query_params.get("token", "")
        if given and self._is_token(given):
            answer = RedirectResponse(_without_token(request.url), 303)
            answer.set_cookie(COOKIE, given, httponly=True, samesite="strict", path="/")
            return answer
        if self._is_token(request.cookies.get(COOKIE, "")):
            return None
        return _refused(401, "Open the address that `stepsmith view` printed: it ends in ?token=...")

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), (self._token or "").encode())

    def _same_origin(self, headers: Headers) -> bool:
        """A browser names the origin of every POST; a program without one cannot be driven by a site."""
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") in (None, "same-origin")
        try:
            return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
        except ValueError:
            return False


def _followed_link(headers: Headers) -> bool:
    """A link on another site may lead here: it opens a page in a tab, and the site sees nothing of it."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _without_token(url: URL) -> str:
    rest = url.remove_query_params("token")
    return f"{rest.path}?{rest.query}" if rest.query else rest.path


def _refused(status: int, text: str) -> Response:
    return PlainTextResponse(text + "\n", status)
