"""Measures what runs cost, part by part: `python docs/scaling.py --part cost --json FILE`.

All of it happens on this machine, in installations and with servers of its own that nothing else
can reach, and each part ends by itself within four minutes:

- `runs`: runs an hour with one, two and four workers on the cores of this machine;
- `cost`: what one run with the default settings asks of database, queue and media store;
- `database`: how often a second SQLite and PostgreSQL (where that is installed) claim, renew,
  report and so on, alone and for several processes at once, with more and more runs in line;
- `web`: what a page, and a picture for a watcher, take of the processor.

Measure where nothing else runs. What follows from the figures is told by
`docs/scaling_forecast.py`, and in `docs/scaling.md`. Needs Linux, and what `make test` installs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from installation import Installation, served
from load import machine, watched
from scaling_database import Bench
from stransfer import folders

# The tests know how servers are started.
sys.path.append(str(folders.ROOT))
from tests.site import postgres, redis_server

Server = TypeVar("Server", postgres.Postgres, redis_server.RedisServer)

_PATIENCE = 280.0

# How many runs are painted with so many workers: enough that each of them has several.
_RUNS = {1: 4, 2: 8, 4: 8}
_SMALL = {"size": 300, "steps": 20}
_STANDARD: dict[str, Any] = {"size": 500, "steps": 20}

_LINES = (10, 100, 1000, 5000)
_PAINTED = (1, 10, 100, 500)
_TOGETHER = 4
_PAGES = ("/", "/gallery", "/api/v1/runs")


@click.command(help=__doc__)
@click.option(
    "--part",
    "parts",
    type=click.Choice(["runs", "cost", "database", "web"]),
    multiple=True,
    required=True,
    help="What to measure; repeatable.",
)
@click.option(
    "--json",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Put the figures into this file, in the place of what it says of the same parts.",
)
@click.option("--brief", is_flag=True, help="Only show that everything works.")
def main(parts: Sequence[str], file: Path | None, brief: bool) -> None:
    """Measure and print."""
    measures: dict[str, Callable[[Path, bool], Any]] = {
        "runs": _runs,
        "cost": _cost,
        "database": _databases,
        "web": _web,
    }
    known = json.loads(file.read_text()) if file and file.exists() else {}
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            started = time.monotonic()
            found = measures[part](Path(folder), brief)
        told = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "seconds": time.monotonic() - started}
        known[part] = {**machine(), "fsync_seconds": _fsync(), **told, "found": found}
    known = _rounded(known)
    if file:
        file.write_text(json.dumps(known, indent=1) + "\n")
    else:
        click.echo(json.dumps(known, indent=1))


def _fsync() -> float:
    """Return how long the disk takes to say that a little is on it."""
    taken = []
    with tempfile.NamedTemporaryFile() as file:
        for _ in range(50):
            started = time.perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _runs(folder: Path, brief: bool) -> list[dict[str, float]]:
    """Return how many small runs are painted in an hour by how many workers."""
    found = []
    for workers, runs in {1: 1}.items() if brief else _RUNS.items():
        (folder / str(workers)).mkdir()
        many = {
            "MAX_RUNNING_PER_VISITOR": "64",
            "MAX_QUEUED_PER_VISITOR": "64",
            "REST_SECONDS": "0",
        }
        with served(folder / str(workers), [], WORKERS=str(workers), **many) as site:
            settings = {**_SMALL, "steps": 1} if brief else _SMALL
            _painted(site, {**settings, "steps": 1}, workers)
            before = site.used()
            passed, each = _painted(site, settings, runs)
            cores = sum(site.used().values()) - sum(before.values())
        found.append(
            {
                "workers": workers,
                "runs": runs,
                "runs_per_hour": runs / passed * 3600,
                "seconds_of_a_run": sum(each) / runs,
                "cores_used": cores / passed,
            }
        )
    return found


def _painted(site: Installation, settings: dict[str, Any], runs: int) -> tuple[float, list[float]]:
    """Paint so many runs; return the seconds until all are done, and those of each."""
    started = time.monotonic()
    ids = [site.submit(settings) for _ in range(runs)]
    each = [site.seconds(run_id) for run_id in ids]
    return time.monotonic() - started, each


def _cost(folder: Path, brief: bool) -> Any:
    """Return what one run asks for beside its steps."""
    settings = {"size": 100, "steps": 3, "scales": 1} if brief else _STANDARD
    plan = {"instance": str(folder / "instance"), "settings": settings, "runs": 1 if brief else 3}
    ended = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("scaling_run.py"))],
        cwd=folders.ROOT,
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        timeout=_PATIENCE,
    )
    if ended.returncode:
        raise click.ClickException("The run that was to be counted failed.")
    return {"settings": settings, **json.loads(ended.stdout)}


def _databases(folder: Path, brief: bool) -> dict[str, Any]:
    """Return how often a second each database does what runs need."""
    found = {"sqlite": _database(Bench(folder / "sqlite", "", None, ""), brief)}
    if not postgres.NEEDED.args[0]:
        with _stopped(postgres.Postgres(durable=True)) as server:
            address = server.database()
            bench = Bench(folder / "postgresql", address, server.process, address)
            found["postgresql"] = _database(bench, brief)
    if not redis_server.NEEDED.args[0]:
        with _stopped(redis_server.RedisServer(folder)) as redis:
            bench = Bench(folder / "redis", "", None, redis.address())
            found["redis"] = {"queue": bench.run("queue", 10 if brief else 1000)}
            bench.close()
    return found


def _database(bench: Bench, brief: bool) -> dict[str, Any]:
    lines, painted = (_LINES[:1], _PAINTED[:1]) if brief else (_LINES, _PAINTED)
    few, many = (3, 5) if brief else (20, 200)
    together = _TOGETHER
    found: dict[str, Any] = {"bytes_per_run": bench.bytes_per_run()}
    bench.empty()
    for job in ("renew", "report", "undisturbed", "queue"):
        found[job] = {"alone": bench.run(job, many)}
    for job in ("renew", "report"):
        found[job]["together"] = bench.run(job, many // 4, together)
    found["relay"] = []
    for watched_runs in (1, 20) if brief else (1, 10, 100):
        bench.empty()
        told = bench.run("relay", few, watched=watched_runs)
        found["relay"].append({"watched": watched_runs, **told})
    found["sweep"] = []
    bench.empty()
    there = 0
    for running in painted:
        bench.fill(running=running - there)
        there = running
        found["sweep"].append({"running": running, **bench.run("sweep", few)})
    bench.empty()
    found["claim"], found["place"], found["submit"] = [], [], []
    for waiting in lines:
        bench.empty()
        bench.fill(waiting=waiting + few * (together + 1))
        told = {"waiting": waiting}
        found["place"].append({**told, **bench.run("place", few)})
        found["claim"].append(
            {
                **told,
                "alone": bench.run("claim", few),
                "together": bench.run("claim", few, together),
            }
        )
        found["submit"].append({**told, **bench.run("submit", few)})
    bench.close()
    return found


@contextmanager
def _stopped(server: Server) -> Iterator[Server]:
    """Give a server, and stop it afterwards."""
    try:
        yield server
    finally:
        server.stop()


def _web(folder: Path, brief: bool) -> dict[str, Any]:
    """Return what pages, orders and pictures for watchers take of the web process."""
    many = 5 if brief else 100
    keys = {"MAX_QUEUED_PER_VISITOR": "200", "MAX_QUEUED": "200"}
    with served(folder, [], **keys) as site:
        _painted(site, {"size": 100, "scales": 1, "steps": 1}, 1)
        pages = {page: _each(many, site, partial(site.get, page)) for page in _PAGES}
        crowd = {"watchers": 100, "slow": 0, "dead": 0, "pages": 0.0, "cores": []}
        if brief:
            crowd["watchers"] = 2
        run_id = site.order({**_SMALL, "steps": 10 if brief else 60})
        before, started = site.used()["web"], time.monotonic()
        seen = watched(site, run_id, crowd, _PATIENCE)
        used, passed = site.used()["web"] - before, time.monotonic() - started
        orders = _each(many // 5, site, lambda: site.submit({"size": 1000, "steps": 1000}))
    sent = seen["frames"]["median"] * seen["watchers"]
    return {
        "page_cpu": pages,
        # With the form that precedes it.
        "order_cpu": orders,
        "watchers": seen["watchers"],
        "frames_per_second": seen["frames"]["median"] / passed,
        "cpu_per_frame": used / sent,
        "bytes_per_frame": seen["megabytes"] * 2**20 / sent,
        "web_cores": used / passed,
    }


def _each(count: int, site: Installation, do: Callable[[], object]) -> float:
    """Return what something costs the web process of the processor, in seconds."""
    before = site.used()["web"]
    for _ in range(count):
        do()
    return (site.used()["web"] - before) / count


def _rounded(value: Any) -> Any:
    """Return figures without digits that mean nothing."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value


if __name__ == "__main__":
    main()
