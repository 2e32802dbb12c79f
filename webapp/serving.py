"""Serves the application until it is told to stop."""

from __future__ import annotations

import contextlib
import gc
import logging
import resource
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler

from stransfer.cli import told_in_one_sentence
from webapp import logs
from webapp.config import Config
from webapp.lifeline import follow_supervisor
from webapp.samples import ROLES
from webapp.site import Site

log = logging.getLogger(__name__)

# How long requests may take to end, once the site is told to.
_STOP_SECONDS = 3.0

# Enough for every connection that one process can serve. Most systems start one with 1024.
_MOST_FILES = 65536


def serve(make: Callable[[], Flask], eventlet_options: Callable[[Config], dict[str, Any]]) -> None:
    """Make the application, and listen on the configured address until SIGINT or SIGTERM.

    `eventlet_options` says how eventlet's server is run, where it is. What keeps the application
    from starting ends the process with one sentence.
    """
    with told_in_one_sentence():
        app = make()
    site: Site = app.extensions["stransfer"]
    config = site.services.config
    logs.configure(config.log_format)
    follow_supervisor()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, _stop)
    options = _threading_options if config.async_mode == "threading" else eventlet_options
    # Whoever opens the first page of all does not wait until every sample is decoded.
    threading.Thread(target=site.samples.all, args=[ROLES[0]], daemon=True).start()
    log.info("site: http://%s:%d", config.host, config.port)
    _allow_many_connections()
    _keep_for_good()
    try:
        app.extensions["socketio"].run(
            app,
            host=config.host,
            port=config.port,
            log_output=False,
            **options(config),
        )
    except KeyboardInterrupt:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    log.info("site: stopped")


def _allow_many_connections() -> None:
    """Let this process have as many open as the system lets it: each connection is a file."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A system that sets no limit of its own may still refuse to be told so.
    wanted = _MOST_FILES if most == resource.RLIM_INFINITY else min(most, _MOST_FILES)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _keep_for_good() -> None:
    """Take what there is now for what stays until the end.

    Requests, and still more so live connections, leave behind what refers to itself. Python looks
    for that once there is a quarter more than it last found to stay; next to all that the libraries
    have loaded, a quarter would be a good deal.
    """
    gc.collect()
    gc.freeze()


def _threading_options(config: Config) -> dict[str, Any]:
    class Handler(WSGIRequestHandler):
        timeout = config.request_seconds

    # Werkzeug's server asks to be told that it is meant.
    return {"allow_unsafe_werkzeug": True, "request_handler": Handler}


def _stop(number: int, frame: FrameType | None) -> None:
    # The green thread that this meets may swallow it, as those of connections do when many end at
    # once; and watchers who stay would be waited for without end.
    signal.setitimer(signal.ITIMER_REAL, _STOP_SECONDS)
    raise KeyboardInterrupt
