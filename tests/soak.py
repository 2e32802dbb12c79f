"""A site that is killed again and again: `make soak`, or `python -m tests.soak --runs 200`.

Starts an installation of its own, lets it paint one run of each kind undisturbed, and then so many
more while a random process of it is killed every few seconds: a worker, the web process, both, or
everything at once. Some runs are cancelled or deleted meanwhile. In the end every run that was
accepted has ended exactly once, with the result of the undisturbed one, and no file is left over;
what does not hold is said, and the exit code is 1. Prints one JSON object.
"""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import requests
from tqdm import tqdm

from tests.conftest import ROOT
from tests.site.server import Server, wait_for
from webapp.pruning import SETTLED_SECONDS

# Small, but with every way of going on from a checkpoint: levels, either optimiser, colours.
KINDS: list[dict[str, Any]] = [
    {"steps": 40, "scales": 1},
    {"steps": 25, "scales": 2, "size": 200},
    {"steps": 20, "scales": 1, "optimizer": "lbfgs"},
    {"steps": 30, "scales": 1, "preserve_color": "luminance", "init": "noise"},
]
VISITORS = 5
# Of each visitor, so that none has more than the site takes.
AT_ONCE = 2
CANCELLED, DELETED = 0.08, 0.05
VICTIMS = {"worker": 60, "web": 25, "both": 10, "everything": 5}
# How long something may be painted until the next kill, and a run until its visitor ends it.
MOST_SECONDS = 5.0

_KEYS = {
    "WORKERS": "2",
    "LEASE_SECONDS": "6",
    "HEARTBEAT_SECONDS": "1",
    "CHECKPOINT_STEPS": "5",
    # Killed by chance three times before its first checkpoint, a run would rightly fail.
    "MAX_ATTEMPTS": "100",
}
_AUDIT = """
CREATE TABLE audit (run TEXT, before TEXT, after TEXT);
CREATE TRIGGER audited AFTER UPDATE OF state ON runs WHEN OLD.state IS NOT NEW.state
BEGIN INSERT INTO audit VALUES (NEW.id, OLD.state, NEW.state); END;
"""
_ENDED = ("done", "failed", "cancelled")


