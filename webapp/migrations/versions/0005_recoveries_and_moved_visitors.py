"""Links that move a gallery to another browser, and where the gallery of a visitor went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recoveries",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("visitor_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["visitor_id"], ["visitors.id"]),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index("ix_recoveries_visitor_id", "recoveries", ["visitor_id"])
    op.add_column("visitors", sa.Column("moved_to", sa.String(length=32), nullable=True))
    op.create_index("ix_visitors_moved_to", "visitors", ["moved_to"])


def downgrade() -> None:
    op.drop_index("ix_visitors_moved_to", "visitors")
    op.drop_column("visitors", "moved_to")
    op.drop_table("recoveries")
