"""The pictures one can choose from: samples for everybody, uploads for who brought them."""

from __future__ import annotations

from flask import Blueprint, Response

from webapp.errors import NotFoundError
from webapp.samples import ROLES
from webapp.site import current_site, visitor_id
from webapp.uploads import picture_key, thumbnail_key

blueprint = Blueprint("pictures", __name__, url_prefix="/pictures")

_THUMBNAIL_SIDE = 480
_PREVIEW_SIDE = 1024


@blueprint.get("/samples/<role>/<name>")
def sample(role: str, name: str) -> Response:
    """Give a sample, large enough to look at."""
    return _sample(role, name, _PREVIEW_SIDE)


@blueprint.get("/samples/<role>/<name>/thumbnail")
def sample_thumbnail(role: str, name: str) -> Response:
    """Give a sample, small."""
    return _sample(role, name, _THUMBNAIL_SIDE)


@blueprint.get("/images/<id>")
def upload(id: str) -> Response:
    """Give an upload of the visitor."""
    site = current_site()
    return _jpeg(site.services.media.read(picture_key(site.uploads.find(visitor_id(), id))))


@blueprint.get("/images/<id>/thumbnail")
def upload_thumbnail(id: str) -> Response:
    """Give an upload of the visitor, small."""
    site = current_site()
    return _jpeg(site.services.media.read(thumbnail_key(site.uploads.find(visitor_id(), id))))


def _sample(role: str, name: str, long_side: int) -> Response:
    samples = current_site().samples
    for known in ROLES:
        if known == role:
            response = _jpeg(samples.preview(samples.find(known, name), long_side))
            response.cache_control.public = True
            response.cache_control.private = None
            response.cache_control.max_age = 3600
            return response
    raise NotFoundError("Samples are content or style pictures; there are no others.")


def _jpeg(content: bytes) -> Response:
    return Response(content, mimetype="image/jpeg")
