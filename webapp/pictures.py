"""Pictures as visitors name them: `sample:cat.jpg` or `image:ID`, one namespace for both kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for

from stransfer.errors import SettingsError
from webapp.records import Image
from webapp.runs.store import Ingredient
from webapp.samples import Role, Sample
from webapp.site import Site
from webapp.uploads import picture_key

_SAMPLE = "sample"
_IMAGE = "image"


@dataclass(frozen=True)
class Picture:
    """A picture as a page shows it."""

    reference: str
    title: str
    thumbnail_url: str
    url: str
    width: int
    height: int


def ingredient(site: Site, visitor_id: str, role: Role, reference: str) -> Ingredient:
    """Return what a reference stands for, with its file safe in the media store.

    Raises NotFoundError if there is no such picture, SettingsError if it is no reference at all.
    """
    kind, _, name = reference.partition(":")
    if kind == _SAMPLE and name:
        sample = site.samples.find(role, name)
        key = site.samples.keep(sample)
        return Ingredient(reference, sample.title, key, sample.width, sample.height)
    if kind == _IMAGE and name:
        image = site.uploads.find(visitor_id, name)
        return Ingredient(reference, image.title, picture_key(image), image.width, image.height)
    raise SettingsError({role: f"Choose a {role} picture, or upload one of your own."})


def sample_picture(sample: Sample) -> Picture:
    """Return a sample as a page shows it."""
    place: dict[str, Any] = {"role": sample.role, "name": sample.name, "v": sample.version[:8]}
    return Picture(
        reference=f"{_SAMPLE}:{sample.name}",
        title=sample.title,
        thumbnail_url=url_for("pictures.sample_thumbnail", **place),
        url=url_for("pictures.sample", **place),
        width=sample.width,
        height=sample.height,
    )


def upload_picture(image: Image) -> Picture:
    """Return an upload as a page shows it."""
    return Picture(
        reference=f"{_IMAGE}:{image.id}",
        title=image.title,
        thumbnail_url=url_for("pictures.upload_thumbnail", id=image.id),
        url=url_for("pictures.upload", id=image.id),
        width=image.width,
        height=image.height,
    )


def used_picture(run_id: str, role: Role, index: int, used: dict[str, Any]) -> Picture:
    """Return a picture that went into a run: what was used then, whatever has become of it."""
    reference = str(used["reference"])
    url = url_for("runs.ingredient", id=run_id, role=role, index=index)
    return Picture(
        reference=reference,
        title=str(used["title"]),
        thumbnail_url=url,
        url=url,
        width=int(used["width"]),
        height=int(used["height"]),
    )
