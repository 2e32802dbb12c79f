"""Runs the site and its workers as fresh processes, starts a dead one again, ends them together."""

from __future__ import annotations

import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import FrameType

from stransfer import folders
from webapp.config import Config
from webapp.lifeline import PREDECESSOR, SUPERVISOR

log = logging.getLogger(__name__)

# What a process ends with that its operator has to mend something for.
_HOPELESS = 2

# Between two starts of the same process, so that one that cannot start does not spin.
_RESTART_SECONDS = 2.0
# A worker ends in less than half of it, whatever it is doing.
_STOP_SECONDS = 20.0
_WATCH_SECONDS = 0.2
# How long after a start, or a death, records and files are looked through: when whoever has waited
# for the site has had the first page.
_RECONCILE_SECONDS = 20.0


@dataclass
class Child:
    """One supervised process."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = field(default=-_RESTART_SECONDS)
    starts: int = 0

    def start(self, environment: dict[str, str]) -> None:
        """Start the process, in a session of its own: its signals come from the supervisor."""
        self.started_at = time.monotonic()
        self.starts += 1
        if self.process is not None:
            before = f"{self.process.pid}:{self.process.returncode}"
            environment = {**environment, PREDECESSOR: before}
        self.process = subprocess.Popen(
            self.command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
        )

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    @property
    def hopeless(self) -> bool:
        """Whether it ended at its first start for a reason that another start would not mend."""
        code = None if self.process is None else self.process.poll()
        return self.starts == 1 and code == _HOPELESS


class Supervisor:
    """Keeps one web process and the configured number of workers running."""

    def __init__(self, config: Config) -> None:
        """Plan the processes."""
        # Not the command `web`: what that checks first has been checked, or is by the site itself.
        site = [sys.executable, str(folders.ROOT / "wsgi.py")]
        self._environment = {**os.environ, **config.as_environment(), SUPERVISOR: str(os.getpid())}
        self.children = [Child("web", site)]
        self.children += [
            Child(f"worker {number}", [sys.executable, "-m", "webapp", "worker"])
            for number in range(1, config.workers + 1)
        ]
        self._reconciling = Child("prune", [sys.executable, "-m", "webapp", "prune", "--careful"])
        self._reconcile_at = math.inf
        self._stopping = threading.Event()

    def run(self) -> int:
        """Keep the processes running until SIGINT or SIGTERM, then end them all.

        Returns the exit status: 2 if one of them could not start, and has said why.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._stop)
        self._reconcile_at = time.monotonic() + _RECONCILE_SECONDS
        try:
            while not self._stopping.is_set():
                if any(child.hopeless for child in self.children):
                    return _HOPELESS
                self._start_missing()
                if not self._reconciling.running and time.monotonic() >= self._reconcile_at:
                    self._reconcile_at = math.inf
                    self._start(self._reconciling)
                self._stopping.wait(_WATCH_SECONDS)
        finally:
            self._end()
        return 0

    def _start_missing(self) -> None:
        for child in self.children:
            due = time.monotonic() - child.started_at >= _RESTART_SECONDS
            if child.running or not due:
                continue
            if child.process is not None:
                log.warning(
                    "%s ended with %s, starting it again", child.name, child.process.returncode
                )
                self._reconcile_at = time.monotonic() + _RECONCILE_SECONDS
            self._start(child)

    def _start(self, child: Child) -> None:
        try:
            child.start(self._environment)
        except OSError as error:
            # Where memory has run out there may be some again in a moment.
            log.warning("%s cannot be started: %s", child.name, error)

    def _end(self) -> None:
        children = [*self.children, self._reconciling]
        running = [child.process for child in children if child.process and child.running]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._stopping.set()
