"""The JSON API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from webapp.site import visitor_id
from webapp.views import snapshot

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


@blueprint.get("/runs/<id>")
def run(id: str) -> dict[str, Any]:
    """Give a run of the visitor, with the losses recorded after `?since=SEQ`."""
    return snapshot(visitor_id(), id, request.args.get("since", default=0, type=int))
