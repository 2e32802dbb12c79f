"""Favourites, links to share, and the moments of a run that its timelapse is made of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "runs", sa.Column("favourite", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("runs", sa.Column("moments", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("runs", sa.Column("share", sa.String(length=64), nullable=True))
    op.create_index("ix_runs_share", "runs", ["share"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_runs_share", "runs")
    for name in ("share", "moments", "favourite"):
        op.drop_column("runs", name)
