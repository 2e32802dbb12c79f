"""What the processes log: one line an event, and of which run."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.conftest import ROOT
from tests.site.guest import Guest
from tests.site.server import Server

RUN = "0a1b" * 8

# What happens in a worker: a thread of its own, a library that knows of no runs, an accident.
SCRIPT = """
import logging, sys, threading
from webapp import logs
logging.warning("before")
logs.configure(sys.argv[1])
def report():
    with logs.about(sys.argv[2]):
        try:
            1 / 0
        except ZeroDivisionError:
            logging.getLogger("webapp.runs.reporter").exception("lost")
with logs.about(sys.argv[2]):
    logging.getLogger("library").warning("of %s\\nlines", "two")
    other = threading.Thread(target=lambda: logging.warning("another thread"))
    other.start()
    other.join()
report()
logging.info("after")
"""


def logged(kind: str) -> list[str]:
    """The lines of a process that logs in one of the two ways."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, kind, RUN],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout == ""
    return ended.stderr.splitlines()[1:]


def test_as_text_each_line_of_a_run_names_it_whoever_logs_it() -> None:
    lines = logged("text")
    assert lines[0].endswith(f"WARNING library: run {RUN}: of two")
    assert lines[2].endswith("WARNING root: another thread")
    assert lines[3].endswith(f"ERROR   webapp.runs.reporter: run {RUN}: lost")
    assert "ZeroDivisionError: division by zero" in lines
    assert lines[-1].endswith("INFO    root: after")


def test_as_json_each_event_is_one_line_with_its_traceback() -> None:
    library, other, accident, after = [json.loads(line) for line in logged("json")]
    assert (
        library.items()
        >= {
            "level": "warning",
            "logger": "library",
            "run": RUN,
            "message": "of two\nlines",
        }.items()
    )
    assert "run" not in other and "run" not in after and "exception" not in after
    assert accident["run"] == RUN and accident["message"] == "lost"
    assert accident["exception"].endswith("ZeroDivisionError: division by zero")
    assert after["time"].endswith("+00:00")


def test_a_worker_names_the_run_that_it_paints(server: Server) -> None:
    guest = Guest(server.url)
    run = guest.start()
    guest.wait(run, lambda values: values["state"] == "done")
    for event in ("painting, attempt 1", "done after"):
        assert f" webapp.runs.painter: run {run}: {event}" in server.log.read_text()
