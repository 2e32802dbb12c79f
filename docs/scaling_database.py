"""How often a second the database does what runs need, for `docs/scaling.py`: not for use alone.

As a process it reads, line by line, which database is meant and what it shall do, says that it is
ready, waits for a line, does it, and prints how long each time took.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import delete

from scaling_orders import add_losses, order, seed
from stransfer import folders
from webapp.config import Config
from webapp.messages import Message
from webapp.records import Run
from webapp.relay import Relay
from webapp.runs.leases import Claim, Leases
from webapp.runs.reports import Progress, Reports
from webapp.runs.store import RunStore
from webapp.services import Services

# Nobody is turned away who is only there to be measured.
_LIMITLESS = {"max_queued": 10**9, "max_queued_per_visitor": 10**6, "min_free_mb": 0}
# As many steps as one report tells of when a step takes 0.15 s.
_STEPS = 3
_FRAME_BYTES = 40_000
# What is done with runs of one's own.
_CLAIMING = ("renew", "report", "undisturbed", "relay")
_PATIENCE = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")
# What one visitor's run has of losses with the default settings.
_LOSSES = 95
_WEIGHED = 400


class Bench:
    """One database, and processes that use it together."""

    def __init__(self, instance: Path, address: str, server: int | None, queue: str) -> None:
        """Measure the database and the queue at these addresses, empty for SQLite.

        `server` is the id of the database's first process, if it has any.
        """
        self._plan = {"instance": str(instance), "address": address, "queue": queue}
        self._server = server
        self._children: list[subprocess.Popen[str]] = []
        self._services = _services(self._plan)
        self._services.database.migrate()

    def close(self) -> None:
        """End the processes and give every connection back."""
        for child in self._children:
            child.communicate(timeout=_PATIENCE)
        self._services.database.close()

    def fill(self, waiting: int = 0, running: int = 0) -> None:
        """Let so many more runs wait, and so many more be painted."""
        if waiting:
            seed(self._services, waiting)
        if running:
            painted = {
                "state": "running",
                "lease_owner": "nobody",
                "lease_until": time.time() + 1e6,
            }
            seed(self._services, running, **painted)

    def empty(self) -> None:
        """Remove all runs."""
        with self._services.database.writing() as session:
            session.execute(delete(Run))

    def run(self, job: str, count: int, processes: int = 1, **more: Any) -> dict[str, float]:
        """Let processes do a job so often each, at once; return what one time takes.

        `seconds` is what it takes one on average, `per_second` how often all together do it;
        `client_cpu` and `server_cpu` are the seconds of the processor that it costs.
        """
        while len(self._children) < processes:
            self._children.append(_child(self._plan))
        children = self._children[:processes]
        if job in _CLAIMING:
            self.fill(waiting=processes * int(more.get("watched", 1)))
        for child in children:
            _say(child, {"job": job, "count": count, **more})
        for child in children:
            _heard(child)
        before, started = self._server_seconds(), time.monotonic()
        for child in children:
            _say(child, "go")
        found = [_heard(child) for child in children]
        passed = max(one["ended"] for one in found) - started
        every = sorted(taken for one in found for taken in one["seconds"])
        done = len(every)
        return {
            "seconds": sum(every) / done,
            "median": every[done // 2],
            "per_second": done / passed,
            "client_cpu": sum(one["cpu"] for one in found) / done,
            "server_cpu": (self._server_seconds() - before) / done,
        }

    def bytes_per_run(self) -> float:
        """Return what a finished run with its losses takes in the database."""
        before = self._size()
        ids = seed(self._services, _WEIGHED, state="done", ended_at=time.time())
        add_losses(self._services, ids, _LOSSES)
        return (self._size() - before) / _WEIGHED

    def _size(self) -> float:
        with self._services.database.reading() as session:
            if self._server is not None:
                size = "SELECT pg_database_size(current_database())"
            else:
                size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            return float(session.connection().exec_driver_sql(size).scalar_one())

    def _server_seconds(self) -> float:
        """Return what the server has used of the processor, with all that it has started."""
        if self._server is None:
            return 0.0
        children = Path(f"/proc/{self._server}/task/{self._server}/children").read_text().split()
        living = sum(_cpu(int(child))[0] for child in children)
        return sum(_cpu(self._server)) + living


def _cpu(pid: int) -> tuple[float, float]:
    """Return the processor's seconds of a process, and of those of its children that ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    own, ended = int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])
    return own / _TICKS, ended / _TICKS


def _child(plan: dict[str, Any]) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, __file__],
        cwd=folders.ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    _say(child, plan)
    return child


