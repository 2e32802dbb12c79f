"""The Socket.IO side: who may watch which run, and the green thread that keeps them informed.

Eventlet itself is only imported by `wsgi.py`; here and in `serving` its name is passed on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError, SocketIO

from webapp.connections import Connections
from webapp.errors import NotFoundError
from webapp.messages import Json, Message
from webapp.relay import Relay
from webapp.site import Site, known_visitor_id
from webapp.views import addressed

log = logging.getLogger(__name__)

# How often the relay looks for news: often enough for two pictures a second.
_TICK_SECONDS = 0.25
_LARGEST_MESSAGE = 64 * 1024
_EXTENSION = "stransfer-live"

_TOO_MANY = "No more paintings than {most} can be watched at once; leave one of them first."


def install(app: Flask, site: Site) -> Relay:
    """Give the application its Socket.IO server; return the relay.

    The first watcher starts it.
    """
    config = site.services.config
    socketio = SocketIO(
        app,
        async_mode=config.async_mode,
        max_http_buffer_size=_LARGEST_MESSAGE,
        ping_interval=config.ping_seconds,
        ping_timeout=config.ping_seconds,
        serve_client=False,
        json=Json,
    )

    app.wsgi_app = Connections(app.wsgi_app, config.ping_seconds)  # type: ignore[method-assign]

    def emit(
        event: str, message: Message, sid: str, acknowledged: Callable[..., None] | None
    ) -> None:
        socketio.emit(event, message, to=sid, callback=acknowledged)

    relay = Relay(site.runs.pulses, site.services.media, emit)
    live = Live(socketio, relay, site)
    app.extensions[_EXTENSION] = live
    socketio.on_event("connect", live.connect)
    socketio.on_event("disconnect", live.disconnect)
    socketio.on_event("subscribe", live.subscribe)
    socketio.on_event("unsubscribe", live.unsubscribe)
    return relay


class Live:
    """The event handlers. Each names the visitor, and answers a stranger as for no run at all."""

    def __init__(self, socketio: SocketIO, relay: Relay, site: Site) -> None:
        """Handle events of the server, with a relay for what watchers are sent."""
        self._socketio = socketio
        self._relay = relay
        self._site = site
        self._started = False
        self._starting = threading.Lock()
        self._visitors: dict[str, str] = {}

    def connect(self, auth: object = None) -> None:
        """Let in who has a visitor's cookie, or shows a token of the API as `{token}`."""
        token = auth.get("token") if isinstance(auth, dict) else None
        visitor = self._site.tokens.visitor(token) if isinstance(token, str) else known_visitor_id()
        if visitor is None:
            raise ConnectionRefusedError("Open a page of this site first, or show a valid token.")
        self._visitors[_sid()] = visitor

    def disconnect(self, reason: object = None) -> None:
        """Forget a connection."""
        self._visitors.pop(_sid(), None)
        self._relay.unwatch(_sid())

    def subscribe(self, message: object = None) -> dict[str, Any]:
        """Answer with the whole state of a run, and send from now on what is new."""
        try:
            run_id, since = _wanted(message)
            visitor = self._visitors.get(_sid(), "")
            run, values = self._site.runs.look(visitor, run_id, since)
        except NotFoundError as error:
            return {"ok": False, "error": str(error)}
        most = self._site.services.config.max_watched
        if self._relay.watching(_sid(), run_id) >= most:
            return {"ok": False, "error": _TOO_MANY.format(most=most)}
        self._relay.watch(_sid(), values, run.frame)
        self._start()
        return {"ok": True, "run": addressed(run, values)}

    def unsubscribe(self, message: object = None) -> dict[str, Any]:
        """Send nothing more of a run."""
        self._relay.unwatch(_sid(), _wanted(message)[0])
        return {"ok": True}

    def _start(self) -> None:
        with self._starting:
            if not self._started:
                self._started = True
                self._socketio.start_background_task(self._relay_forever)

    def _relay_forever(self) -> None:
        while True:
            self._socketio.sleep(_TICK_SECONDS)
            if self._relay.watchers:
                try:
                    self._relay.tick()
                except Exception:
                    log.exception("the relay failed and goes on")


def _sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]


def _wanted(message: object) -> tuple[str, int]:
    values = message if isinstance(message, dict) else {}
    since = values.get("since", 0)
    return str(values.get("run", ""))[:64], since if isinstance(since, int) else 0
