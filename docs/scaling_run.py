"""What one run costs beside its steps, for `docs/scaling.py`: not for use alone.

A worker paints in this process, a relay tells one watcher who acknowledges at once, and every
statement, transaction, message and file is counted, by who caused it. Reads what it shall do as one
JSON object, and prints what it saw as another.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.event import listens_for

from scaling_orders import order, visit
from webapp.config import Config
from webapp.messages import Message
from webapp.records import LIVE, Loss, RunState
from webapp.relay import PROGRESS, Relay
from webapp.runs.belongings import folder
from webapp.runs.store import RunStore
from webapp.runs.worker import Worker
from webapp.services import Services

# As often as the site's own relay looks.
_TICK_SECONDS = 0.25
_RELAY, _SITE, _WORKER = "relay", "site", "worker"


class Counts:
    """What was done so far, by whoever did it: the relay, the site, or the worker."""

    def __init__(self) -> None:
        """Have counted nothing yet."""
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def add(self, what: str, much: float = 1) -> None:
        """Count something that this thread did."""
        name = threading.current_thread().name
        who = name if name in (_RELAY, _SITE) else _WORKER
        with self._lock:
            # Counters hold whatever can be added.
            self._counts[f"{who}: {what}"] += much  # type: ignore[assignment]

    def taken(self) -> dict[str, float]:
        """Return what was counted since the last time this was asked."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return dict(sorted(taken.items()))


def watch_database(counts: Counts) -> None:
    """Count what every database of this process is asked."""

    @listens_for(Engine, "before_cursor_execute")
    def execute(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            counts.add("statements")

    @listens_for(Engine, "commit")
    def commit(connection: Any) -> None:
        counts.add("writing transactions")

    @listens_for(Engine, "begin")
    def begin(connection: Any) -> None:
        counts.add("transactions")


def watch_files(services: Services, counts: Counts) -> None:
    """Count what is written to, read from and removed from the media store, and the messages."""
    media: Any = services.media
    write, read = media.write, media.read

    def counted_write(key: str, content: bytes) -> None:
        kind = "result" if "/result" in key else key.split("/")[2]
        counts.add(f"files written: {kind}")
        counts.add(f"bytes written: {kind}", len(content))
        write(key, content)

    def counted_read(key: str) -> bytes:
        content: bytes = read(key)
        counts.add("files read")
        counts.add("bytes read", len(content))
        return content

    media.write, media.read = counted_write, counted_read
    for name in ("delete", "discard"):
        setattr(media, name, _counted(getattr(media, name), "files removed", counts))
    storage: Any = services.queue.huey.storage
    for name in ("enqueue", "dequeue", "queue_size"):
        setattr(storage, name, _counted(getattr(storage, name), f"queue: {name}", counts))


def _counted(call: Callable[..., Any], what: str, counts: Counts) -> Callable[..., Any]:
    def counted(*arguments: Any) -> Any:
        counts.add(what)
        return call(*arguments)

    return counted


class Attempt:
    """Orders runs one after the other while the worker of this process paints."""

    def __init__(self, services: Services, counts: Counts, plan: dict[str, Any]) -> None:
        """Be ready to order what the plan says."""
        self._services = services
        self._counts = counts
        self._plan = plan
        self._store = RunStore(services)
        self._relay = Relay(self._store.pulses, services.media, self._emit)
        self._over = threading.Event()
        self.found: dict[str, Any] = {}

    def run(self) -> None:
        """Paint once to get warm, then count what the next runs cost; then end the worker."""
        visitor = uuid.uuid4().hex
        visit(self._services, [visitor])
        watching = threading.Thread(target=self._tick, name=_RELAY, daemon=True)
        watching.start()
        self._paint(visitor, {**self._plan["settings"], "steps": 1})
        self._counts.taken()
        runs = [self._paint(visitor, self._plan["settings"]) for _ in range(self._plan["runs"])]
        seconds = [one["seconds"] for one in runs]
        self.found = {"runs": runs, "mean_seconds": sum(seconds) / len(seconds)}
        self._over.set()
        watching.join()
        os.kill(os.getpid(), signal.SIGTERM)

    def _paint(self, visitor: str, settings: dict[str, Any]) -> dict[str, Any]:
        self._counts.taken()
        started = time.monotonic()
        run_id = self._store.submit(visitor, order(self._services, **settings))
        self._relay.watch("phone", self._store.snapshot(visitor, run_id), None)
        counted = {"order": self._counts.taken()}
        while (run := self._store.find(visitor, run_id)).state in LIVE:
            time.sleep(0.5)
        passed = time.monotonic() - started
        self._relay.unwatch("phone")
        kept = self._services.media.files(folder(run_id))
        with self._services.database.reading() as session:
            losses = session.scalar(
                select(func.count()).select_from(Loss).where(Loss.run_id == run_id)
            )
        # Asking for the run, which the site does not do by itself, is counted for this thread.
        counted["painting"] = {
            what: much
            for what, much in self._counts.taken().items()
            if not what.startswith(f"{_SITE}:")
        }
        return {
            "state": run.state,
            "seconds": run.seconds,
            "from_order_to_end_seconds": passed,
            "losses": losses,
            "bytes_kept": sum(file.size for file in kept),
            "files_kept": len(kept),
            "counts": counted,
        }

    def _tick(self) -> None:
        while not self._over.wait(_TICK_SECONDS):
            self._relay.tick()

    def _emit(
        self, event: str, message: Message, sid: str, acknowledged: Callable[..., None] | None
    ) -> None:
        if event == PROGRESS:
            self._counts.add("events sent")
            self._counts.add("frames sent", message.values["frame"] is not None)
            self._counts.add("bytes sent", len(message.text))
        if acknowledged is not None:
            acknowledged()


def main() -> None:
    """Do what standard input says."""
    plan = json.load(sys.stdin)
    counts = Counts()
    watch_database(counts)
    services = Services.of(Config(instance_path=plan["instance"]))
    services.database.migrate()
    watch_files(services, counts)
    attempt = Attempt(services, counts, plan)
    # Not a daemon: the worker must not end before what was found is there.
    threading.Thread(target=attempt.run, name=_SITE).start()
    Worker(services).run()
    if {run["state"] for run in attempt.found["runs"]} != {RunState.DONE}:
        raise SystemExit(f"A run did not end well: {attempt.found['runs']}")
    json.dump(attempt.found, sys.stdout)
    sys.stdout.flush()
    # TensorFlow may still prepare something in a thread.
    os._exit(0)


if __name__ == "__main__":
    main()
