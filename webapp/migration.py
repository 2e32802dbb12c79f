"""`stransfer migrate`: the tables as this version has them, or as an earlier one had them.

Whatever serves the site brings them up to date by itself when it starts. Back they only go by this
command, with the version that knows what is to be taken back, and while nobody uses them.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import inspect, text

from webapp.config import Config
from webapp.database import Database, newest_revision, revisions
from webapp.errors import ConfigError


@dataclass(frozen=True)
class Plan:
    """From which migration to which the tables go; `found` is None where there are none yet."""

    found: str | None
    wanted: str

    @property
    def back(self) -> bool:
        """Whether something is taken back."""
        return self.found is not None and self.found > self.wanted

    @property
    def told(self) -> str:
        """What would happen, as a sentence."""
        if self.found is None:
            return f"There are no tables yet; they would be made as of {self.wanted}."
        if self.found == self.wanted:
            return f"The tables are as of {self.found}, as they should be."
        would = "go back" if self.back else "be brought"
        return f"The tables are as of {self.found}, and would {would} to {self.wanted}."


def plan(database: Database, to: str | None = None) -> Plan:
    """Return what has to be done for the tables of migration `to`, by default the newest.

    Raises ConfigError if there is no such migration, or the database cannot be reached.
    """
    known = revisions()
    if to is not None and to not in known:
        raise ConfigError(
            f"There is no migration {to}; choose one from {known[0]} to {known[-1]}, the one that "
            "`stransfer migrate --dry-run` of the version that is to use the tables tells."
        )
    return Plan(database.revision, to or known[-1])


def migrate(
    database: Database, to: str | None = None, lease_seconds: float = Config.lease_seconds
) -> Plan:
    """Bring the tables to migration `to`, by default the newest; return what was done.

    A worker that has given no sign of life for `lease_seconds` does not count as using them.
    Raises ConfigError if there is no such migration, if the tables would have to go back while
    somebody uses them, or forward to another than the newest.
    """
    planned = plan(database, to)
    if planned.back and planned.found in revisions():
        _check_unused(database, lease_seconds)
        database.migrate_back(planned.wanted)
    elif planned.wanted != newest_revision():
        if planned.found != planned.wanted:
            raise ConfigError(
                f"The tables are as of {planned.found or 'no migration'}; forward they only go to "
                f"{newest_revision()}, the newest: leave out --to."
            )
    else:
        database.migrate()
    return planned


def _check_unused(database: Database, lease_seconds: float) -> None:
    """Raise ConfigError if a site or a worker uses the database, as far as can be told."""
    with database.reading() as session:
        now = database.moment(session)
        used = session.scalar(
            text("SELECT count(*) FROM runs WHERE state = 'running' AND lease_until > :now"),
            {"now": now},
        )
        # Of the versions that can be taken back, the first ones had no list of their workers.
        if inspect(session.connection()).has_table("workers"):
            used += session.scalar(
                text("SELECT count(*) FROM workers WHERE NOT ended AND seen_at > :then"),
                {"then": now - lease_seconds},
            )
    database.close()
    if used or database.in_use:
        raise ConfigError(
            "The site or one of its workers is running, and would not know its own tables any "
            "more; end them all, and run this again."
        )
