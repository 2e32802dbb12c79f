"""What `docs/scaling.json` says that things cost, as `docs/scaling_simulation.py` needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class Spent(NamedTuple):
    """The seconds until something is done, and the processor's seconds of the server among them."""

    wall: float
    server: float = 0.0


Cost = Callable[[float], Spent]

FREE = Spent(0.0)


def constant(wall: float, server: float = 0.0) -> Cost:
    """Return a cost that is the same for however many."""
    return lambda _: Spent(wall, server)


_NOTHING: Cost = constant(0.0)


@dataclass(frozen=True)
class Costs:
    """Seconds for everything. What depends on how many runs wait or are painted is told them."""

    # Whether the database is a server, which can do several things at once.
    separate: bool = True
    painting: float = 20.0
    # Of the database: to accept and to claim a run while so many wait, to look for dead workers
    # while so many are painted, to renew a lease, and to report on a run once.
    submit: Cost = _NOTHING
    claim: Cost = _NOTHING
    sweep: Cost = _NOTHING
    renew: Spent = FREE
    report: Spent = FREE
    # Of a web process: a look for news, the news of a run, the places in a line of so many, a
    # picture for a watcher, a page, and the order of a run with its form.
    tick: Spent = FREE
    relay: Spent = FREE
    place: Cost = _NOTHING
    frame: float = 0.0
    page: float = 0.0
    order: float = 0.0
    # The bytes that a run writes to the media store while it is painted.
    written: float = 0.0


def costs_of(figures: Mapping[str, Any], database: str) -> Costs:
    """Return the measured costs with one kind of database, `sqlite` or `postgresql`."""
    found = figures["database"]["found"][database]
    web = figures["web"]["found"]
    runs = figures["cost"]["found"]["runs"]
    alone = [{"waiting": row["waiting"], **row["alone"]} for row in found["claim"]]
    news = _growing(found["relay"], "watched", "client_cpu")
    pages = web["page_cpu"].values()
    return Costs(
        separate=database != "sqlite",
        painting=figures["cost"]["found"]["mean_seconds"],
        submit=_growing(found["submit"], "waiting"),
        claim=_growing(alone, "waiting"),
        sweep=_growing(found["sweep"], "running"),
        renew=_spent(found["renew"]["alone"]),
        report=_spent(found["report"]["alone"]),
        tick=news(0),
        relay=Spent(*(one - none for one, none in zip(news(1), news(0), strict=True))),
        place=_growing(found["place"], "waiting", "client_cpu"),
        frame=web["cpu_per_frame"],
        page=sum(pages) / len(pages),
        order=web["order_cpu"],
        written=sum(written(run) for run in runs) / len(runs),
    )


def written(run: Mapping[str, Any]) -> float:
    """Return the bytes that a run, as it was counted, wrote to the media store."""
    counts: Mapping[str, float] = run["counts"]["painting"]
    return sum(much for what, much in counts.items() if what.startswith("worker: bytes written"))


def line(points: Sequence[tuple[float, float]]) -> Callable[[float], float]:
    """Return the straight line that misses points by the least part of their height.

    It begins at 0 or above: nothing takes less than no time.
    """
    weights = [1 / height**2 for _, height in points]
    total = sum(weights)
    middle = sum(w * x for w, (x, _) in zip(weights, points, strict=True)) / total
    height = sum(w * y for w, (_, y) in zip(weights, points, strict=True)) / total
    spread = sum(w * (x - middle) ** 2 for w, (x, _) in zip(weights, points, strict=True))
    together = sum(
        w * (x - middle) * (y - height) for w, (x, y) in zip(weights, points, strict=True)
    )
    slope = max(0.0, together / spread) if spread else 0.0
    beginning = height - slope * middle
    if beginning < 0:
        squares = sum(w * x**2 for w, (x, _) in zip(weights, points, strict=True))
        slope = sum(w * x * y for w, (x, y) in zip(weights, points, strict=True)) / squares
        beginning = 0.0
    return lambda x: beginning + slope * x


def _growing(rows: Sequence[Mapping[str, float]], by: str, wall: str = "seconds") -> Cost:
    """Return what grows with how many there are; `wall` names what it takes whoever asks."""
    height = line([(row[by], row[wall]) for row in rows])
    # Of short things the processor's clock, with ticks of a hundredth of a second, only tells a
    # part that is right for all of them together.
    part = sum(row["server_cpu"] for row in rows) / sum(row[wall] for row in rows)
    return lambda size: Spent(height(size), part * height(size))


def _spent(row: Mapping[str, float]) -> Spent:
    return Spent(row["seconds"], row["server_cpu"])
