"""What an installation on several machines consists of, all of it on this one."""

from __future__ import annotations

import re
from pathlib import Path

import requests

from tests.site.guest import Guest
from tests.site.object_store import ObjectStore
from tests.site.postgres import Postgres
from tests.site.redis_server import RedisServer
from tests.site.server import Server, Web

# Of new tokens, for all who share an address.
SESSIONS = 2


class Machines:
    """Two web processes and a worker; database, queue and pictures are elsewhere.

    One web process is served together with the worker, the other one alone.
    """

    def __init__(self, folder: Path, postgres: Postgres, redis: RedisServer) -> None:
        """Start all of it."""
        for name in ("store", "one", "other", "proxy"):
            (folder / name).mkdir()
        self.proxy_folder = folder / "proxy"
        self.store = ObjectStore(folder / "store")
        self.media = f"{self.store.bucket()}/pictures"
        shared = {
            "DATABASE_URL": postgres.database(),
            "QUEUE_URL": redis.address(),
            "RATE_LIMIT_URL": redis.address(),
            "MEDIA_URL": self.media,
            # Longer than any test: who is not answered is waited for.
            "MEDIA_SECONDS": "60",
            "LEASE_SECONDS": "300",
            "SECRET_KEY": "known to both machines",
            "PROXIES": "1",
            "SESSIONS_PER_HOUR": str(SESSIONS),
            "VISITORS_PER_ADDRESS": "1",
            "FRAMES_PER_SECOND": "5",
            **self.store.environment,
        }
        self.one = Server(folder / "one", **shared)
        self.other = Web(folder / "other", **shared)
        self.one.start()
        self.other.start()

    @property
    def webs(self) -> list[Server]:
        """The installations that each have a web process."""
        return [self.one, self.other]

    def watchers(self) -> list[int]:
        """How many each web process tells what is new."""
        return [_watchers(web) for web in self.webs]

    def one_watches(self) -> int:
        """How many the first web process tells what is new."""
        return _watchers(self.one)

    def files(self) -> list[str]:
        """The keys of all pictures in the bucket."""
        bucket, _, folder = self.media.removeprefix("s3://").partition("/")
        told = requests.get(f"{self.store.address}/{bucket}?list-type=2", timeout=20).text
        return re.findall(rf"<Key>{folder}/([^<]+)</Key>", told)

    def guest(self) -> Guest:
        """Somebody who visits one of the web processes directly."""
        return Guest(self.one.url)

    def stop(self) -> list[int]:
        """End all of it, and return the exit statuses."""
        statuses = [web.stop() for web in self.webs if web.answers()]
        self.store.stop()
        return statuses


def _watchers(web: Server) -> int:
    told = requests.get(f"{web.url}/metrics", timeout=20).text
    found = re.search(r"^stransfer_watchers (\S+)$", told, re.MULTILINE)
    assert found is not None
    return int(float(found.group(1)))
