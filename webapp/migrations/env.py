"""How Alembic reaches the database: always through the engine that the site made."""

from __future__ import annotations

from alembic import context

from webapp.records import Base

engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
