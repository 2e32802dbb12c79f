"""When visitors were last served."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "visitors", sa.Column("served_at", sa.Double(), nullable=False, server_default="0")
    )
    # Until now this was looked for among all runs, and lost with those that were deleted.
    op.execute(
        "UPDATE visitors SET served_at = COALESCE("
        "(SELECT MAX(started_at) FROM runs "
        "WHERE runs.visitor_id = visitors.id AND runs.draft IS FALSE), 0)"
    )


def downgrade() -> None:
    op.drop_column("visitors", "served_at")
