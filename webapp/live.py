"""The Socket.IO side: who may watch which run, and the green thread that keeps them informed.

Eventlet itself is only imported by `wsgi.py`; here and in `serving` its name is passed on.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError, SocketIO, disconnect

from webapp import origins
from webapp.access import RUN, own, owned
from webapp.connections import Connections
from webapp.errors import NotFoundError, SiteError, TooManyError, UnauthorizedError
from webapp.guard import Guard
from webapp.messages import Json, Message
from webapp.packets import SUBSCRIBE, UNSUBSCRIBE, Packet
from webapp.rates import SOCKETS, Rates
from webapp.relay import Relay
from webapp.site import Site, known_visitor_id
from webapp.views import addressed
from webapp.wires import Wires

log = logging.getLogger(__name__)

# How often the relay looks for news: often enough for two pictures a second.
_TICK_SECONDS = 0.25
_EXTENSION = "stransfer-live"


def install(app: Flask, site: Site, rates: Rates, connections: Connections) -> Relay:
    """Give the application its Socket.IO server; return the relay.

    The first watcher starts it.
    """
    config = site.services.config
    socketio = SocketIO(
        app,
        async_mode=config.async_mode,
        max_http_buffer_size=config.socket_message_kb * 1024,
        ping_interval=config.ping_seconds,
        ping_timeout=config.ping_seconds,
        cors_allowed_origins=origins.is_own,
        serializer=Packet,
        json=Json,
        serve_client=False,
        # Without loggers of their own they would write past what the site logs with.
        logger=logging.getLogger("socketio"),
        engineio_logger=logging.getLogger("engineio"),
    )
    guard = Guard(socketio, connections, config.request_seconds)

    app.wsgi_app = Wires(app.wsgi_app, config.ping_seconds)  # type: ignore[method-assign]

    def emit(
        event: str, message: Message, sid: str, acknowledged: Callable[..., None] | None
    ) -> None:
        if acknowledged is not None:
            connections.owe(guard.connection_of(sid))
        socketio.emit(event, message, to=sid, callback=acknowledged)

    relay = Relay(site.runs.pulses, site.services.media, emit)
    live = Live(socketio, relay, site, guard, rates)
    app.extensions[_EXTENSION] = live
    socketio.on_event("connect", live.connect)
    socketio.on_event("disconnect", live.disconnect)
    socketio.on_event(SUBSCRIBE, live.subscribe)
    socketio.on_event(UNSUBSCRIBE, live.unsubscribe)
    return relay


class Live:
    """The event handlers. Each names the visitor, and answers a stranger as for no run at all."""

    def __init__(
        self, socketio: SocketIO, relay: Relay, site: Site, guard: Guard, rates: Rates
    ) -> None:
        """Handle events of the server, with a relay for what watchers are sent."""
        self._socketio = socketio
        self._relay = relay
        self._site = site
        self._guard = guard
        self._rates = rates
        self._started = False
        self._starting = threading.Lock()
        self._visitors: dict[str, str] = {}

    @own
    def connect(self, auth: object = None) -> None:
        """Let in who has a visitor's cookie, or shows a token of the API as `{token}`.

        The cookie counts only where a page of this site asks.
        """
        try:
            visitor = self._visitor(auth)
            self._rates.spend(SOCKETS, visitor=visitor)
            self._guard.name(_sid(), visitor)
        except TooManyError as error:
            raise ConnectionRefusedError(str(error), {"retry_after": error.retry_after}) from error
        except SiteError as error:
            raise ConnectionRefusedError(str(error)) from error
        self._visitors[_sid()] = visitor

    @own
    def disconnect(self, reason: object = None) -> None:
        """Forget a connection."""
        self._visitors.pop(_sid(), None)
        self._guard.unname(_sid())
        self._relay.unwatch(_sid())

    @owned(run=RUN)
    def subscribe(self, message: object = None) -> dict[str, Any]:
        """Answer with the whole state of a run, and send from now on what is new."""
        try:
            run_id, since = _wanted(message)
            visitor = self._site.visitors.current(self._visitors.get(_sid(), ""))
            run, values = self._site.runs.look(visitor, run_id, since, drafts=True)
        except NotFoundError as error:
            return {"ok": False, "error": str(error)}
        except Exception:
            # Who connects again asks again; an answer would say that there is no such run.
            log.exception("a subscription failed")
            disconnect()
            return {"ok": False}
        most = self._site.services.config.subscriptions_per_socket
        if self._relay.watched(_sid(), without=run_id) >= most:
            sentence = f"One live connection may watch {most} runs at once; end another first."
            return {"ok": False, "error": sentence, "full": True}
        self._relay.watch(_sid(), values, run.frame)
        self._start()
        return {"ok": True, "run": addressed(run, values)}

    @own
    def unsubscribe(self, message: object = None) -> dict[str, Any]:
        """Send nothing more of a run."""
        self._relay.unwatch(_sid(), _wanted(message)[0])
        return {"ok": True}

    def _visitor(self, auth: object) -> str:
        token = auth.get("token") if isinstance(auth, dict) else None
        if isinstance(token, str):
            visitor = self._site.tokens.visitor(token)
        elif origins.by_own_page(request.environ):
            visitor = known_visitor_id()
        else:
            raise UnauthorizedError(
                "Expected the header `Origin` of a page of this site, or a token as `auth`."
            )
        if visitor is None:
            raise UnauthorizedError("Open a page of this site first, or show a valid token.")
        return visitor

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
