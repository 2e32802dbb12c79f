"""A worker that only pretends to paint, and falls asleep for longer than its lease now and then.

`python -m tests.site.contenders NAME INSTANCE DATABASE_URL SECONDS_OFF` waits for a line, and then
takes part until nothing waits or is being painted. SECONDS_OFF is how wrong its host's clock is. It
prints `claimed`, `lost` or `done`, with the id and the fence of the run.
"""

from __future__ import annotations

import random
import sys
import time

from sqlalchemy import select

from webapp.config import Config
from webapp.errors import LeaseLostError
from webapp.records import LIVE, Run
from webapp.runs.belongings import folder
from webapp.runs.leases import Claim, Leases
from webapp.runs.reports import Progress, Reports
from webapp.services import Services

LEASE_SECONDS = 0.4
STEPS = 4
# Of 100 steps, before how many it falls asleep.
SLEEPY = 6


class Contender:
    """One of several workers, each in a process of its own."""

    def __init__(self, name: str, instance: str, database: str) -> None:
        self.name = name
        config = Config(instance_path=instance, database_url=database, max_attempts=100)
        self.services = Services.of(config)
        self.leases = Leases(self.services.database, config)
        # Shorter than any that can be configured.
        self.leases._seconds = LEASE_SECONDS
        self.reports = Reports(self.services.database)
        self.chance = random.Random(name)

    def compete(self) -> None:
        """Take what there is until there is nothing more."""
        while self._something_is_left():
            self.leases.sweep()
            claim = self.leases.claim(self.name)
            if claim is None:
                time.sleep(0.02)
                continue
            self._say("claimed", claim)
            try:
                self._paint(claim)
                self._say("done", claim)
            except LeaseLostError:
                self._say("lost", claim)

    def _paint(self, claim: Claim) -> None:
        step = self.reports.begin(claim).step
        self.reports.rewind(claim, step, step / STEPS)
        for number in range(step + 1, STEPS + 1):
            self._sleep()
            place = f"{folder(claim.run_id)}/frames/{claim.fence}-{number}.jpg"
            self.services.media.write(place, self.name.encode())
            self._sleep()
            self.leases.renew(claim)
            self._sleep()
            # Whose step it is can be told from its losses.
            told = Progress(number, number / STEPS, 1, claim.fence, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
            self.reports.progress(claim, [told], place)
        self._sleep()
        result = f"{folder(claim.run_id)}/result-{claim.fence}.png"
        self.services.media.write(result, self.name.encode())
        self._sleep()
        self.reports.done(claim, result)

    def _sleep(self) -> None:
        if self.chance.randrange(100) < SLEEPY:
            time.sleep(2 * LEASE_SECONDS)

    def _something_is_left(self) -> bool:
        with self.services.database.reading() as session:
            return session.scalar(select(Run.id).where(Run.state.in_(LIVE)).limit(1)) is not None

    def _say(self, what: str, claim: Claim) -> None:
        print(what, claim.run_id, claim.fence, flush=True)


def main() -> None:
    """Wait for the others, and compete."""
    name, instance, database, off = sys.argv[1:]
    right = time.time
    time.time = lambda: right() + float(off)
    contender = Contender(name, instance, database)
    print("ready", flush=True)
    sys.stdin.readline()
    contender.compete()


if __name__ == "__main__":
    main()
