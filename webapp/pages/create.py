"""The first page: choose a photo and artworks, set options, press Start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from stransfer import presets
from stransfer.errors import SettingsError
from stransfer.images import FORMAT_NAMES, FORMATS
from stransfer.settings import Settings
from webapp.errors import NotFoundError
from webapp.estimates import Estimates
from webapp.fields import Choice, PresetChoice
from webapp.forms import BEFORE, SHARE, RunForm
from webapp.pictures import (
    IMAGE,
    MASK_FIELDS,
    RUN,
    MaskField,
    Picture,
    sample_picture,
    upload_picture,
)
from webapp.records import Run, RunState
from webapp.samples import Role
from webapp.site import current_site, visitor_id
from webapp.views import ago

blueprint = Blueprint("create", __name__)

# A list of more results than this is no longer looked through.
_MOST_RESULTS = 24

_MASKS = {
    "content_mask": (
        "Mask for the photograph",
        "White is painted, black stays photograph.",
    ),
    "style_mask": (
        "Mask for the artwork",
        "Only what is white here counts; for a single artwork.",
    ),
}


@dataclass(frozen=True)
class MaskChoice:
    """One mask as the form shows it; `chosen` is the picture it has now."""

    name: str
    label: str
    help: str
    chosen: Picture | None
    error: str | None


@blueprint.get("/")
def form() -> str:
    """Show the form, untouched, or as it was sent for the visitor's run named by `?from=`."""
    earlier = request.args.get("from")
    if earlier is None:
        return _page(RunForm())
    site = current_site()
    run = site.runs.find(visitor_id(), earlier)
    return _page(RunForm.like(site, run), run)


@blueprint.post("/runs")
def start() -> Response | tuple[str, int, dict[str, str]]:
    """Accept a run and go to its page, or show the form again with what is wrong."""
    site, visitor = current_site(), visitor_id()
    sent = RunForm.sent(site, visitor, request.form, request.files)
    run_id = sent.start(site, visitor)
    if run_id is None:
        later = {} if sent.retry_after is None else {"Retry-After": str(sent.retry_after)}
        return _page(sent), sent.status, later
    return redirect(url_for("runs.show", id=run_id), 303)


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> tuple[str, int]:
    """Show the form with a sentence; a request that was not read cannot be shown again."""
    limit = current_site().services.config.max_upload_mb
    sentence = f"A picture may have at most {limit} MiB; choose a smaller one and try again."
    return _page(RunForm(errors={"form": sentence})), 413


def _page(shown: RunForm, earlier: Run | None = None) -> str:
    visitor = visitor_id()
    config = current_site().services.config
    results = _results(visitor, shown.init_image)
    samples = {
        role: [sample_picture(sample) for sample in found]
        for role, found in current_site().samples.by_role().items()
    }
    content_uploads = _uploads(visitor, "content", [shown.content])
    return render_template(
        "create.html",
        earlier=earlier,
        content_samples=samples["content"],
        style_samples=samples["style"],
        content_uploads=content_uploads,
        style_uploads=_uploads(visitor, "style", shown.styles),
        selected_content=[shown.content],
        selected_styles=shown.styles,
        shares=shown.shares,
        share=SHARE,
        most_styles=config.max_styles,
        masks=[_mask(visitor, shown, name) for name in MASK_FIELDS],
        results=results,
        selected_result=shown.init_image,
        presets=_presets(shown, content_uploads + samples["content"]),
        before=BEFORE,
        fields=shown.fields(bool(results)),
        errors=shown.errors,
        submission=shown.submission,
        limits={
            "max_upload_mb": config.max_upload_mb,
            "max_megapixels": config.max_megapixels,
            "min_side": config.min_side,
            "max_side": config.max_side,
            "max_aspect": config.max_aspect,
            "quota_mb": config.quota_mb,
            "used_mb": current_site().uploads.used(visitor) / 2**20,
            "formats": FORMAT_NAMES,
            "accept": ",".join(f"image/{kind.lower()}" for kind in FORMATS),
        },
    )


def _presets(shown: RunForm, photos: list[Picture]) -> list[PresetChoice]:
    """Return the presets, with the time each takes beside what else is filled in."""
    try:
        settings = Settings.parse(shown.values)
    except SettingsError:
        settings = Settings()
    photo = {
        side: getattr(picture, side)
        for picture in photos
        if picture.reference == shown.content
        for side in ("width", "height")
    }
    estimates = Estimates(current_site().speeds.by_model(), **photo)
    chosen = presets.chosen(shown.values)
    return [
        PresetChoice(preset, estimate.about if estimate else "", preset == chosen)
        for preset, estimate in estimates.presets(settings)
    ]


def _uploads(visitor: str, role: Role, chosen: list[str]) -> list[Picture]:
    """Return the newest pictures of one's own, and those that are chosen however old they are."""
    newest = [upload_picture(image) for image in current_site().uploads.of(visitor, role)]
    known = {picture.reference for picture in newest}
    older = [_upload(visitor, reference) for reference in chosen if reference not in known]
    return [picture for picture in older if picture is not None] + newest


def _upload(visitor: str, reference: str) -> Picture | None:
    kind, _, name = reference.partition(":")
    if kind != IMAGE:
        return None
    try:
        return upload_picture(current_site().uploads.find(visitor, name))
    except NotFoundError:
        return None


def _mask(visitor: str, shown: RunForm, name: MaskField) -> MaskChoice:
    label, help = _MASKS[name]
    chosen = _upload(visitor, shown.masks.get(name, ""))
    return MaskChoice(name, label, help, chosen, shown.errors.get(name))


def _results(visitor: str, chosen: str) -> list[Choice]:
    """Return the results to begin with, the newest first, and the chosen one however old it is."""
    runs = current_site().runs
    found = runs.results(visitor, _MOST_RESULTS)
    kind, _, name = chosen.partition(":")
    if kind == RUN and name not in {run.id for run in found}:
        try:
            older = runs.find(visitor, name)
        except NotFoundError:
            pass
        else:
            found += [older] if older.state == RunState.DONE else []
    return [
        Choice(f"{RUN}:{run.id}", run.title, ago(datetime.fromtimestamp(run.created_at, UTC)))
        for run in found
    ]
