"""Drafts, for the script of the first page: JSON, and nothing to see without scripts."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from flask import Blueprint, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from webapp.access import RUN, owned
from webapp.errors import NotFoundError, TooManyError
from webapp.forms import RunForm
from webapp.pictures import NAMED
from webapp.rates import DRAFTS, UPLOADS, files_sent, limited
from webapp.site import current_site, visitor_id

blueprint = Blueprint("drafts", __name__, url_prefix="/drafts")

_OFF = "This site makes no drafts."

Answer = tuple[dict[str, Any], int, dict[str, str]]


@blueprint.post("")
@owned(**NAMED)
@limited(DRAFTS)
@limited(UPLOADS, cost=files_sent)
def order() -> Answer:
    """Accept a draft of what the form of the first page has, or say what is wrong with it.

    Files that came with it are kept all the same; `taken` says as what, so that they need not be
    sent again.
    """
    site, visitor = current_site(), visitor_id()
    if not site.services.config.makes_drafts:
        raise NotFoundError(_OFF)
    # Before uploads are decoded: what is asked for meanwhile is newer.
    asked_at = time.time()
    sent = RunForm.sent(site, visitor, request.form, request.files)
    draft_id = sent.draft(site, visitor, asked_at)
    if draft_id is None:
        told = {"errors": list(sent.errors.values()), "taken": sent.taken}
        return told, sent.status, sent.headers
    places = {"api": url_for("api.run", id=draft_id), "cancel": url_for(".cancel", id=draft_id)}
    return {"id": draft_id, **places, "taken": sent.taken}, 201, {}


@blueprint.post("/<id>/cancel")
@owned(id=RUN)
def cancel(id: str) -> tuple[str, int]:
    """Remove a draft of the visitor; one that is not there, or is somebody else's, stays gone."""
    with contextlib.suppress(NotFoundError):
        current_site().drafts.cancel(visitor_id(), id)
    return "", 204


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> Answer:
    """Say that a picture is too large."""
    limit = current_site().services.config.max_upload_mb
    return {"errors": [f"A picture may have at most {limit} MiB; choose a smaller one."]}, 413, {}


@blueprint.errorhandler(TooManyError)
def too_many(error: TooManyError) -> Answer:
    """Say when to ask again."""
    return {"errors": [str(error)]}, error.status, {"Retry-After": str(error.retry_after)}
