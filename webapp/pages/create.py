"""The first page: choose a photo and an artwork, set options, press Start."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from stransfer.images import FORMAT_NAMES, FORMATS
from webapp.forms import RunForm
from webapp.pictures import Picture, sample_picture, upload_picture
from webapp.samples import Role
from webapp.site import current_site, visitor_id

blueprint = Blueprint("create", __name__)


@blueprint.get("/")
def form() -> str:
    """Show the form, untouched."""
    return _page(RunForm())


@blueprint.post("/runs")
def start() -> Response | tuple[str, int]:
    """Accept a run and go to its page, or show the form again with what is wrong."""
    site, visitor = current_site(), visitor_id()
    sent = RunForm.sent(site, visitor, request.form, request.files)
    run_id = sent.start(site, visitor)
    if run_id is None:
        return _page(sent), sent.status
    return redirect(url_for("runs.show", id=run_id), 303)


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> tuple[str, int]:
    """Show the form with a sentence; a request that was not read cannot be shown again."""
    limit = current_site().services.config.max_upload_mb
    sentence = f"A picture may have at most {limit} MiB; choose a smaller one and try again."
    return _page(RunForm(errors={"form": sentence})), 413


def _page(shown: RunForm) -> str:
    visitor = visitor_id()
    config = current_site().services.config
    return render_template(
        "create.html",
        content_samples=_samples("content"),
        style_samples=_samples("style"),
        content_uploads=_uploads(visitor, "content"),
        style_uploads=_uploads(visitor, "style"),
        selected_content=shown.references.get("content", ""),
        selected_style=shown.references.get("style", ""),
        fields=shown.fields(),
        errors=shown.errors,
        submission=shown.submission,
        limits={
            "max_upload_mb": config.max_upload_mb,
            "max_megapixels": config.max_megapixels,
            "formats": FORMAT_NAMES,
            "accept": ",".join(f"image/{kind.lower()}" for kind in FORMATS),
        },
    )


def _samples(role: Role) -> list[Picture]:
    return [sample_picture(sample) for sample in current_site().samples.all(role)]


def _uploads(visitor: str, role: Role) -> list[Picture]:
    return [upload_picture(image) for image in current_site().uploads.of(visitor, role)]
