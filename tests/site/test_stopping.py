"""How the site ends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.site.guest import Guest
from tests.site.server import Server


@pytest.mark.parametrize("mode", ["eventlet", "threading"])
def test_a_site_that_is_watched_ends_as_soon_as_it_is_told_to(mode: str, tmp_path: Path) -> None:
    server = Server(tmp_path, WORKERS="0", ASYNC_MODE=mode)
    server.start()
    guest = Guest(server.url)
    with guest.watching(guest.start()):
        began = time.monotonic()
        assert server.stop() == 0
        # The supervisor kills after 20 s what does not end.
        assert time.monotonic() - began < 15
    assert "site: stopped" in server.log.read_text()
