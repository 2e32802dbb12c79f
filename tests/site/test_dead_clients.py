"""Watchers who take nothing any more, like a phone without a network: they are cut off."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.site.guest import Guest
from tests.site.impatient import counted
from tests.site.server import Server, wait_for
from tests.site.wire import Live

SUBSCRIBE = '421["subscribe",{{"run":"{}"}}]'
# More than the kernel keeps for somebody with a small buffer.
MANY = 400
# Well below what the libraries and the kernel take by themselves, and above what is configured.
SECONDS = 20
# Established, or closed with something that has not arrived yet, as the kernel names it.
OPEN = ("01", "04", "08")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server that soon asks for a sign of life."""
    server = Server(tmp_path, WORKERS="0", PING_SECONDS="1", SOCKET_MESSAGES_PER_MINUTE="1000")
    server.start()
    yield server
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


def kept_by_the_kernel(server: Server, client: socket.socket) -> bool:
    """Whether the server's end of a connection still waits for something to arrive."""
    ends = [
        f":{int(server.url.rpartition(':')[2]):04X}",
        f":{client.getsockname()[1]:04X}",
    ]
    rows = Path("/proc/net/tcp").read_text().splitlines()[1:]
    columns = (row.split()[1:4] for row in rows)
    return any([here[-5:], there[-5:]] == ends and state in OPEN for here, there, state in columns)


def none_of(server: Server, what: str) -> bool:
    """Whether the server counts none of something any more."""
    return counted(server.url, what) == 0


@pytest.mark.parametrize("unread", [0, MANY])
def test_who_never_reads_is_cut_off(unread: int, server: Server) -> None:
    guest = Guest(server.url)
    guest.open()
    run = guest.start()
    with Live(guest.url, guest.cookie) as live:
        live.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        live.join()
        live.text(SUBSCRIBE.format(run))
        live.until_it_says(b'431[{"ok":true')
        assert counted(server.url, "watchers") == 1
        # Answers that nobody takes fill the way there, so that not even a last word gets through.
        for _ in range(unread):
            live.text(SUBSCRIBE.format(run))
        for what in ("watchers", "connections"):
            wait_for(partial(none_of, server, what), f"the end of all {what}", SECONDS)
        wait_for(
            lambda: not kept_by_the_kernel(server, live.socket),
            "the end of the connection",
            SECONDS,
        )