@dataclass
class Visitor:
    """Somebody who asks again when the site does not answer."""

    url: str
    live: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Come to the site for the first time."""
        token = requests.post(f"{self.url}/api/v1/sessions", timeout=10).json()["token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def order(self, settings: dict[str, Any]) -> str | None:
        """Order a run and return its id, or None if the site has not accepted it."""
        order = {"content": "cat.jpg", "style": ["fjord.jpg"]}
        with suppress(requests.RequestException):
            settings = {"size": 100, **settings}
            answer = self._ask("POST", "runs", json={**order, "settings": settings})
            if answer.status_code == 201:
                run_id = str(answer.json()["id"])
                self.live.add(run_id)
                return run_id
        return None

    def insist(self, method: str, path: str) -> requests.Response:
        """Ask until there is an answer."""

        def answer() -> requests.Response | None:
            with suppress(requests.RequestException):
                answered = self._ask(method, path)
                if answered.status_code < 500:
                    return answered
            return None

        return wait_for(answer, f"an answer to {method} {path}")

    def _ask(self, method: str, path: str, **body: Any) -> requests.Response:
        url = f"{self.url}/api/v1/{path}"
        return requests.request(method, url, headers=self._headers, timeout=10, **body)


class Soak:
    """One installation, what it has accepted, and what was done to it."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        """Start it and learn what undisturbed runs come to."""
        self.server = Server(folder, **_KEYS)
        self.server.start()
        with closing(self._database()) as database:
            database.executescript(_AUDIT)
        self._chance = chance
        self.visitors = [Visitor(self.server.url) for _ in range(VISITORS)]
        self.kind_of: dict[str, int] = {}
        self.owner: dict[str, Visitor] = {}
        self.kills: Counter[str] = Counter()
        # What its visitor does to a run, and when; a run that ends before is spared.
        self.fates: dict[str, str] = {}
        self._due: dict[str, float] = {}
        self.expected = [self._undisturbed(kind) for kind in range(len(KINDS))]

    def disturb(self, runs: int) -> None:
        """Have so many runs painted while processes are killed."""
        kill_at = math.inf
        bar = tqdm(total=runs, unit="run")
        while len(self.kind_of) < runs or any(visitor.live for visitor in self.visitors):
            bar.update(len(self.kind_of) - sum(len(v.live) for v in self.visitors) - bar.n)
            if kill_at == math.inf and self._painting():
                kill_at = time.monotonic() + self._chance.uniform(0, MOST_SECONDS)
            if time.monotonic() >= kill_at:
                self._kill()
                kill_at = math.inf
            for visitor in self.visitors:
                self._look_after(visitor, runs)
            time.sleep(0.1)
        bar.close()

    def wrong(self) -> list[str]:
        """What does not hold, after the installation was stopped."""
        self.server.stop(60)
        states = dict(self._ask("SELECT id, state FROM runs"))
        changes = self._ask("SELECT run, before, after FROM audit")
        ends = Counter(run for run, _, after in changes if after in _ENDED)
        found = [f"run {run} left {before}" for run, before, _ in changes if before in _ENDED]
        found += [f"run {run} is {state}" for run, state in states.items() if state not in _ENDED]
        found += [f"run {run} ended {ends[run]} times" for run in states if ends[run] != 1]
        for run, kind in self.kind_of.items():
            state = states.get(run, "gone")
            wanted = {"cancel": "cancelled", "delete": "gone"}.get(self.fates.get(run, ""), "done")
            if state != wanted:
                found.append(f"run {run} is {state}, and should be {wanted}")
            elif state == "done" and self._result(run) != self.expected[kind]:
                found.append(f"run {run} has another result than an undisturbed one")
        found += [f"{name} is left over" for name in sorted(self._left_over())]
        if "Traceback" in self.server.log.read_text():
            found.append(f"there is a traceback in {self.server.log}")
        return found

    def attempts(self) -> Counter[int]:
        """How many runs took how many attempts."""
        return Counter(attempts for (attempts,) in self._ask("SELECT attempts FROM runs"))

    def _undisturbed(self, kind: int) -> bytes:
        visitor = self.visitors[0]
        run = visitor.order(KINDS[kind])
        assert run is not None, "the site accepts no run"
        wait_for(lambda: self._state(visitor, run) == "done", f"run {run}", 300)
        visitor.live.clear()
        return visitor.insist("GET", f"runs/{run}/result").content

    def _look_after(self, visitor: Visitor, runs: int) -> None:
        if len(visitor.live) < AT_ONCE and len(self.kind_of) < runs:
            kind = self._chance.randrange(len(KINDS))
            run = visitor.order(KINDS[kind])
            if run is not None:
                self.kind_of[run] = kind
                self._draw_fate(run)
        for run in [*visitor.live]:
            if self._state(visitor, run) in _ENDED:
                self.fates.pop(run, None)
                visitor.live.discard(run)
            elif run in self.fates and time.monotonic() >= self._due[run]:
                self._meet_fate(visitor, run)

    def _draw_fate(self, run: str) -> None:
        chances = [CANCELLED, DELETED, 1 - CANCELLED - DELETED]
        [fate] = self._chance.choices(["cancel", "delete", ""], chances)
        if fate:
            self.fates[run] = fate
            self._due[run] = time.monotonic() + self._chance.uniform(0, MOST_SECONDS)

    def _meet_fate(self, visitor: Visitor, run: str) -> None:
        visitor.live.discard(run)
        if self.fates[run] == "delete":
            visitor.insist("DELETE", f"runs/{run}")
            return
        refused = not visitor.insist("POST", f"runs/{run}/cancel").ok
        # It was done a moment ago; or it is cancelled, and the answer that said so was lost.
        if refused and self._state(visitor, run) == "done":
            del self.fates[run]

    def _state(self, visitor: Visitor, run: str) -> str:
        return str(visitor.insist("GET", f"runs/{run}").json()["state"])

    def _painting(self) -> bool:
        # Also what nobody paints any more, until that is noticed: there is killing then as well.
        return bool(self._ask("SELECT id FROM runs WHERE state = 'running'"))

    def _kill(self) -> None:
        [victim] = self._chance.choices([*VICTIMS], [*VICTIMS.values()])
        self.kills[victim] += 1
        if victim == "everything":
            self.server.kill()
            self.server.start()
            return
        kinds = ("web", "worker") if victim == "both" else (victim,)
        for kind in kinds:
            if processes := self.server.of_kind(kind):
                with suppress(ProcessLookupError):
                    os.kill(self._chance.choice(processes), signal.SIGKILL)

    def _left_over(self) -> set[str]:
        """The files that no record names, after what a start clears up is cleared up."""
        media = self.server.instance / "media"
        files = {str(path.relative_to(media)): path for path in media.rglob("*") if path.is_file()}
        old = time.time() - 2 * SETTLED_SECONDS
        for path in files.values():
            os.utime(path, (old, old))
        keys = {"PATH": os.environ["PATH"], "INSTANCE_PATH": str(self.server.instance)}
        command = [sys.executable, "-m", "webapp", "prune", "--careful"]
        subprocess.run(command, cwd=ROOT, env=keys, check=True)
        rows = self._ask("SELECT id, state, frame, result, moments FROM runs")
        named = {name for row in rows for name in row[2:4] if name}
        for run, state, _, _, moments in rows:
            if state == "done":
                named.update(f"runs/{run}/moments/{moment}.jpg" for moment in json.loads(moments))
        return {
            name
            for name, path in files.items()
            if path.exists() and name not in named and not name.startswith("samples/")
        }

    def _result(self, run: str) -> bytes:
        [[key]] = self._ask("SELECT result FROM runs WHERE id = ?", run)
        return (self.server.instance / "media" / str(key)).read_bytes()

    def _ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with closing(self._database()) as database:
            return database.execute(query, values).fetchall()

    def _database(self) -> sqlite3.Connection:
        return sqlite3.connect(self.server.instance / "stransfer.sqlite", timeout=30)


@click.command(help=__doc__)
@click.option("--runs", type=click.IntRange(1), default=200, help="How many runs are disturbed.")
@click.option("--seed", default=0, help="From which kills, cancellations and runs are drawn.")
def main(runs: int, seed: int) -> None:
    """Soak, and say what came of it."""
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    soak = Soak(folder, random.Random(seed))
    try:
        soak.disturb(runs)
    except BaseException:
        soak.server.kill()
        raise
    wrong = soak.wrong()
    told = {
        "runs": runs,
        "kills": soak.kills,
        "fates": Counter(soak.fates.values()),
        "attempts": dict(sorted(soak.attempts().items())),
        "seconds": round(time.monotonic() - started),
        "wrong": wrong,
    }
    click.echo(json.dumps(told, indent=2))
    if wrong:
        sys.exit(f"What is left of it is in {folder}.")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
