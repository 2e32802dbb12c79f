"""Serves the application until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from types import FrameType

from flask import Flask

from stransfer.cli import told_in_one_sentence
from webapp import logs
from webapp.lifeline import follow_supervisor
from webapp.samples import ROLES
from webapp.site import Site

log = logging.getLogger(__name__)

# How long requests may take to end, once the site is told to.
_STOP_SECONDS = 3.0


def serve(make: Callable[[], Flask]) -> None:
    """Make the application, and listen on the configured address until SIGINT or SIGTERM.

    What keeps it from starting ends the process with one sentence.
    """
    with told_in_one_sentence():
        app = make()
    site: Site = app.extensions["stransfer"]
    config = site.services.config
    logs.configure(config.log_format)
    follow_supervisor()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _stop)
    # Whoever opens the first page of all does not wait until every sample is decoded.
    threading.Thread(target=site.samples.all, args=[ROLES[0]], daemon=True).start()
    log.info("site: http://%s:%d", config.host, config.port)
    try:
        app.extensions["socketio"].run(
            app,
            host=config.host,
            port=config.port,
            log_output=False,
            # In threading mode this is Werkzeug's server, which asks to be told.
            **({"allow_unsafe_werkzeug": True} if config.async_mode == "threading" else {}),
        )
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    log.info("site: stopped")


def _stop(number: int, frame: FrameType | None) -> None:
    # The green thread that this meets may swallow it, as those of connections do when many end at
    # once; and watchers who stay would be waited for without end.
    signal.setitimer(signal.ITIMER_REAL, _STOP_SECONDS)
    raise KeyboardInterrupt
