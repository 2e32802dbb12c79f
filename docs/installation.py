"""An installation that is only there to be measured, for `docs/load.py`. Needs Linux."""

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
from typing import Any

import click
import requests

from stransfer import folders

PAIR = ("sample:pagoda.jpg", "sample:night_wind.jpg")

# One visitor at one address plays all the others, which the usual limits would rightly stop.
_LIMITLESS = dict.fromkeys(("SOCKETS_PER_VISITOR", "SOCKETS_PER_MINUTE", "RUNS_PER_HOUR"), "0")

# So long anything may take: to start, to paint, to end.
PATIENCE = 300.0
_TICKS = os.sysconf("SC_CLK_TCK")


class Installation:
    """A running installation, and the one visitor whom everybody plays."""

    def __init__(self, port: int, processes: dict[str, int]) -> None:
        """Come to the site for the first time."""
        self.port = port
        self.processes = processes
        self.url = f"http://127.0.0.1:{port}"
        self._http = requests.Session()
        self._http.get(self.url, timeout=10)

    @property
    def cookie(self) -> str:
        """What the visitor's browser sends with every request."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies)

    def order(self, settings: dict[str, Any]) -> str:
        """Start a run and return its id once it is being painted."""
        run_id = self.submit(settings)
        self.wait(run_id, lambda run: run["step"] > 0 or run["state"] == "failed")
        return run_id

    def submit(self, settings: dict[str, Any]) -> str:
        """Start a run and return its id at once."""
        page = self._http.get(self.url, timeout=10).text
        content, style = PAIR
        form = {
            "csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page)[0],
            "content": content,
            "style": style,
            **{name: str(value) for name, value in settings.items()},
        }
        answer = self._http.post(f"{self.url}/runs", data=form, timeout=10, allow_redirects=False)
        return answer.headers["Location"].rpartition("/")[2]

    def get(self, path: str) -> None:
        """Look at a page."""
        self._http.get(self.url + path, timeout=30).raise_for_status()

    def wait(self, run_id: str, fits: Any, pause: float = 0.2) -> dict[str, Any]:
        """Ask for a run until it is as it should be."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self._http.get(f"{self.url}/api/v1/runs/{run_id}", timeout=30)
            run: dict[str, Any] = answer.json()
            if fits(run):
                return run
            time.sleep(pause)
        raise click.ClickException(f"The run did not get on: {run}.")

    def paint(self, settings: dict[str, Any]) -> float:
        """Paint without anybody watching, and return the seconds it took."""
        return self.seconds(self.order(settings))

    def seconds(self, run_id: str) -> float:
        """Return what a run took by the clock of the worker, once it is done."""
        run = self.wait(run_id, lambda run: run["state"] not in ("queued", "running"), pause=1.0)
        if run["state"] != "done":
            raise click.ClickException(f"The run ended as {run['state']}: {run['error']}.")
        return float(run["seconds"])

    def cancel(self, run_id: str) -> None:
        """End a run."""
        page = self._http.get(f"{self.url}/runs/{run_id}", timeout=10).text
        mark = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        self._http.post(f"{self.url}/runs/{run_id}/cancel", data={"csrf_token": mark}, timeout=10)

    def used(self) -> dict[str, float]:
        """Return the seconds of processor time that each process has used so far."""
        return {name: _cpu_seconds(pid) for name, pid in self.processes.items()}


@contextlib.contextmanager
def served(folder: Path, cores: list[int], **more: str) -> Iterator[Installation]:
    """Serve an empty installation with one worker, and wait until that is ready.

    `more` is configuration; with WORKERS it waits for all of them.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    keys = {"INSTANCE_PATH": str(folder / "instance"), "PORT": str(port), "HOST": "127.0.0.1"}
    workers = int(more.get("WORKERS", 1))
    log = folder / "log"
    process = subprocess.Popen(
        [sys.executable, "-m", "webapp", "serve"],
        cwd=folders.ROOT,
        env={**os.environ, **_LIMITLESS, **keys, **more},
        stdout=log.open("wb"),
        stderr=subprocess.STDOUT,
        preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores else None,
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while log.read_text().count(": ready") < workers or not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise click.ClickException(f"The site does not start: {log.read_text()}")
            time.sleep(0.2)
        yield Installation(port, _children(process.pid))
        if "Traceback" in log.read_text():
            raise click.ClickException(f"The site logged an error: {log.read_text()}")
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(port: int) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=10).ok
    return False


def _children(pid: int) -> dict[str, int]:
    """Return the web process and the workers of a supervisor: `worker`, `worker 2`, and so on."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        command = Path(f"/proc/{child}/cmdline").read_text()
        if "wsgi.py" in command:
            found["web"] = int(child)
        elif "worker" in command:
            number = 1 + sum(name.startswith("worker") for name in found)
            found["worker" if number == 1 else f"worker {number}"] = int(child)
    return found


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_mb(pid: int) -> float:
    """Return how much memory a process has, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) / 1024
