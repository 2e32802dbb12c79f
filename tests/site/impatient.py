"""A server with little patience, and what it says of those who are connected to it."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from tests.site.server import Server, wait_for

# How many messages it lets a live connection send in a minute.
MESSAGES = 20


def started(folder: Path) -> Server:
    """Start one."""
    server = Server(
        folder,
        WORKERS="0",
        REQUEST_SECONDS="1",
        SLOWEST_UPLOAD_KB="16",
        SOCKETS_PER_VISITOR="3",
        SUBSCRIPTIONS_PER_SOCKET="2",
        SOCKET_MESSAGES_PER_MINUTE=str(MESSAGES),
        SOCKET_MESSAGE_KB="4",
    )
    server.start()
    return server


def stopped(server: Server) -> None:
    """Stop one that was abused; fail if it is not whole, or anything was left behind."""
    wait_for(lambda: counted(server.url, "connections") == 0, "the end of all connections")
    assert counted(server.url, "watchers") == 0
    assert server.answers() and server.stop() == 0
    log = server.log.read_text()
    assert "Traceback" not in log, log
    # Whatever was said of it is a line of the site's own.
    for line in log.splitlines()[1:]:
        assert re.match(r"\d{4}-\d\d-\d\d .* (INFO|WARNING|ERROR) +[a-z.]+: ", line), line


def counted(url: str, what: str) -> float:
    """What a server says of something that it counts."""
    text = requests.get(f"{url}/metrics", timeout=10).text
    found = re.search(rf"^stransfer_{what} (.*)$", text, re.MULTILINE)
    assert found is not None
    return float(found[1])
