"""The database: its tables, and how it behaves when several want it at once."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import alembic.command
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, select, text

from tests.conftest import ROOT
from tests.site import order
from tests.site.postgres import NEEDED
from webapp.database import Database
from webapp.errors import ConfigError, UnavailableError
from webapp.records import Base, Image, Loss, Run, Visitor
from webapp.services import Services
from webapp.uploads import picture_key

MIGRATOR = """
import sys
import alembic.command
from webapp.config import Config
from webapp.services import Services
services = Services.of(Config(instance_path=sys.argv[1], database_url=sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
services.database.migrate()
"""


GREEN = """
import sys
import eventlet
eventlet.monkey_patch()
from webapp.database import Database
from webapp.errors import UnavailableError
database = Database(f"sqlite:///{sys.argv[1]}", busy_seconds=1.0)
ticks = 0
def tick():
    global ticks
    while True:
        eventlet.sleep(0.05)
        ticks += 1
eventlet.spawn(tick)
try:
    with database.writing() as session:
        session.connection()
except UnavailableError as error:
    print(type(error).__name__, "after", ticks, "others")
"""


def test_migrations_make_exactly_the_tables_of_the_records(services: Services) -> None:
    engine = create_engine(services.database.url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        tables = set(inspect(connection).get_table_names())
    assert tables == {
        "visitors",
        "images",
        "runs",
        "losses",
        "tokens",
        "recoveries",
        "workers",
        "alembic_version",
    }


def test_migrating_again_changes_and_loses_nothing(services: Services) -> None:
    run_id = order.place(services)
    services.database.migrate()
    Database(services.database.url).migrate()
    assert order.look(services, run_id).id == run_id


def test_what_was_recorded_before_is_still_there_after_an_upgrade(tmp_path: Path) -> None:
    """As the site recorded it before runs had masks, favourites, and knew what their steps cost."""
    database = Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    alembic.command.upgrade(database._alembic(), "0002")
    with database.writing() as session:
        session.execute(text("INSERT INTO visitors VALUES ('v', 0)"))
        session.execute(text("INSERT INTO images VALUES ('i', 'v', 'style', 'I', 9, 9, 99, 0)"))
        columns = (
            "id, visitor_id, submission, created_at, title, content, styles, settings, width, "
            "height, state, finish_wanted, attempts, fruitless, fence, seq, step, steps, scale, "
            "scales, seconds"
        )
        values = "'r', 'v', 's', 0, 'R', '{}', '[]', '{}', 9, 9, 'running', 0, 1, 1, 1, 5, 5, 20"
        session.execute(text(f"INSERT INTO runs ({columns}) VALUES ({values}, 1, 1, 2.5)"))
        session.execute(text("INSERT INTO losses VALUES ('r', 5, 5, 1, 1, 1, 1)"))
    database.migrate()
    with database.reading() as session:
        run, image = session.get_one(Run, "r"), session.get_one(Image, "i")
        assert (run.progress, run.content_mask, run.init_image) == (0.25, None, None)
        assert (run.favourite, run.moments, run.share, run.draft) == (False, [], None, False)
        assert picture_key(image) == "images/i.jpg"
    alembic.command.downgrade(database._alembic(), "0002")
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM losses")) == 1
    database.close()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=NEEDED)])
def test_processes_that_start_together_can_all_migrate(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    address = "" if kind == "sqlite" else request.getfixturevalue("postgres").database()
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", MIGRATOR, str(tmp_path), address],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for racer in racers:
        assert racer.stdout and racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin
        racer.stdin.write("go\n")
        racer.stdin.flush()
    for racer in racers:
        _, complaint = racer.communicate(timeout=30)
        assert racer.returncode == 0, complaint


def test_every_migration_is_numbered_as_its_file_is(services: Services) -> None:
    scripts = ScriptDirectory.from_config(services.database._alembic())
    numbers = [Path(script.path).name.partition("_")[0] for script in scripts.walk_revisions()]
    assert numbers == [script.revision for script in scripts.walk_revisions()]
    assert numbers == sorted(numbers, reverse=True)


def test_a_database_of_a_newer_version_is_left_alone(services: Services) -> None:
    with services.database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigError, match="newer version, 9999, and this one knows"):
        services.database.migrate()


def test_all_migrations_are_made_or_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sees, or goes on from, what lies between two of them."""
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("the power fails")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr("alembic.op.add_column", fail)
        database.migrate()
    assert inspect(create_engine(database.url)).get_table_names() == []
    database.migrate()
    assert "runs" in inspect(create_engine(database.url)).get_table_names()
    database.close()


def test_a_database_that_cannot_be_reached_is_named_by_its_key() -> None:
    with pytest.raises(ConfigError, match="DATABASE_URL does not answer"):
        Database("sqlite:////nowhere/at/all.sqlite").migrate()


def test_what_raises_while_writing_is_undone(services: Services) -> None:
    with pytest.raises(RuntimeError), services.database.writing() as session:
        session.add(Visitor(id="v", created_at=0))
        session.flush()
        raise RuntimeError
    with services.database.reading() as session:
        assert session.get(Visitor, "v") is None


def test_a_reader_sees_one_state_while_somebody_writes(services: Services) -> None:
    run_id = order.place(services)
    with services.database.reading() as before:
        assert before.get_one(Run, run_id).step == 0
        with services.database.writing() as session:
            session.get_one(Run, run_id).step = 1
        assert before.scalar(select(Run.step).where(Run.id == run_id)) == 0
    assert order.look(services, run_id).step == 1


def test_a_second_writer_waits_for_the_first(services: Services) -> None:
    run_id = order.place(services)
    started = threading.Event()

    def hold() -> None:
        with services.database.writing() as session:
            session.get_one(Run, run_id).step += 1
            started.set()
            time.sleep(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    assert started.wait(5)
    with services.database.writing() as session:
        session.get_one(Run, run_id).step += 1
    holder.join()
    assert order.look(services, run_id).step == 2


def test_a_writer_gives_up_after_a_while_and_what_it_wrote_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "locked.sqlite"
    database = Database(f"sqlite:///{path}", busy_seconds=0.2)
    database.migrate()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(UnavailableError, match="does not answer"),
            database.writing() as session,
        ):
            session.add(Visitor(id="v", created_at=0))
        with database.reading() as session:
            assert session.get(Visitor, "v") is None
        other.rollback()
        with database.writing() as session:
            session.add(Visitor(id="v", created_at=0))
    database.close()


def test_who_finds_all_connections_in_use_is_told_to_come_back(services: Services) -> None:
    database = Database(services.database.url, busy_seconds=0.1)
    with ExitStack() as held:
        for _ in range(15):
            held.enter_context(database.reading()).execute(text("SELECT 1"))
        told = pytest.raises(UnavailableError, match="does not answer just now")
        with told, database.reading() as session:
            session.execute(text("SELECT 1"))
    database.close()


def test_while_one_request_waits_to_write_eventlet_goes_on_with_others(tmp_path: Path) -> None:
    path = tmp_path / "locked.sqlite"
    Database(f"sqlite:///{path}").migrate()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", GREEN, str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert ended.stdout.startswith("UnavailableError after "), ended.stderr
    assert int(ended.stdout.split()[2]) > 5


def test_the_newest_ended_runs_are_found_without_looking_at_all(services: Services) -> None:
    newest = (
        "EXPLAIN QUERY PLAN SELECT id FROM runs WHERE state = 'done' ORDER BY ended_at DESC LIMIT 9"
    )
    with services.database.reading() as session:
        [plan] = session.execute(text(newest))
    assert "ix_runs_state_ended" in plan.detail


def test_writes_survive_a_loss_of_power_and_readers_never_wait(services: Services) -> None:
    with services.database.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA synchronous")) == 2
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_the_losses_of_a_run_go_with_it(services: Services) -> None:
    run_id = order.place(services)
    with services.database.writing() as session:
        session.add(Loss(run_id=run_id, seq=1, step=1, total=1, content=1, style=1, tv=1))
    # By hand, as an operator would: the database itself keeps the tables in order.
    with sqlite3.connect(services.database.url.removeprefix("sqlite:///")) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM runs")
        assert connection.execute("SELECT count(*) FROM losses").fetchone() == (0,)
