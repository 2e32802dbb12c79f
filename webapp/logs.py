"""How the processes of the site log: one line an event, on standard error."""

from __future__ import annotations

import logging

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def configure(level: int = logging.INFO) -> None:
    """Set up logging for a process of the site."""
    logging.basicConfig(level=level, format=_FORMAT)
    for noisy in ("huey", "alembic", "engineio", "socketio", "werkzeug"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
