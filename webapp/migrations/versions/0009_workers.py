"""Who paints, and what a run needs of whoever paints it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "workers",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("seen_at", sa.Double(), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("memory_mb", sa.Integer(), nullable=True),
        sa.Column("networks", sa.JSON(), nullable=False),
        sa.Column("gpu", sa.Boolean(), nullable=False),
        sa.Column("device", sa.String(100), nullable=False),
    )
    # Of what waits already nobody knows what it needs: any worker takes it.
    op.add_column("runs", sa.Column("needs_mb", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "runs", sa.Column("needs_gpu", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("runs", sa.Column("network", sa.String(40), nullable=False, server_default=""))


def downgrade() -> None:
    for name in ("network", "needs_gpu", "needs_mb"):
        op.drop_column("runs", name)
    op.drop_table("workers")
