"""Pictures as visitors name them, in one namespace: `sample:cat.jpg`, `image:ID` and `run:ID`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal

from flask import request, url_for

from stransfer import images
from stransfer.errors import ImageError, SettingsError
from stransfer.subject import check_white
from webapp import access, renditions
from webapp.errors import NotFoundError
from webapp.records import Image
from webapp.runs.orders import KEPT, Ingredient, result_of
from webapp.samples import PREVIEW_SIDE, Role, Sample
from webapp.site import Site
from webapp.uploads import picture_key, thumbnail_key

# An installation with more samples than this works out some of them anew.
_MOST_SAMPLES = 512

SAMPLE = "sample"
IMAGE = "image"
RUN = "run"

MaskField = Literal["content_mask", "style_mask"]
MASK_FIELDS: tuple[MaskField, ...] = ("content_mask", "style_mask")

# The fields of a form or body that name pictures of a visitor's, and what each is.
NAMED = {"content": access.IMAGE, "style": access.IMAGE, "init_image": access.RUN} | dict.fromkeys(
    MASK_FIELDS, access.IMAGE
)


# In rows of three, four or six.
MOST_IN_TRAY = 12


@dataclass(frozen=True)
class Picture:
    """A picture as a page shows it: at `url` to look at, at `thumbnail_url` among others.

    `srcset` says where it is in which width, for browsers to choose from.
    """

    reference: str
    title: str
    thumbnail_url: str
    url: str
    srcset: str
    width: int
    height: int


@dataclass(frozen=True)
class Tray:
    """As many of a visitor's own pictures as the form shows at once.

    `older_url` is where the next ones are, if there are any.
    """

    pictures: list[Picture]
    older_url: str | None


def ingredient(site: Site, visitor_id: str, role: Role, reference: str) -> Ingredient:
    """Return what a reference stands for, with its file safe in the media store.

    Raises NotFoundError if there is no such picture, SettingsError if it is no reference at all.
    """
    kind, _, name = reference.partition(":")
    if kind == SAMPLE and name:
        sample = site.samples.find(role, name)
        return Ingredient(reference, sample.title, sample.key, sample.width, sample.height)
    if kind == IMAGE and name:
        return _uploaded(site.uploads.find(visitor_id, name))
    raise SettingsError({role: f"Choose a {role} picture, or upload one of your own."})


def mask_ingredient(site: Site, visitor_id: str, field: MaskField, reference: str) -> Ingredient:
    """Return the mask that a reference stands for.

    Raises NotFoundError if there is no such picture, SettingsError if it cannot be a mask.
    """
    kind, _, name = reference.partition(":")
    if kind != IMAGE or not name:
        raise SettingsError({field: "A mask is a picture of your own; upload one."})
    image = site.uploads.find(visitor_id, name)
    # What is white shows on the thumbnail, too, which is quicker to read.
    thumbnail = images.read_mask(site.services.media.read(thumbnail_key(image)), KEPT)
    try:
        check_white("photo" if field == "content_mask" else "artwork", thumbnail)
    except ImageError as error:
        raise SettingsError({field: str(error)}) from error
    return _uploaded(image)


def init_ingredient(site: Site, visitor_id: str, reference: str) -> Ingredient:
    """Return the picture to begin with, a finished run's result or an upload.

    Raises NotFoundError if there is none such, WrongStateError if the run has no result,
    SettingsError if it is no reference at all.
    """
    kind, _, name = reference.partition(":")
    if kind == RUN and name:
        return result_of(site.runs.find(visitor_id, name))
    if kind == IMAGE and name:
        return _uploaded(site.uploads.find(visitor_id, name))
    raise SettingsError({"init_image": "Choose one of your finished paintings to start from."})


def sample_picture(sample: Sample) -> Picture:
    """Return a sample as a page shows it."""
    return _sample_picture(sample, request.script_root)


@lru_cache(_MOST_SAMPLES)
def _sample_picture(sample: Sample, root: str) -> Picture:
    """Return the same; its addresses also depend on where the site is mounted."""
    place: dict[str, Any] = {"role": sample.role, "name": sample.name, "v": sample.version[:8]}

    def address(side: int) -> str:
        return url_for("pictures.sample_rendition", side=side, **place)

    longest = max(sample.width, sample.height)
    shown = images.fit(sample.width, sample.height, min(PREVIEW_SIDE, longest))
    return Picture(
        reference=f"{SAMPLE}:{sample.name}",
        title=sample.title,
        thumbnail_url=url_for("pictures.sample_thumbnail", **place),
        url=url_for("pictures.sample", **place),
        srcset=renditions.srcset(*shown, address),
        width=sample.width,
        height=sample.height,
    )


def upload_picture(image: Image) -> Picture:
    """Return an upload as a page shows it."""

    def address(side: int) -> str:
        return url_for("pictures.upload_rendition", id=image.id, side=side)

    return Picture(
        reference=f"{IMAGE}:{image.id}",
        title=image.title,
        thumbnail_url=url_for("pictures.upload_thumbnail", id=image.id),
        url=address(renditions.SIDES[-1]),
        srcset=renditions.srcset(image.width, image.height, address),
        width=image.width,
        height=image.height,
    )


def own_picture(site: Site, visitor_id: str, reference: str) -> Picture | None:
    """Return the upload of the visitor that a reference names, if it does."""
    kind, _, name = reference.partition(":")
    if kind != IMAGE:
        return None
    try:
        return upload_picture(site.uploads.find(visitor_id, name))
    except NotFoundError:
        return None


def tray(
    site: Site, visitor_id: str, role: Role, after: int = 0, chosen: Sequence[str] = ()
) -> Tray:
    """Return the visitor's own pictures for a role, newest first, without the first `after`.

    Before them come those that are `chosen`, by reference, however old they are.
    """
    found = site.uploads.of(visitor_id, role, MOST_IN_TRAY + 1, after)
    older_url = None
    if len(found) > MOST_IN_TRAY:
        older_url = url_for("pictures.older", role=role, after=after + MOST_IN_TRAY)
    newest = [upload_picture(image) for image in found[:MOST_IN_TRAY]]
    known = {picture.reference for picture in newest}
    older = [own_picture(site, visitor_id, name) for name in chosen if name not in known]
    return Tray([picture for picture in older if picture is not None] + newest, older_url)


def image_values(image: Image) -> dict[str, Any]:
    """Return an upload as plain values, with its addresses for who has the visitor's cookie."""
    return {
        "id": image.id,
        "role": image.role,
        "title": image.title,
        "width": image.width,
        "height": image.height,
        "created_at": datetime.fromtimestamp(image.created_at, UTC).isoformat(),
        "url": url_for("pictures.upload", id=image.id),
        "thumbnail_url": url_for("pictures.upload_thumbnail", id=image.id),
    }


def used_picture(run_id: str, role: str, index: int, used: dict[str, Any]) -> Picture:
    """Return a picture that went into a run: what was used then, whatever has become of it."""
    size = int(used["width"]), int(used["height"])

    def address(side: int) -> str:
        return url_for("runs.ingredient_rendition", id=run_id, role=role, index=index, side=side)

    return Picture(
        reference=str(used["reference"]),
        title=str(used["title"]),
        thumbnail_url=address(renditions.SIDES[0]),
        url=address(renditions.SIDES[-1]),
        srcset=renditions.srcset(*size, address),
        width=size[0],
        height=size[1],
    )


def _uploaded(image: Image) -> Ingredient:
    return Ingredient(
        reference=f"{IMAGE}:{image.id}",
        title=image.title,
        key=picture_key(image),
        width=image.width,
        height=image.height,
        length=image.size,
    )
