"""How the processes of the site log: one line an event, on standard error, with the run's id."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(about)s%(message)s"

# Belongs to a thread: one that another thread starts has to say again what it works on.
_run: ContextVar[str | None] = ContextVar("run", default=None)


def configure(kind: str, level: int = logging.INFO) -> None:
    """Set up logging for a process of the site; `kind` is the configured LOG_FORMAT."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json() if kind == "json" else _Text(_FORMAT))
    handler.addFilter(name_run)
    # Again: the libraries of a process may have logged before it was configured.
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("huey", "alembic", "werkzeug", "flask_wtf", "botocore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    # They warn of what strangers say, as often as it is said.
    for noisy in ("engineio", "socketio"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


@contextmanager
def about(run_id: str) -> Iterator[None]:
    """Name the run in everything that this thread logs meanwhile, whoever's code it is."""
    token = _run.set(run_id)
    try:
        yield
    finally:
        _run.reset(token)


def name_run(record: logging.LogRecord) -> bool:
    """Write the run's id into a record; for handlers, as a filter that holds nothing back."""
    record.run = _run.get()
    return True


class _Text(logging.Formatter):
    """A line to read; a traceback follows it."""

    def format(self, record: logging.LogRecord) -> str:
        run = getattr(record, "run", None)
        record.about = f"run {run}: " if run else ""
        return super().format(record)


class _Json(logging.Formatter):
    """One object a line, the traceback in it."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "run": getattr(record, "run", None),
            "message": record.getMessage(),
            "exception": self.formatException(record.exc_info) if record.exc_info else None,
        }
        return json.dumps({name: value for name, value in told.items() if value is not None})
