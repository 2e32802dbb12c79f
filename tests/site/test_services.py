"""The services of an installation that is on several machines, as far as one can be all of them."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site import postgres, redis_server
from tests.site.guest import Guest
from tests.site.postgres import Postgres
from tests.site.redis_server import RedisServer
from tests.site.server import Server
from webapp.config import Config
from webapp.errors import ConfigError
from webapp.services import Services

pytestmark = [postgres.NEEDED, redis_server.NEEDED]


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    yield server
    server.stop()


def test_a_run_is_painted_where_the_database_and_the_queue_are_elsewhere(
    tmp_path: Path, postgres: Postgres, redis: RedisServer
) -> None:
    database = postgres.database()
    queue = redis.address()
    server = Server(tmp_path, DATABASE_URL=database, QUEUE_URL=queue, RATE_LIMIT_URL=queue)
    server.start()
    try:
        guest = Guest(server.url)
        run = guest.start(size="100", steps="2", scales="1")
        assert guest.wait(run, lambda values: values["state"] == "done")["attempts"] == 1
        assert guest.get(f"/runs/{run}/result.png").ok
        assert guest.get("/readyz").ok
    finally:
        assert server.stop() == 0
    assert "Traceback" not in server.log.read_text()
    assert not list(server.instance.glob("*.sqlite*"))


@pytest.mark.parametrize(
    ("key", "address", "library", "extra"),
    [
        ("DATABASE_URL", "postgresql://paint@127.0.0.1/paint", "psycopg2", "postgres"),
        ("QUEUE_URL", "postgresql://paint@127.0.0.1/paint", "peewee", "postgres"),
        ("QUEUE_URL", "redis://127.0.0.1/0", "redis", "redis"),
    ],
)
def test_a_library_that_is_missing_is_named_with_how_to_install_it(
    key: str,
    address: str,
    library: str,
    extra: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name.partition(".")[0] == library:
            raise ImportError(f"No module named {library!r}", name=library)
        return found(name, *more, **named)

    config = Config(instance_path=str(tmp_path), **{key.lower(): address})  # type: ignore[arg-type]
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, "huey.contrib.sql_huey", raising=False)
    with pytest.raises(ConfigError, match=rf"{key} .*{library}.*'\.\[{extra}\]'"):
        Services.of(config)
