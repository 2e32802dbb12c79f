"""An installation of its own, empty and on a free port of this machine, for scripts to look at."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import requests

from stransfer import folders

PATIENCE = 300.0


@contextlib.contextmanager
def served(folder: Path) -> Iterator[tuple[str, float]]:
    """Serve it with one worker; give its address, and when its processes were started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keys = {"INSTANCE_PATH": str(folder / "instance"), "PORT": str(port), "HOST": "127.0.0.1"}
    command = [sys.executable, "-m", "webapp", "serve"]
    with (folder / "log").open("wb") as log:
        started = time.monotonic()
        process = subprocess.Popen(
            command, cwd=folders.ROOT, env={**os.environ, **keys}, stdout=log, stderr=log
        )
        try:
            yield f"http://127.0.0.1:{port}", started
        finally:
            process.terminate()
            process.wait(60)


def until_answer(url: str, started: float) -> float:
    """Return the seconds since `started` after which the site answers."""
    while time.monotonic() - started < PATIENCE:
        with contextlib.suppress(requests.ConnectionError):
            requests.get(url, timeout=10).raise_for_status()
            return time.monotonic() - started
        time.sleep(0.02)
    raise click.ClickException("The site does not answer.")
