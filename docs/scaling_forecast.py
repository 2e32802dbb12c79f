"""Tells from what was measured how larger sites would do: `python docs/scaling_forecast.py`.

For each of them, from the costs in `docs/scaling.json`, `docs/scaling_simulation.py` simulates
days, or of the largest the busiest minutes of one. Prints the table of `docs/scaling.md`: how busy
each part was, how long runs waited, and which part is the first that cannot do more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from scaling_costs import costs_of
from scaling_simulation import NOON, Outcome, Simulation, Site

FIGURES = Path(__file__).with_name("scaling.json")

# Of the time before what is counted nothing is told: the first run of all finds nobody.
_WARM = 180.0
_PARTS = ("workers", "line", "database", "web", "media")


@dataclass(frozen=True)
class Forecast:
    """A site that is simulated around noon for so many hours, with one kind of database."""

    told: str
    site: Site
    database: str
    hours: float

    def outcome(self) -> Outcome:
        """Return how it does."""
        costs = costs_of(json.loads(FIGURES.read_text()), self.database)
        seconds = self.hours * 3600
        return Simulation(self.site, costs).run(NOON - seconds / 2 - _WARM, seconds, _WARM)

    def row(self) -> str:
        """Return its row of the table."""
        seen = self.outcome()
        parts = [_percent(seen.shares[part]) if part in seen.shares else "" for part in _PARTS]
        cells = [
            f"{self.site.runs_per_hour:,.0f}",
            self.told,
            *parts,
            f"{_seconds(seen.mean_wait)}; {_seconds(seen.wait(0.95))}",
            _percent(seen.refused / seen.ordered),
            seen.bottleneck,
        ]
        return f"| {' | '.join(cells)} |"


def forecasts() -> Iterator[Forecast]:
    """Give the sites of the table, from small to large; each mends what ails the one before."""
    yield Forecast("1 worker, SQLite", Site(10), "sqlite", 1440)
    yield Forecast("1 worker, SQLite", Site(100), "sqlite", 240)
    yield Forecast("the same", Site(1000), "sqlite", 24)
    yield Forecast("12 workers, PostgreSQL", Site(1000, workers=12), "postgresql", 24)
    large = {"workers": 1150, "most_waiting": 1000}
    yield Forecast("1,150 workers, nothing else", Site(100_000, **large), "postgresql", 0.1)
    large |= {"webs": 16}
    yield Forecast("and 16 web processes", Site(100_000, **large), "postgresql", 0.1)
    large |= {"media": 1250}
    yield Forecast("and a media store at 10 Gbit/s", Site(100_000, **large), "postgresql", 0.1)
    large |= {"cores": 8}
    yield Forecast("and 8 cores for PostgreSQL", Site(100_000, **large), "postgresql", 0.1)


def table() -> Iterator[str]:
    """Give the lines of the table."""
    yield (
        "| runs an hour | served by | workers | line | database | web | media "
        "| wait: mean; 95 of 100 within | refused | first to be full |"
    )
    yield f"|{'---|' * 10}"
    for forecast in forecasts():
        yield forecast.row()


def _percent(part: float) -> str:
    return f"{part:.0%}" if part == 0 or part >= 0.01 else "<1%"


def _seconds(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 100 else f"{seconds / 60:.0f} min"


@click.command(help=__doc__)
def main() -> None:
    """Simulate and print."""
    for line in table():
        click.echo(line)


if __name__ == "__main__":
    main()
