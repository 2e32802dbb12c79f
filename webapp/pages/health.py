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
    """Answer 200 if the database and the queue can be reached, 503 with what cannot otherwise."""
    services = current_site().services
    try:
        with services.database.reading() as session:
            session.execute(text("SELECT 1"))
    except Exception:
        return {"status": "the database does not answer"}, 503
    try:
        services.queue.waiting()
    except Exception:
        return {"status": "the queue does not answer"}, 503
    return {"status": "ok"}, 200
