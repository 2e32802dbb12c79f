"""The tables: who visited, which pictures they brought, which runs they started, and who paints.

Times are Unix seconds. `media` keys name files in the media store.
"""

from __future__ import annotations

import enum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class RunState(enum.StrEnum):
    """Where a run stands. The last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (RunState.QUEUED, RunState.RUNNING)

# In letters.
LONGEST_TITLE = 200
LONGEST_ERROR = 500


class Base(DeclarativeBase):
    """The common registry of the tables."""


class Visitor(Base):
    """An anonymous person, known by the signed cookie of a browser.

    `served_at` is when a painting of theirs was last begun, 0 for never. Whoever was joined with
    another visitor, `moved_to`, has nothing any more and is that one.
    """

    __tablename__ = "visitors"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    created_at: Mapped[float]
    served_at: Mapped[float] = mapped_column(default=0.0)
    moved_to: Mapped[str | None] = mapped_column(String(32), index=True)


class Token(Base):
    """A bearer token of the API, by its hash, and the visitor that it stands for."""

    __tablename__ = "tokens"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    visitor_id: Mapped[str] = mapped_column(ForeignKey("visitors.id"))
    created_at: Mapped[float]


class Recovery(Base):
    """A link that opens a visitor's gallery in another browser, once, by the hash of its secret."""

    __tablename__ = "recoveries"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    visitor_id: Mapped[str] = mapped_column(ForeignKey("visitors.id"), index=True)
    created_at: Mapped[float]
    expires_at: Mapped[float]


class Image(Base):
    """A picture that a visitor brought, decoded, cleaned and encoded anew.

    `role` is "content", "style" or "mask"; `ending` says how its file is encoded, "jpg" or "png".
    """

    __tablename__ = "images"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    visitor_id: Mapped[str] = mapped_column(ForeignKey("visitors.id"), index=True)
    role: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(200))
    ending: Mapped[str] = mapped_column(String(8))
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[float]


class Run(Base):
    """One request to paint a picture, and everything known of how it goes.

    `attempts` counts how often the run was started, `fruitless` how often since it last got as far
    as a checkpoint. A worker owns the run while `lease_owner` is its name, until `lease_until`;
    `fence` grows with every change of owner, and whoever writes with an older one is refused.
    `seq` counts the recorded steps and never goes back, `step` does when a run resumes from a
    checkpoint. `progress` is the part of the whole cost, in [0, 1], that is done. `moments` are the
    numbers of the small pictures that are kept of its way, in that order. Whoever knows `share` may
    see the result. A `draft` only shows how another run would look, and is never listed or counted.
    Whoever paints it needs about `needs_mb` MiB of memory, the weights of the `network`, if that is
    not empty, and a graphics card if `needs_gpu`.
    """

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("visitor_id", "submission"),
        Index("ix_runs_state_lease", "state", "lease_until"),
        Index("ix_runs_state_ended", "state", "ended_at"),
        Index("ix_runs_visitor_created", "visitor_id", "created_at"),
        Index("ix_runs_share", "share", unique=True),
        # Small, since all others are left out of it; and a visitor has no more than one.
        Index(
            "ix_runs_draft",
            "visitor_id",
            unique=True,
            sqlite_where=text("draft IS 1"),
            postgresql_where=text("draft IS TRUE"),
        ),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    visitor_id: Mapped[str] = mapped_column(ForeignKey("visitors.id"))
    submission: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float]
    title: Mapped[str] = mapped_column(String(LONGEST_TITLE))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    styles: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    content_mask: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    style_mask: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    init_image: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    width: Mapped[int]
    height: Mapped[int]

    state: Mapped[str] = mapped_column(String(16), default=RunState.QUEUED)
    finish_wanted: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    fruitless: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[float | None]
    fence: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[float | None]
    ended_at: Mapped[float | None]
    error: Mapped[str | None] = mapped_column(String(LONGEST_ERROR))

    seq: Mapped[int] = mapped_column(default=0)
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int]
    progress: Mapped[float] = mapped_column(default=0.0)
    scale: Mapped[int] = mapped_column(default=0)
    scales: Mapped[int]
    seconds: Mapped[float] = mapped_column(default=0.0)
    seconds_per_step: Mapped[float | None]
    seconds_left: Mapped[float | None]
    frame: Mapped[str | None] = mapped_column(String(200))
    result: Mapped[str | None] = mapped_column(String(200))
    checkpoint: Mapped[str | None] = mapped_column(String(200))
    moments: Mapped[list[int]] = mapped_column(JSON, default=list)

    favourite: Mapped[bool] = mapped_column(default=False)
    share: Mapped[str | None] = mapped_column(String(64))
    draft: Mapped[bool] = mapped_column(default=False)

    needs_mb: Mapped[int] = mapped_column(default=0)
    needs_gpu: Mapped[bool] = mapped_column(default=False)
    network: Mapped[str] = mapped_column(String(40), default="")


# The runs that people know of; what lists or counts runs asks for these.
NO_DRAFT = Run.draft.is_(False)


class Loss(Base):
    """The losses that one recorded step of a run started from."""

    __tablename__ = "losses"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    step: Mapped[int]
    total: Mapped[float]
    content: Mapped[float]
    style: Mapped[float]
    tv: Mapped[float]


class Presence(Base):
    """A worker that is at work, or was lately, and what it can paint.

    It gave its last sign of life at `seen_at`, and is not coming back if it has `ended`. It has
    `memory_mb` MiB of memory for a run, None for any, and the weights of `networks`. `device` is
    what it computes on, in words; `gpu` whether that is a graphics card. `speeds` has what it has
    measured of networks, by name: the values of a `Speed`.
    """

    __tablename__ = "workers"

    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    seen_at: Mapped[float]
    ended: Mapped[bool] = mapped_column(default=False)
    memory_mb: Mapped[int | None]
    networks: Mapped[list[str]] = mapped_column(JSON)
    gpu: Mapped[bool] = mapped_column(default=False)
    device: Mapped[str] = mapped_column(String(100))
    speeds: Mapped[dict[str, list[float]]] = mapped_column(JSON, default=dict)
