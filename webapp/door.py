"""What comes before the application: who is let through to it at all, and as whom.

Live connections pass the application by, so what holds for their requests is checked here as well.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from wsgiref.headers import Headers

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.sansio.utils import host_is_trusted

from webapp import headers
from webapp.config import Config
from webapp.connections import Connections
from webapp.errors import SiteError, TooLargeError, TooManyError
from webapp.pacing import meter, pace
from webapp.rates import SOCKETS, Rates

log = logging.getLogger(__name__)

Environ = dict[str, Any]
Start = Callable[..., Any]

LIVE = "/socket.io/"

_SESSION = re.compile(r"[A-Za-z0-9_-]{1,64}")
# As many as the library takes from one request.
_MOST_PACKETS = 16
_WEBSOCKET = "13"
_BETWEEN_PACKETS = "\x1e"


def install(app: Flask, config: Config, rates: Rates, connections: Connections) -> None:
    """Put the door before everything that the application answers, live connections included."""
    inner: Any = Door(app.wsgi_app, config, rates, connections)
    if config.proxies:
        # Hosts are not taken from proxies: a proxy that passes on what it does not know would
        # pass on what a stranger claims.
        inner = ProxyFix(inner, x_for=config.proxies, x_proto=1, x_host=0)
    app.wsgi_app = inner  # type: ignore[method-assign]


class Door:
    """Refuses what no part of the site has to look at."""

    def __init__(
        self, app: Callable[..., Any], config: Config, rates: Rates, connections: Connections
    ) -> None:
        """Stand before an application."""
        self._app = app
        self._config = config
        self._rates = rates
        self._connections = connections
        self._warned = bool(config.proxies)

    def __call__(self, environ: Environ, start: Start) -> Iterable[bytes]:
        """Pass a request on, or answer what is wrong with it."""
        self._warn_of_proxy(environ)
        try:
            self._check(environ)
            pace(environ, self._config)
            if _is_live(environ):
                start = self._with_headers(environ, start)
                self._check_live(environ)
        except SiteError as error:
            return _refusal(error, environ, self._with_headers(environ, start))
        try:
            answer: Iterable[bytes] = self._app(environ, start)
        except ConnectionError:
            # So ends a live connection where eventlet does not serve, and a browser that has gone.
            raise
        except Exception:
            # No page has answered, and the servers tell nobody.
            log.exception("a request failed")
            raise
        return answer

    def _check(self, environ: Environ) -> None:
        host = environ.get("HTTP_HOST")
        if (host or self._config.hosts) and not host_is_trusted(host, self._config.hosts):
            raise SiteError("This is not a name of this site; its operator knows the right one.")
        if environ.get("HTTP_TRANSFER_ENCODING"):
            raise _RefusedError(411, "Say in Content-Length how long the request is.")

    def _check_live(self, environ: Environ) -> None:
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "POST", "OPTIONS"):
            raise _RefusedError(405, "Live connections are made with GET and POST.")
        session = parse_qs(environ.get("QUERY_STRING", "")).get("sid")
        if session is None and method == "GET":
            address = environ.get("REMOTE_ADDR", "")
            self._rates.spend(SOCKETS, address=address)
            self._connections.check_room(address)
        elif session is not None and not _SESSION.fullmatch(session[0]):
            raise SiteError("There is no such live connection; open a new one.")
        if "HTTP_UPGRADE" in environ:
            key = environ.get("HTTP_SEC_WEBSOCKET_KEY")
            version = environ.get("HTTP_SEC_WEBSOCKET_VERSION")
            # Of what came before this version, nothing is left to support.
            if not key or version != _WEBSOCKET:
                raise SiteError("Expected the handshake of WebSocket, version 13.")
            meter(environ, self._config)
        if method == "POST":
            environ["wsgi.input"] = io.BytesIO(self._message(environ))

    def _message(self, environ: Environ) -> bytes:
        """Return the whole of a message sent by polling, once it makes sense so far."""
        length = environ.get("CONTENT_LENGTH") or "0"
        most = self._config.socket_message_kb * 1024
        if not length.isascii() or not length.isdecimal() or int(length[:10]) > most:
            raise TooLargeError(f"A message may have at most {most} bytes.")
        try:
            content: bytes = environ["wsgi.input"].read(int(length))
            text = content.decode()
        except TimeoutError:
            raise _RefusedError(408, "The message came too slowly; send it again.") from None
        except (OSError, ValueError):
            raise SiteError("The message is not whole, or not text.") from None
        if text.count(_BETWEEN_PACKETS) >= _MOST_PACKETS:
            raise TooLargeError(f"At most {_MOST_PACKETS} messages may be sent at once.")
        return content

    def _with_headers(self, environ: Environ, start: Start) -> Start:
        common = headers.common(self._config, environ["wsgi.url_scheme"] == "https")

        def started(status: str, found: list[tuple[str, str]], *rest: Any) -> Any:
            answer = Headers(found)
            for name, value in {**common, "Cache-Control": "no-store"}.items():
                answer.setdefault(name, value)
            return start(status, answer.items(), *rest)

        return started

    def _warn_of_proxy(self, environ: Environ) -> None:
        if not self._warned and "HTTP_X_FORWARDED_FOR" in environ:
            self._warned = True
            log.warning(
                "a proxy passes requests on, but PROXIES is 0, so all who come through it count "
                "as one address, and https is not seen; README says how to set it"
            )


class _RefusedError(SiteError):
    """What no part of the site has looked at, with the HTTP status that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _is_live(environ: Environ) -> bool:
    return bool(environ.get("PATH_INFO", "").startswith(LIVE))


def _refusal(error: SiteError, environ: Environ, start: Start) -> Iterable[bytes]:
    if _is_live(environ) or environ.get("PATH_INFO", "").startswith("/api/"):
        told = {"error": {"code": error.status, "message": str(error), "fields": {}}}
        kind, content = "application/json", json.dumps(told).encode()
    else:
        kind, content = "text/plain; charset=utf-8", str(error).encode()
    found = [("Content-Type", kind), ("Content-Length", str(len(content)))]
    if isinstance(error, TooManyError):
        found.append(("Retry-After", str(error.retry_after)))
    start(f"{error.status} {HTTPStatus(error.status).phrase}", found)
    return [content]
