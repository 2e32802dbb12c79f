"""Measures what the site bears: `python docs/load.py`.

Starts an installation of its own, empty, on a free port of this machine and reachable from nowhere
else, and has it paint the same picture again and again: in turns left alone, and under load, with
hundreds of Socket.IO watchers, visitors who look at page after page, and a few whose phones are
slow or dead. Tells how much longer the painting takes under load, how long pages take, how many
pictures watchers get, and what every process used. With `--minutes` it paints once for so long
instead, while watchers come and go, and tells how the memory of the web process grows. Prints one
JSON object. Needs Linux, and what `make test` installs.

The crowd (`docs/audience.py`) is a process of its own, and uses the same cores unless `--cores` and
`--crowd-cores` keep it apart; what it uses is told apart from what the site does.
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import click

from installation import PATIENCE, Installation, resident_mb, served
from stransfer import folders

CROWD = "docs/audience.py"

# Between two looks at the memory of the web process.
_LOOK_SECONDS = 5.0
# Everybody has come by then, and what is kept for the next time has been kept.
_SETTLED_SECONDS = 60.0
_READERS = 25
_SLOW_PAUSE = 3.0


@click.command(help=__doc__)
@click.option(
    "--watchers", type=click.IntRange(0, 1000), default=200, help="How many watch the run."
)
@click.option(
    "--pages",
    type=click.FloatRange(0, 1000),
    default=50.0,
    help="How many pages are asked for in a second.",
)
@click.option(
    "--slow",
    type=click.IntRange(0, 100),
    default=5,
    help="How many acknowledge a picture after 3 s only.",
)
@click.option(
    "--dead",
    type=click.IntRange(0, 100),
    default=5,
    help="How many stop reading once they have subscribed.",
)
@click.option("--size", default=300, help="The long side of the picture, in px.")
@click.option("--steps", default=80, help="The updates at the final size.")
@click.option("--rounds", type=click.IntRange(1, 20), default=3, help="How many pairs of runs.")
@click.option(
    "--minutes",
    type=click.FloatRange(0, 60),
    default=0.0,
    help="Watch the memory for so long instead.",
)
@click.option("--cores", default="", help="The cores of the site, such as 0,1. Empty is all.")
@click.option("--crowd-cores", default="", help="The cores of the crowd. Empty is all.")
def main(minutes: float, rounds: int, cores: str, crowd_cores: str, **wanted: Any) -> None:
    """Measure and print."""
    crowd = {**wanted, "cores": _cores(crowd_cores)}
    settings = {name: crowd.pop(name) for name in ("size", "steps")}
    found: dict[str, Any] = {"machine": machine(), "settings": settings, **wanted}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), _cores(cores)) as site:
        site.paint({**settings, "steps": 1})
        if minutes:
            found["memory"] = _memory(site, settings, crowd, minutes * 60)
        else:
            turns = [
                _turn(site, settings, crowd, loaded) for _ in range(rounds) for loaded in (0, 1)
            ]
            found |= _compared(turns[::2], turns[1::2])
    click.echo(json.dumps(found, indent=2))


def _turn(
    site: Installation, settings: dict[str, Any], crowd: dict[str, Any], loaded: int
) -> dict[str, Any]:
    """Paint once, left alone or under load; tell what it took."""
    run_id = site.order(settings)
    before, started = site.used(), time.monotonic()
    seen = watched(site, run_id, crowd, PATIENCE) if loaded else None
    seconds = site.seconds(run_id)
    passed = time.monotonic() - started
    cpu = {name: (used - before[name]) / passed for name, used in site.used().items()}
    if seen is not None:
        cpu["crowd"] = seen.pop("cpu_seconds") / passed
    return {"seconds": seconds, "cpu": cpu, "seen": seen}


def watched(
    site: Installation, run_id: str, crowd: dict[str, Any], seconds: float, churn: float = 0.0
) -> dict[str, Any]:
    """Send the crowd to a run until it ends, or for so long; return what it saw."""
    plan = {
        **crowd,
        "host": "127.0.0.1",
        "port": site.port,
        "cookie": site.cookie,
        "run": run_id,
        "pages_per_second": crowd["pages"],
        "pages": ["/", "/gallery", f"/runs/{run_id}"],
        "readers": _READERS,
        "pause": _SLOW_PAUSE,
        "seconds": seconds,
        "churn": churn,
    }
    done = subprocess.run(
        [sys.executable, CROWD],
        cwd=folders.ROOT,
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise click.ClickException("The crowd failed.")
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def _compared(alone: list[dict[str, Any]], loaded: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the load made of the runs, each next to the one before it."""
    ratios = [two["seconds"] / one["seconds"] for one, two in zip(alone, loaded, strict=True)]
    return {
        "seconds_alone": [turn["seconds"] for turn in alone],
        "seconds_loaded": [turn["seconds"] for turn in loaded],
        "slowdown": statistics.median(ratios) - 1,
        # In seconds of processor time a second.
        "cpu_alone": _medians([turn["cpu"] for turn in alone]),
        "cpu_loaded": _medians([turn["cpu"] for turn in loaded]),
        "seen": [turn["seen"] for turn in loaded],
    }


def _medians(rows: list[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def _memory(
    site: Installation, settings: dict[str, Any], crowd: dict[str, Any], seconds: float
) -> dict[str, Any]:
    """Return how the memory of the web process went while watchers came and went."""
    run_id = site.order({**settings, "steps": 10000, "scales": 1})
    looks: list[tuple[float, float]] = []
    over = threading.Event()

    def look() -> None:
        started = time.monotonic()
        while not over.is_set():
            looks.append((time.monotonic() - started, resident_mb(site.processes["web"])))
            over.wait(_LOOK_SECONDS)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        seen = watched(site, run_id, crowd, seconds, churn=1.0)
    finally:
        over.set()
        thread.join()
        site.cancel(run_id)
    settled = [(when, size) for when, size in looks if when >= min(_SETTLED_SECONDS, seconds / 2)]
    slope = statistics.linear_regression(*zip(*settled, strict=True)).slope
    return {
        "seconds": seconds,
        "resident_mb_by_second": [(round(when), round(size, 1)) for when, size in looks],
        "resident_mb_settled": [round(size, 1) for _, size in (settled[0], settled[-1])],
        "growth_mb_per_minute": slope * 60,
        "seen": seen,
    }


def _cores(text: str) -> list[int]:
    return [int(core) for core in text.split(",") if core]


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    models = re.findall(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    main()
