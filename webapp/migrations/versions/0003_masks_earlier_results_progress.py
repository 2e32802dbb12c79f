"""Masks, earlier results and progress by cost of runs; the format of images."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "images", sa.Column("ending", sa.String(length=8), nullable=False, server_default="jpg")
    )
    for name in ("content_mask", "style_mask", "init_image"):
        op.add_column("runs", sa.Column(name, sa.JSON(), nullable=True))
    op.add_column("runs", sa.Column("progress", sa.Double(), nullable=False, server_default="0"))
    # Until now all that was known of a run was how many of its steps were done.
    op.execute("UPDATE runs SET progress = step * 1.0 / steps")


def downgrade() -> None:
    # One by one, not in a batch: that would make the tables anew and lose what refers to them.
    for name in ("progress", "init_image", "style_mask", "content_mask"):
        op.drop_column("runs", name)
    op.drop_column("images", "ending")
