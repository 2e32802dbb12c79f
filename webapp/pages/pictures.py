"""The pictures one can choose from: samples for everybody, uploads for who brought them."""

from __future__ import annotations

import mimetypes

from flask import Blueprint, Response

from webapp.caching import lasting
from webapp.errors import NotFoundError
from webapp.samples import ROLES, Role, preview_key
from webapp.site import current_site, visitor_id
from webapp.uploads import picture_key, thumbnail_key

blueprint = Blueprint("pictures", __name__, url_prefix="/pictures")

_PUBLIC_SECONDS = 3600


@blueprint.get("/samples/<role>/<name>")
def sample(role: str, name: str) -> Response:
    """Give a sample, large enough to look at."""
    samples = current_site().samples
    return _public(samples.preview(samples.find(_role(role), name)))


@blueprint.get("/samples/<role>/<name>/thumbnail")
def sample_thumbnail(role: str, name: str) -> Response:
    """Give a sample, small."""
    samples = current_site().samples
    return _public(samples.thumbnail(samples.find(_role(role), name)))


@blueprint.get("/samples/<role>/<name>/<int:side>.webp")
def sample_rendition(role: str, name: str, side: int) -> Response:
    """Give a sample, at most so large."""
    site = current_site()
    sample = site.samples.find(_role(role), name)
    content = site.renditions.of(preview_key(sample.version), side)
    return lasting(Response(content, mimetype="image/webp"), public=True)


@blueprint.get("/images/<id>")
def upload(id: str) -> Response:
    """Give an upload of the visitor."""
    site = current_site()
    key = picture_key(site.uploads.find(visitor_id(), id))
    return Response(site.services.media.read(key), mimetype=mimetypes.guess_type(key)[0])


@blueprint.get("/images/<id>/thumbnail")
def upload_thumbnail(id: str) -> Response:
    """Give an upload of the visitor, small."""
    site = current_site()
    content = site.services.media.read(thumbnail_key(site.uploads.find(visitor_id(), id)))
    return lasting(_jpeg(content))


@blueprint.get("/images/<id>/<int:side>.webp")
def upload_rendition(id: str, side: int) -> Response:
    """Give an upload of the visitor, at most so large."""
    site = current_site()
    key = picture_key(site.uploads.find(visitor_id(), id))
    return lasting(Response(site.renditions.of(key, side), mimetype="image/webp"))


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text:
            return role
    raise NotFoundError("Samples are content or style pictures; there are no others.")


def _public(content: bytes) -> Response:
    response = _jpeg(content)
    response.cache_control.public = True
    response.cache_control.max_age = _PUBLIC_SECONDS
    return response


def _jpeg(content: bytes) -> Response:
    return Response(content, mimetype="image/jpeg")
