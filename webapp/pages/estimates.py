"""What presets there are, and how long a painting will take: JSON for programs and for the form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from stransfer.errors import SettingsError
from stransfer.settings import Settings
from webapp import estimates
from webapp.access import public
from webapp.estimates import Estimates
from webapp.parameters import HEIGHT, WIDTH
from webapp.rates import ESTIMATES, limited
from webapp.site import current_site

blueprint = Blueprint("estimates", __name__, url_prefix="/api/v1")


@blueprint.get("/presets")
@public
@limited(ESTIMATES)
def list_presets() -> list[dict[str, Any]]:
    """List the presets with what they set and cost beside the settings in the query."""
    settings, estimated = _asked()
    return _presets(settings, estimated)


@blueprint.get("/estimate")
@public
@limited(ESTIMATES)
def estimate() -> dict[str, Any]:
    """Tell what a run with the settings in the query costs, for a photo of `width` and `height`."""
    settings, estimated = _asked()
    found = estimates.values(estimated.of(settings))
    return {**found, "presets": _presets(settings, estimated)}


def _asked() -> tuple[Settings, Estimates]:
    wanted = request.args.to_dict()
    photo = {
        side.name: number for side in (WIDTH, HEIGHT) if (number := side.read(wanted)) is not None
    }
    for name in photo:
        del wanted[name]
    if len(photo) == 1:
        raise SettingsError(dict.fromkeys(photo, "Give both width and height, or neither."))
    settings = Settings.parse(wanted)
    return settings, Estimates(current_site().speeds.by_model(), **photo)


def _presets(settings: Settings, estimated: Estimates) -> list[dict[str, Any]]:
    return [
        {
            "name": preset.name,
            "label": preset.label,
            "help": preset.help,
            "settings": preset.settings,
            **estimates.values(found),
        }
        for preset, found in estimated.presets(settings)
    ]
