"""An installation of its own, empty and on a free port of this machine, for scripts to look at."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import requests

from stransfer import folders

PATIENCE = 300.0


class Site(NamedTuple):
    """A running installation: its address, when it was started, its process and its log."""

    url: str
    started: float
    process: int
    log: Path

    def processor_seconds(self) -> float:
        """Return what the web process and the reports on runs have cost so far."""
        children = Path(f"/proc/{self.process}/task/{self.process}/children").read_text().split()
        web = [child for child in children if "wsgi.py" in _read(f"/proc/{child}/cmdline")]
        fields = _read(f"/proc/{web[0]}/stat").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        reports = re.findall(r"reporting it took ([\d.]+) s", self.log.read_text())
        return ticks / os.sysconf("SC_CLK_TCK") + sum(map(float, reports))


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Site]:
    """Serve it with one worker."""
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
            yield Site(f"http://127.0.0.1:{port}", started, process.pid, folder / "log")
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


def _read(path: str) -> str:
    return Path(path).read_text()
