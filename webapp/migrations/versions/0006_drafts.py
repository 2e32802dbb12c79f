"""Drafts: runs that only show how another one would look, at most one for each visitor."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "runs", sa.Column("draft", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_runs_draft",
        "runs",
        ["visitor_id"],
        unique=True,
        sqlite_where=sa.text("draft IS 1"),
        postgresql_where=sa.text("draft IS TRUE"),
    )


def downgrade() -> None:
    # To versions before they would be paintings like any other, without a picture.
    op.execute("DELETE FROM losses WHERE run_id IN (SELECT id FROM runs WHERE draft IS TRUE)")
    op.execute("DELETE FROM runs WHERE draft IS TRUE")
    op.drop_index("ix_runs_draft", "runs")
    op.drop_column("runs", "draft")
