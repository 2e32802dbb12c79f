"""An S3-compatible store of the tests' own: moto's server, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.site.processes import silenced
from tests.site.server import free_port, wait_for

SECRET = "that-nobody-must-read"


class ObjectStore:
    """A server that keeps everything in memory, and takes any keys unless it is told not to."""

    def __init__(self, folder: Path) -> None:
        """Start it on a free port of this machine."""
        self.address = f"http://127.0.0.1:{free_port()}"
        port = self.address.rpartition(":")[2]
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port],
            stdout=self._log,
            stderr=self._log,
        )
        wait_for(self._answers, "the object store", 60)

    @property
    def environment(self) -> dict[str, str]:
        """What a program has to be told to use it."""
        return {
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "painter",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def bucket(self) -> str:
        """Return the address of a new bucket."""
        name = f"paint-{uuid.uuid4().hex[:12]}"
        assert requests.put(f"{self.address}/{name}", timeout=20).ok
        return f"s3://{name}"

    def silent(self) -> AbstractContextManager[None]:
        """Let it take requests, and answer none of them meanwhile."""
        return silenced(self._process)

    @contextmanager
    def strict(self) -> Iterator[None]:
        """Let it ask whose the keys are meanwhile, and know nobody's."""
        self._asks_after(0)
        try:
            yield
        finally:
            self._asks_after("inf")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)
        self._log.close()

    def _asks_after(self, requests_before: Any) -> None:
        told = requests.post(
            f"{self.address}/moto-api/reset-auth", data=str(requests_before), timeout=20
        )
        assert told.ok

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.address}/moto-api/", timeout=20).ok
        except requests.ConnectionError:
            assert self._process.poll() is None, Path(self._log.name).read_text()
            return False
