"""An installation with two workers and a saboteur, and what becomes of the runs it is given."""

from __future__ import annotations

import resource
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.site import sabotage
from tests.site.guest import Guest
from tests.site.sabotage import Saboteur
from tests.site.server import Server, wait_for

LEASE_SECONDS = 3.0
# Longer than a step takes on a machine that has much else to do.
STALL_SECONDS = 20

# Long enough for two checkpoints between the first step and the last.
STEPS = 12

# Every change of state, however short it lasted.
_AUDIT = """
CREATE TABLE audit (run TEXT, before TEXT, after TEXT);
CREATE TRIGGER audited AFTER UPDATE OF state ON runs WHEN OLD.state IS NOT NEW.state
BEGIN INSERT INTO audit VALUES (NEW.id, OLD.state, NEW.state); END;
"""

ENDED = ("done", "failed", "cancelled")


class Ordeal:
    """The installation. A trial is a name for what is done to a run."""

    def __init__(self, folder: Path) -> None:
        """Start it; its workers load nothing yet."""
        self.saboteur = Saboteur(folder / "sabotage")
        self.server = Server(
            folder,
            WORKERS="2",
            LEASE_SECONDS=str(LEASE_SECONDS),
            HEARTBEAT_SECONDS="0.5",
            STALL_SECONDS=str(STALL_SECONDS),
            BUSY_SECONDS="1",
            REST_SECONDS="0",
            CHECKPOINT_STEPS="3",
            FRAMES_PER_SECOND="10",
            **self.saboteur.keys,
        )
        self.server.module = sabotage.MODULE
        self._guests: dict[str, Guest] = {}
        self.runs: dict[str, str] = {}
        self.saboteur.order(sabotage.IMPORTING, "always hold")
        self.server.start()
        with self._connected() as database:
            database.executescript(_AUDIT)

    def start(self, trial: str, **fields: str) -> str:
        """Start a run as a visitor of its own, and return its id."""
        guest = self._guests[trial] = Guest(self.server.url)
        self.runs[trial] = guest.start(**{"steps": str(STEPS), **sabotage.SHALLOW, **fields})
        return self.runs[trial]

    def held(self, trial: str, stage: str, **fields: str) -> str:
        """Start a run and return its id once its worker is held at a stage."""
        self.saboteur.order(stage, "hold")
        run_id = self.start(trial, **fields)
        wait_for(lambda: self.saboteur.met(stage), f"a worker to get to {stage}")
        return run_id

    def guest(self, trial: str) -> Guest:
        """The visitor of a run."""
        return self._guests[trial]

    def run(self, trial: str) -> dict[str, Any]:
        """What the site says of a run."""
        return self.guest(trial).run(self.runs[trial])

    def end(self, trial: str, seconds: float = 120) -> dict[str, Any]:
        """What the site says of a run once it has ended."""
        guest, run_id = self.guest(trial), self.runs[trial]
        return guest.wait(run_id, lambda run: run["state"] in ENDED, seconds)

    def cancel(self, trial: str) -> dict[str, Any]:
        """What the site says of a run after its visitor has pressed Cancel."""
        assert self.guest(trial).press(f"/runs/{self.runs[trial]}/cancel").ok
        return self.run(trial)

    def result(self, trial: str) -> bytes:
        """The result of a run."""
        response = self.guest(trial).get(f"/runs/{self.runs[trial]}/result.png")
        assert response.status_code == 200
        return response.content

    def ends(self, trial: str) -> list[str]:
        """The states in which a run has ever ended, and those that it left again after that."""
        rows = self.ask("SELECT before, after FROM audit WHERE run = ?", self.runs[trial])
        return [state for row in rows for state in row if state in ENDED]

    def checkpoints(self, trial: str) -> list[Path]:
        """The checkpoints of a run, the oldest first."""
        found = (self.media / "runs" / self.runs[trial] / "checkpoints").glob("[0-9]*")
        return sorted(found, key=lambda path: int(path.stem.partition("-")[2]))

    def files(self, trial: str) -> list[str]:
        """The files of a run."""
        folder = self.media / "runs" / self.runs[trial]
        return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())

    @property
    def media(self) -> Path:
        """Where the installation keeps pictures."""
        return self.server.instance / "media"

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database."""
        with self._connected() as database:
            return database.execute(query, values).fetchall()

    def outlast_lease(self, trial: str) -> None:
        """Wait until no sign of life of a run could be recorded for longer than a lease."""

        def silent() -> bool:
            [[until]] = self.ask("SELECT lease_until FROM runs WHERE id = ?", self.runs[trial])
            return until is not None and until < time.time() - 1

        wait_for(silent, "the lease to run out")

    @contextmanager
    def locked_database(self) -> Iterator[None]:
        """Hold the database like a program that has gone to sleep in the middle of writing."""
        with self._connected() as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.execute("ROLLBACK")

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Let no process of the site write to a file."""
        processes = self.server.of_kind("web") + self.server.of_kind("worker")
        _limit_files(processes, 0)
        try:
            yield
        finally:
            _limit_files(processes, resource.RLIM_INFINITY)

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.server.instance / "stransfer.sqlite", timeout=30)
        database.isolation_level = None
        try:
            yield database
        finally:
            database.close()


def _limit_files(processes: Sequence[int], size: int) -> None:
    for process in processes:
        _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))
