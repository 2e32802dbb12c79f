"""The tables go back as well as forward, and what an older version still writes stays possible."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, MetaData, inspect

from tests.conftest import ROOT
from tests.site import order
from webapp import migration
from webapp.config import Config
from webapp.database import Database, revisions
from webapp.errors import ConfigError
from webapp.runs.abilities import Abilities
from webapp.runs.leases import Leases
from webapp.runs.roster import Roster
from webapp.services import Services

BOTH_DATABASES = True


def value(column: sa.Column[Any], mark: str) -> Any:
    """Something that a column of this kind may hold, and that differs with `mark`."""
    if column.name in ("id", "visitor_id", "run_id", "digest", "submission", "share"):
        return mark
    if column.name == "state":
        return "done"
    # Some columns have room for a few letters.
    kinds = {str: mark[:8], int: 7, float: 7.5, bool: False, object: {"key": mark}}
    return kinds[column.type.python_type]


def write(connection: Connection, known: MetaData, mark: str) -> None:
    """Write a row into each table with all columns that a version knew."""
    for table in known.sorted_tables:
        if table.name != "alembic_version":
            row = {column.name: value(column, mark) for column in table.columns}
            connection.execute(table.insert(), row)


def rows(connection: Connection, known: MetaData, mark: str) -> dict[str, Any]:
    """What the columns that a version knew say in the rows of a mark, by table."""
    found = {}
    for table in known.sorted_tables:
        key = next((table.c[name] for name in ("id", "digest", "run_id") if name in table.c), None)
        if key is not None:
            found[table.name] = connection.execute(table.select().where(key == mark)).all()
    return found


def shape(connection: Connection) -> dict[str, Any]:
    """The columns and indexes of all tables."""
    found = inspect(connection)
    return {
        name: (
            sorted((column["name"], str(column["type"]), column["nullable"]) for column in columns),
            sorted(str(index["name"]) for index in found.get_indexes(name)),
        )
        for name in found.get_table_names()
        if (columns := found.get_columns(name))
    }


def empty(config: Config, request: pytest.FixtureRequest) -> Database:
    """A database of the kind that is tested, without any tables."""
    if config.database_url:
        return Database(request.getfixturevalue("postgres").database())
    return Database(f"sqlite:///{config.instance / 'other.sqlite'}")


def test_each_migration_keeps_what_versions_before_it_know_and_can_be_taken_back(
    config: Config, request: pytest.FixtureRequest
) -> None:
    """With rows in every table; and next to the newest tables every version can go on writing."""
    import alembic.command

    database = empty(config, request)
    engine = database._engine
    known, shapes = {}, {}
    for number in revisions():
        alembic.command.upgrade(database._alembic(), number)
        with engine.begin() as connection:
            known[number], shapes[number] = MetaData(), shape(connection)
            known[number].reflect(connection)
            write(connection, known[number], f"then-{number}")
    with engine.begin() as connection:
        before = {number: rows(connection, known[number], f"then-{number}") for number in known}
        for number in known:
            write(connection, known[number], f"now-{number}")
    for number in reversed(revisions()[:-1]):
        database.migrate_back(number)
        with engine.begin() as connection:
            assert shape(connection) == shapes[number]
            for older in revisions():
                if older <= number:
                    assert rows(connection, known[older], f"then-{older}") == before[older]
    database.migrate()
    with engine.begin() as connection:
        assert shape(connection) == shapes[revisions()[-1]]
        assert rows(connection, known["0001"], "then-0001") == before["0001"]
    database.close()


def test_drafts_do_not_turn_into_paintings_where_nobody_knows_of_drafts(
    services: Services,
) -> None:
    kept = order.place(services, visitor_id=order.BOB)
    order.place_draft(services)
    services.database.migrate_back("0005")
    with services.database.reading() as session:
        assert session.execute(sa.text("SELECT id FROM runs")).scalars().all() == [kept]


def test_tables_that_a_worker_uses_do_not_go_back(services: Services, leases: Leases) -> None:
    order.place(services)
    claim = order.claim(leases)
    with pytest.raises(ConfigError, match="is running"):
        migration.migrate(services.database, "0007")
    assert services.database.revision == revisions()[-1]
    leases.hand_back(claim)
    # Nor those of a worker that has nothing to do just now.
    roster = Roster(services.database, services.config)
    roster.sign("idle", Abilities(None, frozenset()), "processor")
    with pytest.raises(ConfigError, match="is running"):
        migration.migrate(services.database, "0007")
    roster.leave("idle")
    assert migration.migrate(services.database, "0007").back
    assert services.database.revision == "0007"
    # Forward they only go all the way.
    with pytest.raises(ConfigError, match="leave out --to"):
        services.database.migrate_back("0006")
        migration.migrate(services.database, "0007")
    migration.migrate(services.database)
    assert services.database.revision == revisions()[-1]


@pytest.mark.sqlite
def test_the_command_says_how_the_tables_are_and_takes_back_what_an_older_version_lacks(
    tmp_path: Path,
) -> None:
    def told(*arguments: str) -> tuple[int, str]:
        ended = subprocess.run(
            [sys.executable, "-m", "webapp", "migrate", *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "INSTANCE_PATH": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, (ended.stdout + ended.stderr).strip()

    newest, before = revisions()[-1], revisions()[-2]
    assert told() == (0, f"The tables are as of {newest}.")
    would = f"The tables are as of {newest}, and would go back to {before}."
    assert told("--dry-run", "--to", before) == (0, would)
    assert told("--to", before) == (0, f"The tables are as of {before}.")


def test_a_migration_that_there_is_none_of_is_told(services: Services) -> None:
    with pytest.raises(ConfigError, match="There is no migration 0000; choose one from 0001 to"):
        migration.plan(services.database, "0000")
    there = f"The tables are as of {revisions()[-1]}, as they should be."
    assert migration.plan(services.database).told == there
