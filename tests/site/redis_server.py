"""A Redis server of the tests' own."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.site.processes import silenced
from tests.site.server import free_port, wait_for

_PROGRAM = shutil.which("redis-server")

NEEDED = pytest.mark.skipif(
    _PROGRAM is None, reason="Redis is not installed; apt-get install redis-server"
)


class RedisServer:
    """A server that keeps nothing; each of its numbered databases is a place of its own."""

    def __init__(self, folder: Path) -> None:
        """Start it on a free port of this machine."""
        assert _PROGRAM is not None
        self._port = free_port()
        self._used = 0
        told = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", ""]
        told += ["--dir", str(folder)]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen([_PROGRAM, *told], stdout=self._log, stderr=self._log)
        wait_for(self._answers, "Redis", 20)

    def address(self) -> str:
        """Return the address of an empty database."""
        import redis

        self._used = (self._used + 1) % 16
        address = f"redis://127.0.0.1:{self._port}/{self._used}"
        redis.Redis.from_url(address).flushdb()
        return address

    def silent(self) -> AbstractContextManager[None]:
        """Let it take what it is asked, and answer nothing of it meanwhile."""
        return silenced(self._process)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)
        self._log.close()

    def _answers(self) -> bool:
        import redis

        try:
            return bool(redis.Redis(port=self._port).ping())
        except redis.ConnectionError:
            assert self._process.poll() is None, Path(self._log.name).read_text()
            return False
