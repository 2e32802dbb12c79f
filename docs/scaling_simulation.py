"""A site of any size, simulated by discrete events, for `docs/scaling_forecast.py`.

Visitors order runs at random moments, more of them by day than by
night; a run waits for a worker, is claimed, is painted and reported on, and watched meanwhile. The
parts that all of this shares work one job after the other, so what they cannot do in time waits:

- the workers, of which each paints one run; what they wait for others is not counted;
- the line: runs are accepted and claimed one at a time, whatever the database;
- the database, which does as much at once as it has cores; SQLite, one writer at a time;
- the web processes, which tell watchers what is new, and serve pages;
- the media store, of which only the bytes a second are counted.

`docs/scaling.md` says what is left out.
"""

from __future__ import annotations

import heapq
import math
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scaling_costs import Cost, Costs, Spent
from scaling_station import Station

DAY = 86400.0
NOON = DAY / 2


@dataclass(frozen=True)
class Site:
    """A site, and what it is asked for.

    Over a day, `runs_per_hour` swings by the part `swing` of it, with its peak at noon. Of each
    run `watchers` are shown every picture, and `pages` are looked at for it. `cores` are the
    database's, `media` the megabytes a second that the media store takes, and of more runs than
    `most_waiting` none is accepted. `heartbeat`, `report` and `tick` are in seconds.
    """

    runs_per_hour: float
    workers: int = 1
    cores: int = 1
    webs: int = 1
    media: float = 125.0
    most_waiting: int = 100
    swing: float = 0.6
    watchers: float = 1.0
    pages: float = 10.0
    heartbeat: float = 5.0
    report: float = 0.5
    tick: float = 0.25

    def rate(self, moment: float) -> float:
        """Return how many runs a second are ordered at a moment, in seconds from midnight."""
        turn = math.cos(2 * math.pi * (moment - NOON) / DAY)
        return self.runs_per_hour / 3600 * (1 + self.swing * turn)


@dataclass(frozen=True)
class Outcome:
    """What a simulation saw, without its beginning.

    `shares` says of each part how much of the time it was busy; whatever is near 1 was asked for
    more than it could do. `waits` are the seconds from the order of a run to its first step.
    """

    seconds: float
    ordered: int
    refused: int
    done: int
    waits: list[float]
    shares: dict[str, float]
    frames_per_second: float
    megabytes_per_second: float
    longest_line: int

    @property
    def mean_wait(self) -> float:
        """The mean of the waits, in seconds."""
        return sum(self.waits) / len(self.waits) if self.waits else 0.0

    def wait(self, part: float) -> float:
        """Return the seconds within which so much of the runs were begun."""
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0

    @property
    def bottleneck(self) -> str:
        """The part that is the first to be asked for more than it can do."""
        return max(self.shares, key=lambda name: self.shares[name])


