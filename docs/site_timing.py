"""Measures what a visitor of the site waits for: `python docs/site_timing.py`.

Starts an installation of its own, empty and on a free port of this machine, and times it from
outside, by the clock of a visitor who watches over Socket.IO: from the start of the processes to
the first page and to the first picture of a run ordered at once; then, warm, from the order
of a run to its first picture and to its end. In turns with these it times the same run in a warm
process without any site. What reporting, storing and being watched costs a run is said as the
processor's time that the web process and the worker's reporting took meanwhile, next to the length
of the run: as long as that holds up one of the threads that paint, it holds up the run. Prints one
JSON object. Needs what `make test` installs.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import requests
import socketio  # type: ignore[import-untyped]

from own_site import PATIENCE, served, until_answer
from stransfer import folders
from stransfer.bench import child

PAIR = ("pagoda.jpg", "night_wind.jpg")


@click.command(help=__doc__)
@click.option("--size", default=500, help="The long side of the picture, in px.")
@click.option("--steps", default=20, help="The updates at the final size.")
@click.option("--rounds", type=click.IntRange(1), default=3, help="How often warm runs are timed.")
def main(size: int, steps: int, rounds: int) -> None:
    """Measure and print."""
    settings = {"size": size, "steps": steps}
    with tempfile.TemporaryDirectory() as folder, served(Path(folder)) as site:
        found: dict[str, Any] = {"page_seconds": until_answer(site.url, site.started)}
        visitor = Visitor(site.url)
        cold = visitor.paints(settings, site.started, looking=True)
        found["first_picture_cold_seconds"] = cold["first"]
        timed = []
        costs = []
        for _ in range(rounds):
            before = site.processor_seconds()
            timed.append((visitor.paints(settings), _alone(settings)))
            costs.append(site.processor_seconds() - before)
    found["pages"] = visitor.page_seconds
    found["first_picture_seconds"] = statistics.median(run["first"] for run, _ in timed)
    found["seconds"] = statistics.median(run["end"] for run, _ in timed)
    found["seconds_in_worker"] = statistics.median(run["painted"] for run, _ in timed)
    found["seconds_without_site"] = statistics.median(alone for _, alone in timed)
    found["share_of_reporting"] = statistics.median(
        cost / run["painted"] for cost, (run, _) in zip(costs, timed, strict=True)
    )
    click.echo(json.dumps({"settings": settings, "rounds": rounds, **found}, indent=2))


class Visitor:
    """Orders runs over the API, watches them over Socket.IO, and looks at pages meanwhile."""

    def __init__(self, url: str) -> None:
        """Come to the site for the first time."""
        self._url = url
        self._token = requests.post(f"{url}/api/v1/sessions", timeout=10).json()["token"]
        self._headers = {"Authorization": f"Bearer {self._token}"}
        self._pages: list[float] = []

    @property
    def page_seconds(self) -> dict[str, float]:
        """How long pages took that were asked for while something was painted."""
        return {"median": statistics.median(self._pages), "longest": max(self._pages)}

    def paints(
        self, settings: dict[str, Any], since: float | None = None, looking: bool = False
    ) -> dict[str, float]:
        """Return the seconds from the order, or from `since`, to the first picture and to the end.

        With them come the seconds for which the worker says that it has painted. Who is `looking`
        also asks for a page twice a second.
        """
        since = time.monotonic() if since is None else since
        seen: dict[str, float] = {}
        client = socketio.Client()

        @client.on("progress")  # type: ignore[untyped-decorator]
        def progress(values: dict[str, Any]) -> bool:
            if values["frame"]:
                seen.setdefault("first", time.monotonic() - since)
            return True

        @client.on("state")  # type: ignore[untyped-decorator]
        def state(values: dict[str, Any]) -> None:
            if values["state"] in ("done", "failed", "cancelled"):
                seen.setdefault("end", time.monotonic() - since)

        run_id = self._order(settings)
        client.connect(self._url, auth={"token": self._token})
        try:
            client.call("subscribe", {"run": run_id, "since": 0})
            deadline = time.monotonic() + PATIENCE
            while "end" not in seen and time.monotonic() < deadline:
                if looking:
                    self._look_at("/")
                time.sleep(0.5)
        finally:
            client.disconnect()
        run = requests.get(f"{self._url}/api/v1/runs/{run_id}", headers=self._headers, timeout=10)
        if run.json()["state"] != "done":
            raise click.ClickException(f"The run ended as {run.json()['state']}.")
        return {**seen, "painted": run.json()["seconds"]}

    def _order(self, settings: dict[str, Any]) -> str:
        content, style = PAIR
        order = {"content": content, "style": [style], "settings": settings}
        answer = requests.post(
            f"{self._url}/api/v1/runs", json=order, headers=self._headers, timeout=10
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    def _look_at(self, path: str) -> None:
        started = time.perf_counter()
        requests.get(self._url + path, timeout=10).raise_for_status()
        self._pages.append(time.perf_counter() - started)


def _alone(settings: dict[str, Any]) -> float:
    """Return the seconds of the second of two runs in a process of its own, without any site."""
    content, style = PAIR
    pictures = {
        "content": str(folders.DATA / "content" / content),
        "style": str(folders.DATA / "style" / style),
    }
    [timing] = child.measured("runs", **pictures, settings=settings, rounds=1)
    return float(timing["seconds"])


if __name__ == "__main__":
    main()
