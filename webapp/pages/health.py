"""Whether the site is alive, and whether it can do its work."""

from __future__ import annotations

from flask import Blueprint
from sqlalchemy import text

from webapp.access import public
from webapp.site import current_site

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
@public
def alive() -> tuple[dict[str, str], int]:
    """Answer as long as the process answers at all."""
    return {"status": "ok"}, 200


@blueprint.get("/readyz")
@public
def ready() -> tuple[dict[str, str], int]:
    """Answer 200 if everything answers and the disk has room, 503 with what is wrong."""
    site = current_site()
    services = site.services
    try:
        with services.database.reading() as session:
            session.execute(text("SELECT 1"))
    except Exception:
        return {"status": "the database does not answer"}, 503
    try:
        services.queue.waiting()
    except Exception:
        return {"status": "the queue does not answer"}, 503
    if not site.reachability.works:
        return {"status": "the media store does not answer"}, 503
    if not services.room.enough:
        return {"status": "the disk is nearly full"}, 503
    return {"status": "ok"}, 200
