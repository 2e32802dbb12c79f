"""The pictures one can choose from: samples for everybody, uploads for who brought them."""

from __future__ import annotations

from flask import Blueprint, Response

from webapp.access import IMAGE, owned, public
from webapp.answers import picture
from webapp.caching import lasting
from webapp.errors import NotFoundError
from webapp.samples import ROLES, Role, preview_key
from webapp.site import current_site, visitor_id
from webapp.uploads import picture_key, thumbnail_key

blueprint = Blueprint("pictures", __name__, url_prefix="/pictures")

_PUBLIC_SECONDS = 3600


@blueprint.get("/samples/<role>/<name>")
@public
def sample(role: str, name: str) -> Response:
    """Give a sample, large enough to look at."""
    samples = current_site().samples
    found = samples.find(_role(role), name)
    return _public(samples.preview(found), found.title)


@blueprint.get("/samples/<role>/<name>/thumbnail")
@public
def sample_thumbnail(role: str, name: str) -> Response:
    """Give a sample, small."""
    samples = current_site().samples
    found = samples.find(_role(role), name)
    return _public(samples.thumbnail(found), found.title)


@blueprint.get("/samples/<role>/<name>/<int:side>.webp")
@public
def sample_rendition(role: str, name: str, side: int) -> Response:
    """Give a sample, at most so large."""
    site = current_site()
    found = site.samples.find(_role(role), name)
    content = site.renditions.of(preview_key(found.version), side)
    return lasting(picture(content, "sample.webp", found.title), public=True)


@blueprint.get("/images/<id>")
@owned(id=IMAGE)
def upload(id: str) -> Response:
    """Give an upload of the visitor."""
    site = current_site()
    image = site.uploads.find(visitor_id(), id)
    key = picture_key(image)
    return lasting(picture(site.services.media.read(key), key, image.title))


@blueprint.get("/images/<id>/thumbnail")
@owned(id=IMAGE)
def upload_thumbnail(id: str) -> Response:
    """Give an upload of the visitor, small."""
    site = current_site()
    image = site.uploads.find(visitor_id(), id)
    key = thumbnail_key(image)
    return lasting(picture(site.services.media.read(key), key, image.title))


@blueprint.get("/images/<id>/<int:side>.webp")
@owned(id=IMAGE)
def upload_rendition(id: str, side: int) -> Response:
    """Give an upload of the visitor, at most so large."""
    site = current_site()
    image = site.uploads.find(visitor_id(), id)
    content = site.renditions.of(picture_key(image), side)
    return lasting(picture(content, "image.webp", image.title))


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text:
            return role
    raise NotFoundError("Samples are content or style pictures; there are no others.")


def _public(content: bytes, title: str) -> Response:
    response = picture(content, "sample.jpg", title)
    response.cache_control.public = True
    response.cache_control.max_age = _PUBLIC_SECONDS
    return response
