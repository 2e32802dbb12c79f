"""When visitors were last served; the newest runs of a state."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "visitors", sa.Column("served_at", sa.Double(), nullable=False, server_default="0")
    )
    # Until now this was looked for among all runs, and lost with those that were deleted.
    op.execute(
        "UPDATE visitors SET served_at = COALESCE("
        "(SELECT MAX(started_at) FROM runs WHERE runs.visitor_id = visitors.id), 0)"
    )
    op.create_index("ix_runs_state_ended", "runs", ["state", "ended_at"])


def downgrade() -> None:
    op.drop_index("ix_runs_state_ended", "runs")
    op.drop_column("visitors", "served_at")