class Simulation:
    """One site for some time.

    `painting` draws how long a run is painted, by default always as long as was measured.
    """

    def __init__(
        self,
        site: Site,
        costs: Costs,
        seed: int = 0,
        painting: Callable[[random.Random], float] | None = None,
    ) -> None:
        """Be ready to begin."""
        self.site = site
        self.costs = costs
        self._chance = random.Random(seed)
        self._painting = painting or (lambda chance: costs.painting)
        self._events: list[tuple[float, int, Callable[..., None], Any]] = []
        self._count = 0
        self._now = 0.0
        self._begin = 0.0
        self._idle = site.workers
        self._line: deque[float] = deque()
        self._painted = 0
        self._decisions = Station(1)
        # SQLite has one writer, and no core of its own.
        self._database = Station(site.cores) if costs.separate else self._decisions
        self._webs = Station(site.webs)
        self._stations = {self._decisions, self._database, self._webs}
        self._busy = 0.0
        self._changed = 0.0
        self._waits: list[float] = []
        self._ordered = self._refused = self._done = 0
        self._frames = 0.0
        self._looking = 0
        self._longest_line = 0

    def run(self, start: float, seconds: float, warm: float = 0.0) -> Outcome:
        """Go from `start`, in seconds from midnight, for so long after a warming up of `warm`."""
        self._now = self._changed = start
        self._begin = start + warm
        end = self._begin + seconds
        self._at(self._next_order(start), self._order)
        for worker in range(self.site.workers):
            self._at(start + self.site.heartbeat * worker / self.site.workers, self._keep_house)
        self._at(self._begin, self._forget)
        while self._events[0][0] < end:
            self._now, _, action, told = heapq.heappop(self._events)
            action(told)
        self._now = end
        self._account()
        return self._outcome(seconds)

    def _at(self, moment: float, action: Callable[..., None], told: Any = None) -> None:
        self._count += 1
        heapq.heappush(self._events, (moment, self._count, action, told))

    def _next_order(self, moment: float) -> float:
        """Return when the next run is ordered: of moments at the highest rate some are left out."""
        most = self.site.runs_per_hour / 3600 * (1 + abs(self.site.swing))
        while True:
            moment += self._chance.expovariate(most)
            if self._chance.random() * most <= self.site.rate(moment):
                return moment

    def _order(self, _: None) -> None:
        self._at(self._next_order(self._now), self._order)
        self._ordered += 1
        if not self._looking:
            self._looking = self.site.webs
            for process in range(self.site.webs):
                self._at(self._now + self.site.tick * process / self.site.webs, self._tick)
        for _page in range(round(self.site.pages)):
            self._webs.serve(self._now, self.costs.page)
        self._webs.serve(self._now, self.costs.order)
        accepted = self._decided(self.costs.submit)
        if len(self._line) >= self.site.most_waiting:
            self._refused += 1
        else:
            self._at(accepted, self._accept, self._now)

    def _accept(self, ordered: float) -> None:
        self._line.append(ordered)
        self._longest_line = max(self._longest_line, len(self._line))
        self._take_up()

    def _take_up(self) -> None:
        """Let an idle worker claim the oldest run that no other has set out to claim."""
        if self._idle and self._line:
            claimed = self._decided(self.costs.claim)
            ordered = self._line.popleft()
            self._idle -= 1
            self._at(claimed, self._paint, ordered)

    def _paint(self, ordered: float) -> None:
        if ordered >= self._begin:
            self._waits.append(self._now - ordered)
        self._account()
        self._painted += 1
        end = self._now + self._painting(self._chance)
        self._at(end, self._end)
        if self.costs.report.wall:
            self._report(end)

    def _end(self, _: None) -> None:
        self._account()
        self._done += 1
        self._painted -= 1
        self._idle += 1
        self._take_up()

    def _report(self, end: float) -> None:
        """Record what is new, and tell whoever watches; the next time not before that is done."""
        done = self._asked(self.costs.report)
        self._frames += self.site.watchers
        if self.site.watchers:
            self._look(self.costs.relay)
            self._webs.serve(self._now, self.costs.frame * self.site.watchers)
        later = max(done, self._now + self.site.report)
        if later < end:
            self._at(later, self._report, end)

    def _keep_house(self, _: None) -> None:
        """Renew the lease of one worker, and look for workers that are dead."""
        self._asked(self.costs.renew)
        done = self._asked(self.costs.sweep(self._painted))
        self._at(max(done, self._now + self.site.heartbeat), self._keep_house)

    def _tick(self, _: None) -> None:
        """Look for news once; who waits is told a place, for which the whole line is read."""
        if not self._line and self._idle == self.site.workers:
            # Nobody watches anything, until the next run is ordered.
            self._looking -= 1
            return
        done = self._look(self.costs.tick)
        if self._line and self.site.watchers:
            done = self._look(self.costs.place(len(self._line)))
        self._at(max(done, self._now + self.site.tick), self._tick)

    def _look(self, cost: Spent) -> float:
        """Let a web process read something; return when it has."""
        if self.costs.separate:
            self._database.serve(self._now, cost.server)
        return self._webs.serve(self._now, cost.wall)

    def _decided(self, cost: Cost) -> float:
        """Return when something is done for which all others have to wait."""
        spent = cost(len(self._line))
        done = self._decisions.serve(self._now, spent.wall)
        if self.costs.separate:
            done = max(done, self._database.serve(self._now, spent.server))
        return done

    def _asked(self, cost: Spent) -> float:
        """Return when the database has done something."""
        if self.costs.separate:
            return self._database.serve(self._now, cost.server) + cost.wall - cost.server
        return self._database.serve(self._now, cost.wall)

    def _account(self) -> None:
        since = max(self._changed, self._begin)
        self._busy += self._painted * max(0.0, self._now - since)
        self._changed = self._now

    def _forget(self, _: None) -> None:
        """Forget the beginning, when nobody waited yet."""
        self._frames = 0.0
        self._ordered = self._refused = self._done = 0
        for station in self._stations:
            station.forget()

    def _outcome(self, seconds: float) -> Outcome:
        megabytes = self._done * self.costs.written / 1e6 / seconds
        shares = {"workers": self._busy / seconds / self.site.workers}
        if self.costs.separate:
            shares["line"] = self._decisions.busy / seconds
        shares["database"] = self._database.busy / seconds / self._database.servers
        shares["web"] = self._webs.busy / seconds / self.site.webs
        shares["media"] = megabytes / self.site.media
        return Outcome(
            seconds=seconds,
            ordered=self._ordered,
            refused=self._refused,
            done=self._done,
            waits=self._waits,
            shares=shares,
            frames_per_second=self._frames / seconds,
            megabytes_per_second=megabytes,
            longest_line=self._longest_line,
        )
