"""How Alembic reaches the database: always through the engine that the site made."""

from __future__ import annotations

from alembic import context

from webapp import engines
from webapp.records import Base

engine = context.config.attributes["engine"]

# One transaction around all of them: what SQLite is told to do would otherwise be committed after
# each, and another process, which starts at the same time, would take its turn in between.
with engine.begin() as connection:
    engines.take_turn(connection, engines.MIGRATING, patient=True)
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    context.run_migrations()
