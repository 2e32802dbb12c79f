"""A PostgreSQL server of the tests' own, where Debian's or another one's programs are installed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.site.server import free_port, wait_for

# Newest first; Debian keeps them out of the path.
_FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_PATH = os.pathsep.join([*map(str, _FOLDERS), os.environ["PATH"]])
_INITDB, _POSTGRES = (shutil.which(name, path=_PATH) for name in ("initdb", "postgres"))

# It refuses to run as root, and Debian makes this account for it.
_ACCOUNT = "postgres"

NEEDED = pytest.mark.skipif(
    _INITDB is None or _POSTGRES is None,
    reason="PostgreSQL is not installed; apt-get install postgresql",
)


class Postgres:
    """A server with a folder of its own; unless it is `durable`, a loss of power empties it."""

    def __init__(self, durable: bool = False) -> None:
        """Start it on a free port of this machine."""
        assert _INITDB is not None and _POSTGRES is not None
        self._port = free_port()
        # Not among those of pytest, which makes them anew its user's alone now and then.
        self._folder = tempfile.TemporaryDirectory(prefix="stransfer-postgres-")
        folder = Path(self._folder.name)
        data = folder / "data"
        data.mkdir()
        as_another = _as_another(folder, data)
        made = [_INITDB, "--pgdata", str(data), "--username", "site", "--auth", "trust"]
        subprocess.run([*made, "--no-sync"], check=True, capture_output=True, **as_another)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": self._port,
            "unix_socket_directories": "",
            "fsync": "on" if durable else "off",
            "max_connections": 200,
        }
        settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [_POSTGRES, "-D", str(data), *settings],
            stdout=self._log,
            stderr=self._log,
            **as_another,
        )
        wait_for(self._answers, "PostgreSQL", 30)

    def database(self, template: str = "template1", name: str = "") -> str:
        """Return the address of a new database, which is a copy of another one."""
        name = name or f"site_{uuid.uuid4().hex[:12]}"
        self._do(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name)

    def address(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://site@127.0.0.1:{self._port}/{name}"

    @property
    def process(self) -> int:
        """The id of its first process, which has started all others."""
        return self._process.pid

    def stop(self) -> None:
        """End it, whoever is connected: after SIGTERM it would wait for everybody to go."""
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        self._log.close()
        self._folder.cleanup()

    def _do(self, statement: str) -> None:
        import psycopg2

        connection = psycopg2.connect(self.address("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    def _answers(self) -> bool:
        import psycopg2

        try:
            psycopg2.connect(self.address("postgres")).close()
        except psycopg2.OperationalError:
            assert self._process.poll() is None, Path(self._log.name).read_text()
            return False
        return True


def _as_another(folder: Path, data: Path) -> dict[str, Any]:
    """Return how a process is started that must not run as root."""
    if os.geteuid() != 0:
        return {}
    for each in (folder, data):
        shutil.chown(each, _ACCOUNT, _ACCOUNT)
    return {"user": _ACCOUNT, "group": _ACCOUNT, "extra_groups": [], "cwd": "/"}
