"""A run as plain values: what the API answers, what a subscriber gets, what a page shows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from webapp.records import Loss, Run
from webapp.runs.line import Place


def loss_values(loss: Loss) -> dict[str, Any]:
    """Return one recorded step: its seq, step and losses."""
    return {
        "seq": loss.seq,
        "step": loss.step,
        "total": loss.total,
        "content": loss.content,
        "style": loss.style,
        "tv": loss.tv,
    }


def current_loss(loss: Loss | None) -> dict[str, float] | None:
    """Return the four losses of a recorded step."""
    if loss is None:
        return None
    return {"total": loss.total, "content": loss.content, "style": loss.style, "tv": loss.tv}


def run_values(
    run: Run, losses: Sequence[Loss], last: Loss | None, place: Place | None
) -> dict[str, Any]:
    """Return everything known of a run, with the losses recorded since the reader last asked.

    `place` is where it stands in line, while it waits.
    """
    return {
        "id": run.id,
        "title": run.title,
        "state": str(run.state),
        "step": run.step,
        "steps": run.steps,
        "progress": run.progress,
        "scale": run.scale,
        "scales": run.scales,
        "seq": run.seq,
        "loss": current_loss(last),
        "losses": [loss_values(loss) for loss in losses],
        "settings": run.settings,
        "content": run.content["reference"],
        "style": [style["reference"] for style in run.styles],
        "content_mask": run.content_mask and run.content_mask["reference"],
        "style_mask": run.style_mask and run.style_mask["reference"],
        "init_image": run.init_image and run.init_image["reference"],
        "width": run.width,
        "height": run.height,
        "queue_position": place and place.position,
        "wait_seconds": place and place.wait_seconds,
        "seconds": run.seconds,
        "seconds_per_step": run.seconds_per_step,
        "eta_seconds": run.seconds_left,
        "attempts": run.attempts,
        "error": run.error,
        "created_at": datetime.fromtimestamp(run.created_at, UTC).isoformat(),
    }
