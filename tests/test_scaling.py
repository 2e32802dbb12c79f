"""The simulation tells what can be derived by hand, and docs/scaling.md what it tells."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from scaling_costs import Costs, Spent, constant, costs_of, line
from scaling_forecast import FIGURES, forecasts
from scaling_simulation import DAY, NOON, Outcome, Simulation, Site
from scaling_station import Station
from tests.conftest import ROOT

# Nobody looks at anything: only runs and workers.
QUIET: dict[str, Any] = {"swing": 0.0, "watchers": 0.0, "tick": 1e9, "heartbeat": 1e9}
ENDLESS: dict[str, Any] = {**QUIET, "most_waiting": 10**9}


def simulated(site: Site, costs: Costs, runs: int, **more: Any) -> Outcome:
    """What a site sees of about so many runs, after a tenth as many."""
    seconds = runs / site.runs_per_hour * 3600
    return Simulation(site, costs, **more).run(NOON, seconds, seconds / 10)


def erlang_wait(offered: float, servers: int, seconds: float) -> float:
    """The mean wait of M/M/c: Poisson arrivals, exponential times, so many servers."""
    terms = [offered**n / math.factorial(n) for n in range(servers)]
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(terms) + last) * seconds / (servers - offered)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (3, 0.8)])
def test_runs_of_random_length_wait_as_erlang_says(servers: int, load: float) -> None:
    site = Site(3600 * servers * load / 20, workers=servers, **ENDLESS)
    seen = simulated(site, Costs(), 60_000, painting=lambda chance: chance.expovariate(1 / 20))
    assert seen.mean_wait == pytest.approx(erlang_wait(servers * load, servers, 20), rel=0.06)
    assert seen.shares["workers"] == pytest.approx(load, rel=0.03)


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_runs_of_the_same_length_wait_half_as_long(load: float) -> None:
    """M/D/1, by Pollaczek and Khinchine."""
    seen = simulated(Site(3600 * load / 20, **ENDLESS), Costs(painting=20), 40_000)
    assert seen.mean_wait == pytest.approx(load * 20 / (2 * (1 - load)), rel=0.06)


def test_who_comes_alone_waits_for_nothing_but_what_has_to_be_done() -> None:
    costs = Costs(painting=20, submit=constant(0.25), claim=constant(0.5))
    seen = simulated(Site(0.01, workers=2, **QUIET), costs, 20)
    assert seen.waits == pytest.approx([0.75] * len(seen.waits))
    assert seen.shares["line"] == pytest.approx(0.01 / 3600 * 0.75, rel=0.5)


def test_whoever_is_asked_for_more_than_it_can_do_is_named_and_turns_the_rest_away() -> None:
    site = Site(720, workers=2, **{**QUIET, "most_waiting": 10})
    seen = simulated(site, Costs(painting=20), 20_000)
    assert seen.bottleneck == "workers" and seen.shares["workers"] > 0.99
    # Two of them paint half of what is asked for, and whoever is accepted finds about ten before.
    assert seen.refused / seen.ordered == pytest.approx(0.5, rel=0.05)
    assert seen.mean_wait == pytest.approx(10 * 20 / 2, rel=0.1)
    slow = Costs(painting=1, claim=constant(0.0, 0.0), report=Spent(0.5, 0.5))
    busy = simulated(Site(3600, workers=50, **{**QUIET, "report": 0.1}), slow, 2_000)
    assert busy.bottleneck == "database"


def test_a_line_in_which_one_is_served_at_a_time_is_the_limit_of_all_workers() -> None:
    """Each run holds it for 0.1 s, so there are no more than ten a second, whoever paints them."""
    site = Site(20 * 3600, workers=100, **QUIET)
    seen = simulated(site, Costs(painting=1, claim=constant(0.1)), 30_000)
    assert seen.bottleneck == "line"
    assert seen.done / seen.seconds == pytest.approx(10, rel=0.03)


def test_watchers_are_sent_a_picture_with_each_report() -> None:
    costs = Costs(painting=10, report=Spent(0.001), frame=0.01, written=5e6)
    site = Site(360, workers=10, **{**QUIET, "watchers": 3.0})
    seen = simulated(site, costs, 5_000)
    # One run is painted at a time on average, reported on twice a second, to three.
    assert seen.frames_per_second == pytest.approx(6, rel=0.05)
    assert seen.shares["web"] == pytest.approx(0.06, rel=0.05)
    assert seen.shares["media"] == pytest.approx(0.1 * 5 / 125, rel=0.05)


def test_a_station_takes_jobs_in_turn_and_as_many_at_once_as_it_can() -> None:
    station = Station(2)
    assert [station.serve(0, 2), station.serve(0, 3), station.serve(1, 4)] == [2, 3, 6]
    assert (station.busy, station.waited, station.jobs) == (9, 1, 3)


def test_over_a_day_as_many_runs_come_as_asked_for_and_most_at_noon() -> None:
    site = Site(100, swing=0.5)
    assert site.rate(NOON) * 3600 == pytest.approx(150)
    assert site.rate(0) * 3600 == pytest.approx(50)
    hours = [site.rate(moment) for moment in range(0, int(DAY), 3600)]
    assert sum(hours) * 3600 == pytest.approx(2400)
    counted = Simulation(replace(site, **QUIET | {"swing": 0.5}), Costs()).run(0, 20 * DAY)
    assert counted.ordered == pytest.approx(20 * 2400, rel=0.02)


def test_the_same_seed_tells_the_same_and_another_something_else() -> None:
    def waits(seed: int) -> list[float]:
        return simulated(Site(100, **QUIET), Costs(), 100, seed=seed).waits

    assert waits(1) == waits(1) != waits(2)


def test_measured_points_lie_on_a_line_that_begins_at_nothing_or_above() -> None:
    rising = line([(10, 5.0), (100, 14.0), (1000, 104.0)])
    assert (rising(0), rising(50)) == pytest.approx((4, 9))
    assert line([(1, 1.0), (10, 20.0)])(0) == 0


def test_the_documentation_has_the_figures_that_were_measured_and_what_follows() -> None:
    told = (ROOT / "docs" / "scaling.md").read_text()
    figures = json.loads(FIGURES.read_text())
    for database in ("sqlite", "postgresql"):
        assert costs_of(figures, database).painting == figures["cost"]["found"]["mean_seconds"]
    rows = [one for one in forecasts() if one.site.runs_per_hour <= 1000]
    assert len(rows) >= 3
    for forecast in rows[1:]:
        assert forecast.row() in told
