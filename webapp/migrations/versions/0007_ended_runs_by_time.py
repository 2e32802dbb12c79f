"""An index for the newest runs that ended in some way."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_runs_state_ended", "runs", ["state", "ended_at"])


def downgrade() -> None:
    op.drop_index("ix_runs_state_ended", "runs")
