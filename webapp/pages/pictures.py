"""The pictures one can choose from: samples for everybody, uploads for who brought them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp.access import IMAGE, own, owned, public
from webapp.answers import picture
from webapp.caching import lasting
from webapp.errors import NotFoundError
from webapp.forms import SHARE
from webapp.parameters import AFTER
from webapp.pictures import Picture, tray, upload_picture
from webapp.records import Image
from webapp.samples import ROLES, Role, preview_key
from webapp.site import current_site, visitor_id
from webapp.uploads import MASK, picture_key, thumbnail_key

blueprint = Blueprint("pictures", __name__, url_prefix="/pictures")

_PUBLIC_SECONDS = 3600

_ROLES = {"content": "Photograph", "style": "Artwork", "mask": "Mask"}


@dataclass(frozen=True)
class OwnPicture:
    """A picture that a visitor brought, as the page of all of them shows it.

    `paint_url` is the form with the picture chosen; a mask cannot be painted by itself.
    """

    id: str
    shown: Picture
    label: str
    brought_at: datetime
    paint_url: str | None


@blueprint.get("")
@own
def index() -> str:
    """Show all the pictures that the visitor brought."""
    site, page = current_site(), request.args.get("page", default=1, type=int)
    found, pages = site.uploads.page(visitor_id(), page, site.services.config.page_size)
    return render_template(
        "pictures.html",
        pictures=[_own(image) for image in found],
        page=page,
        pages=pages,
        retention_days=site.services.config.retention_days,
    )


@blueprint.get("/<role>/older")
@own
def older(role: str) -> str:
    """Show the pictures of the visitor `?after=` so many, as tiles for the form."""
    after = AFTER.read(request.args) or 0
    found = tray(current_site(), visitor_id(), _role(role), after)
    return render_template("tiles.html", role=role, tray=found, share=SHARE)


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


@blueprint.post("/images/<id>/delete")
@owned(id=IMAGE)
def delete(id: str) -> AnyResponse:
    """Remove an upload of the visitor, and return to the page where it was shown."""
    site, visitor = current_site(), visitor_id()
    used = site.uploads.delete(visitor, id)
    flash("Deleted. The paintings made from it keep their copy." if used else "Deleted.", "info")
    page = request.args.get("page", default=1, type=int)
    _, pages = site.uploads.page(visitor, 1, site.services.config.page_size)
    page = max(1, min(page, pages))
    return redirect(url_for(".index", page=page if page > 1 else None), 303)


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


def _own(image: Image) -> OwnPicture:
    shown = upload_picture(image)
    chosen: dict[str, Any] = {image.role: shown.reference}
    return OwnPicture(
        id=image.id,
        shown=shown,
        label=_ROLES[image.role],
        brought_at=datetime.fromtimestamp(image.created_at, UTC),
        paint_url=None if image.role == MASK else url_for("create.form", **chosen),
    )


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
