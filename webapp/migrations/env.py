"""How Alembic reaches the database: always through the engine that the site made."""

from __future__ import annotations

from alembic import context
from sqlalchemy import func, select, text

from webapp.records import Base

# Any number that nobody else locks in the same database.
_MIGRATING = 20_011

engine = context.config.attributes["engine"]

# One transaction around all of them: what SQLite is told to do would otherwise be committed after
# each, and another process, which starts at the same time, would take its turn in between.
with engine.begin() as connection:
    if connection.dialect.name == "postgresql":
        # SQLite has one writer anyway; here the others wait for as long as it takes.
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATING)))
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    context.run_migrations()
