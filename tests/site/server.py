"""A whole installation as its operator runs it: `stransfer serve`, with its web and workers."""

from __future__ import annotations

import atexit
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import requests

from tests.conftest import ROOT
from tests.site.processes import arguments

Found = TypeVar("Found")

_KEYS = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")

# All visitors of a test come from one address, and do in a minute what others do in a day.
UNLIMITED = {
    "uploads_per_hour": 0,
    "runs_per_hour": 0,
    "sessions_per_hour": 0,
    "estimates_per_minute": 0,
    "drafts_per_minute": 0,
    "recoveries_per_hour": 0,
    "sockets_per_minute": 0,
    "sockets_per_visitor": 0,
    "max_queued_per_visitor": 100_000,
    "max_queued": 100_000,
}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(find: Callable[[], Found | None], what: str, seconds: float = 60) -> Found:
    """Return what `find` finds as soon as it is something; fail after some seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := find():
            return found
        time.sleep(0.05)
    raise AssertionError(f"waited {seconds:g} s for {what}")


# Longer than Python takes to start.
_NOTICE_SECONDS = 5.0


class Server:
    """`stransfer serve` in an instance folder of its own, on a free port."""

    # What is run to start it, and with which command.
    module = "webapp"
    command = "serve"

    def __init__(self, folder: Path, **keys: str) -> None:
        """Plan it; the keys are configuration."""
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.instance = folder / "instance"
        self.log = folder / "server.log"
        self._environment = {key: os.environ[key] for key in _KEYS if key in os.environ} | {
            "INSTANCE_PATH": str(self.instance),
            "PORT": str(self.port),
            **{name.upper(): str(most) for name, most in UNLIMITED.items()},
            **keys,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        _share_measurements(self.instance, _measured)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module, self.command],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for(self.answers, f"the server: {self.log.read_text()}")

    def answers(self) -> bool:
        """Whether the site answers."""
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/healthz", timeout=10).ok
        return False

    def process(self, kind: str) -> int:
        """The id of the living child process that is the web server or the worker."""
        return self.of_kind(kind)[0]

    def of_kind(self, kind: str) -> list[int]:
        """The ids of the living child processes that are the web server or workers."""
        program = {"web": "wsgi.py", "worker": "worker"}[kind]
        found = {pid: arguments(pid) for pid in self.processes()}
        return [pid for pid, words in found.items() if words and program in words[-1]]

    def kill(self) -> None:
        """End all of it at once and without warning, as a loss of power does."""
        assert self._process is not None
        # Nobody but the first may be left to start another one.
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()

    def processes(self) -> list[int]:
        """The ids of all processes that belong to it, its own first."""
        assert self._process is not None
        return _family(self._process.pid)

    def stop(self, seconds: float = 30) -> int:
        """Ask it to end, and return its exit status; fail if anything of it lives on."""
        assert self._process is not None
        family = self.processes()
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(seconds)
        finally:
            # One that was only just started has yet to notice that nobody needs it.
            deadline = time.monotonic() + _NOTICE_SECONDS
            while (alive := [p for p in family if arguments(p)]) and time.monotonic() < deadline:
                time.sleep(0.05)
            for pid in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        _share_measurements(_measured, self.instance)
        assert alive == [], self.log.read_text()
        return status


class Web(Server):
    """A web process alone, as on a machine that paints nothing."""

    command = "web"


# What workers measure of this machine takes seconds, in which tests would have to wait.
_measured = Path(tempfile.mkdtemp(prefix="stransfer-measured-"))
atexit.register(shutil.rmtree, _measured, ignore_errors=True)


def _share_measurements(into: Path, of: Path) -> None:
    for name in ("precision.json", "speed.json"):
        if (of / name).exists() and not (into / name).exists():
            into.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(of / name, into / name)


def _family(pid: int) -> list[int]:
    """A process and all its descendants."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(found for child in children for found in _family(int(child)))]
