"""The first page: choose a photo and artworks, set options, press Start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from stransfer import presets
from stransfer.errors import SettingsError
from stransfer.images import FORMAT_NAMES, FORMATS
from stransfer.setting import GROUPS
from stransfer.settings import Settings
from webapp import access, recipes
from webapp.access import owned
from webapp.config import Config
from webapp.errors import NotFoundError, SiteError, TooManyError, UnusableError
from webapp.estimates import Estimates
from webapp.fields import Choice, PresetChoice
from webapp.forms import BEFORE, SHARE, RunForm
from webapp.pictures import (
    MASK_FIELDS,
    NAMED,
    RUN,
    MaskField,
    Picture,
    own_picture,
    sample_picture,
    tray,
)
from webapp.rates import RUNS, UPLOADS, files_sent, limited
from webapp.recipes import Recipe
from webapp.records import Run, RunState
from webapp.runs.drafts import CHANGED
from webapp.samples import KEPT_SIDE
from webapp.site import current_site, visitor_id
from webapp.uploads import MASK
from webapp.words import ago

blueprint = Blueprint("create", __name__)

# The field for a painting whose settings are wanted.
_PAINTING = "settings_file"

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
@owned(**{"from": access.RUN, "content": access.IMAGE, "style": access.IMAGE})
def form() -> str:
    """Show the form, untouched, or as it was sent for the visitor's run named by `?from=`.

    `?content=` and `?style=` name pictures that are chosen already.
    """
    earlier = request.args.get("from")
    if earlier is None:
        styles = request.args.getlist("style")
        return _page(RunForm(content=request.args.get("content", ""), styles=styles))
    site = current_site()
    run = site.runs.find(visitor_id(), earlier)
    return _page(RunForm.like(site, run), run)


@blueprint.post("/runs")
@owned(**NAMED)
@limited(RUNS)
@limited(UPLOADS, cost=files_sent)
def start() -> Response | tuple[str, int, dict[str, str]]:
    """Accept a run and go to its page, or show the form again with what is wrong."""
    if _painting() is not None:
        # Without scripts it is easy to press this button for the other one.
        return _filled_in()
    site, visitor = current_site(), visitor_id()
    sent = RunForm.sent(site, visitor, request.form, request.files)
    run_id = sent.start(site, visitor)
    if run_id is None:
        return _page(sent), sent.status, sent.headers
    return redirect(url_for("runs.show", id=run_id), 303)


@blueprint.post("/settings-of")
@owned(**NAMED)
@limited(UPLOADS, cost=files_sent)
def reuse() -> tuple[str | dict[str, Any], int, dict[str, str]]:
    """Show the form filled in with the settings that a painting was made with.

    Whoever wants JSON gets the settings alone, or a sentence about why there are none.
    """
    if not _wants_json():
        return _filled_in()
    try:
        found = _recipe()
    except SiteError as error:
        refused = RunForm()
        refused.blame(_PAINTING, error)
        return {"error": str(error)}, refused.status, refused.headers
    return {"settings": found.values, "remarks": found.remarks}, 200, {}


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(error: RequestEntityTooLarge) -> tuple[str, int]:
    """Show the form with a sentence; a request that was not read cannot be shown again."""
    limit = current_site().services.config.max_upload_mb
    sentence = f"A picture may have at most {limit} MiB; choose a smaller one and try again."
    return _page(RunForm(errors={"form": sentence})), 413


@blueprint.errorhandler(TooManyError)
def too_many(error: TooManyError) -> tuple[str | dict[str, Any], int, dict[str, str]]:
    """Show the form as it was sent, but for its pictures, with a sentence."""
    site, visitor = current_site(), visitor_id()
    sent = RunForm.sent(site, visitor, request.form, {})
    sent.blame("form", error)
    return {"error": str(error)} if _wants_json() else _page(sent), sent.status, sent.headers


def _filled_in() -> tuple[str, int, dict[str, str]]:
    sent = RunForm.sent(current_site(), visitor_id(), request.form, request.files)
    try:
        found = _recipe()
    except SiteError as error:
        sent.blame(_PAINTING, error)
        return _page(sent), sent.status, sent.headers
    sent.values |= found.values
    return _page(sent, recipe=found), sent.status if sent.errors else 200, sent.headers


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _recipe() -> Recipe:
    file = _painting()
    if file is None:
        raise UnusableError("Choose a painting first, the file as it was downloaded.")
    return recipes.read(current_site().services, file.stream)


def _painting() -> FileStorage | None:
    file = request.files.get(_PAINTING)
    return file if file is not None and file.filename else None


def _page(shown: RunForm, earlier: Run | None = None, recipe: Recipe | None = None) -> str:
    site, visitor = current_site(), visitor_id()
    config = site.services.config
    results = _results(visitor, shown.init_image)
    samples = {
        role: [sample_picture(sample) for sample in found]
        for role, found in site.samples.by_role().items()
    }
    content_tray = tray(site, visitor, "content", chosen=[shown.content])
    style_tray = tray(site, visitor, "style", chosen=shown.styles)
    photos = content_tray.pictures + samples["content"]
    masks = [_mask(visitor, shown, name) for name in MASK_FIELDS]
    return render_template(
        "create.html",
        earlier=earlier,
        gone=_gone(earlier, photos + style_tray.pictures + samples["style"], masks),
        recipe=recipe,
        content_samples=samples["content"],
        style_samples=samples["style"],
        content_tray=content_tray,
        style_tray=style_tray,
        selected_content=[shown.content],
        selected_styles=shown.styles,
        shares=shown.shares,
        share=SHARE,
        most_styles=config.max_styles,
        masks=masks,
        has_masks=bool(site.uploads.of(visitor, MASK, 1)),
        results=results,
        selected_result=shown.init_image,
        presets=_presets(shown, photos),
        before=BEFORE,
        fields=shown.fields(bool(results)),
        groups=GROUPS,
        errors=shown.errors,
        submission=shown.submission,
        draft_settled=list(CHANGED) if config.makes_drafts else [],
        limits=_limits(config, site.uploads.used(visitor)),
    )


def _limits(config: Config, used: int) -> dict[str, float | str]:
    """Return what a picture may be, for whoever chooses one and for the scripts that help.

    `used` is how many bytes of pictures the visitor keeps already.
    """
    return {
        "max_upload_mb": config.max_upload_mb,
        "max_megapixels": config.max_megapixels,
        "min_side": config.min_side,
        "max_side": config.max_side,
        "max_aspect": config.max_aspect,
        "quota_mb": config.quota_mb,
        "used_mb": used / 2**20,
        "kept_side": KEPT_SIDE,
        "formats": FORMAT_NAMES,
        "accept": ",".join(f"image/{kind.lower()}" for kind in FORMATS),
    }


def _gone(earlier: Run | None, pictures: list[Picture], masks: list[MaskChoice]) -> list[str]:
    """Return the titles of the pictures of an earlier run that cannot be chosen any more."""
    if earlier is None:
        return []
    known = {picture.reference for picture in pictures}
    known |= {mask.chosen.reference for mask in masks if mask.chosen is not None}
    used = [earlier.content, *earlier.styles, earlier.content_mask, earlier.style_mask]
    return [str(one["title"]) for one in used if one and one["reference"] not in known]


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


def _mask(visitor: str, shown: RunForm, name: MaskField) -> MaskChoice:
    label, help = _MASKS[name]
    chosen = own_picture(current_site(), visitor, shown.masks.get(name, ""))
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