def _say(child: subprocess.Popen[str], told: object) -> None:
    assert child.stdin is not None
    child.stdin.write(json.dumps(told) + "\n")
    child.stdin.flush()


def _heard(child: subprocess.Popen[str]) -> Any:
    assert child.stdout is not None
    said = child.stdout.readline()
    if not said:
        raise SystemExit("A process that measured the database has failed.")
    return json.loads(said)


def _services(plan: dict[str, Any]) -> Services:
    limits: dict[str, Any] = _LIMITLESS
    where = {"instance_path": plan["instance"], "database_url": plan["address"]}
    return Services.of(Config(queue_url=plan["queue"], **where, **limits))


class Job:
    """What one process does again and again; each method returns what to do once more."""

    def __init__(self, services: Services, plan: dict[str, Any]) -> None:
        """Be ready to do what the plan says."""
        self._services = services
        self._plan = plan
        self._leases = Leases(services.database, services.config)

    def claim(self) -> Callable[[], object]:
        """Take the run whose turn it is."""
        return lambda: self._leases.claim(f"worker-{os.getpid()}")

    def renew(self) -> Callable[[], object]:
        """Give a sign of life."""
        claim = self._claimed()
        return lambda: self._leases.renew(claim)

    def sweep(self) -> Callable[[], object]:
        """Look for runs whose worker is dead, of which there are none."""
        return self._leases.sweep

    def undisturbed(self) -> Callable[[], object]:
        """Ask whether a draft may go on, as a worker does between two of its steps."""
        claim = self._claimed()
        return lambda: self._leases.undisturbed(claim)

    def report(self) -> Callable[[], object]:
        """Record a few steps and a picture of the same run."""
        reports, claim = Reports(self._services.database), self._claimed()
        return lambda: reports.progress(claim, _steps(), f"runs/{claim.run_id}/frames/1-2.jpg")

    def submit(self) -> Callable[[], object]:
        """Accept a run, each of another visitor."""
        store, wanted = RunStore(self._services), order(self._services)
        return lambda: store.submit(uuid.uuid4().hex, wanted)

    def place(self) -> Callable[[], object]:
        """Tell a run that waits its place, for which those of all others are told as well."""
        store = RunStore(self._services)
        first = self._leases.waiting()[0]
        # The visitor of a run that was seeded has its name.
        run = store.find(first, first)
        store.place(run)
        return lambda: store.place(run)

    def relay(self) -> Callable[[], object]:
        """Tell what is new of each of several watched runs; what is new is not counted."""
        store = RunStore(self._services)
        relay = Relay(store.pulses, self._services.media, _acknowledge)
        reports = Reports(self._services.database)
        snapshots = []
        for _ in range(self._plan["watched"]):
            claim = self._claimed()
            frame = f"runs/{claim.run_id}/frames/1-1.jpg"
            self._services.media.write(frame, bytes(_FRAME_BYTES))
            snapshots.append(store.snapshot(claim.run_id, claim.run_id))
            reports.progress(claim, _steps(), frame)

        def tell() -> None:
            for snapshot in snapshots:
                # All of it is new again.
                relay.watch(snapshot["id"], snapshot, None)
            relay.tick()

        return tell

    def queue(self) -> Callable[[], object]:
        """Send a message and take it."""
        queue = self._services.queue

        def both() -> None:
            queue.send("0" * 32)
            queue.huey.dequeue()

        return both

    def _claimed(self) -> Claim:
        # Whichever is taken, there is one for everybody.
        claim = self._leases.claim(f"worker-{os.getpid()}")
        assert claim is not None
        return claim


def _acknowledge(
    event: str, message: Message, sid: str, acknowledged: Callable[..., None] | None
) -> None:
    assert message.text
    if acknowledged is not None:
        acknowledged()


def _steps() -> list[Progress]:
    return [Progress(n, 0.5, 1, 9.0, 1.0, 2.0, 3.0, n, 1.0, 50.0) for n in range(1, _STEPS + 1)]


def main() -> None:
    """Do what standard input says, one thing after the other."""
    services = _services(json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        plan = json.loads(line)
        do = getattr(Job(services, plan), plan["job"])()
        print(json.dumps("ready"), flush=True)
        sys.stdin.readline()
        seconds, used = [], time.process_time()
        for _ in range(plan["count"]):
            started = time.perf_counter()
            do()
            seconds.append(time.perf_counter() - started)
        used = time.process_time() - used
        told = {"seconds": seconds, "cpu": used, "ended": time.monotonic()}
        print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
