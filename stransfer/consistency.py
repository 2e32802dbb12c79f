"""Settings that are each right, and do not go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stransfer.models import MODELS

if TYPE_CHECKING:
    from stransfer.settings import Settings


def inconsistencies(settings: Settings) -> dict[str, str]:
    """Return a sentence, by name, for what does not go with the rest; nothing if all does."""
    errors = _layer_errors(settings)
    if not errors and settings.output_long_side < settings.size:
        errors["output_size"] = (
            f"Output size must be at least the size, {settings.size} px; raise it, or lower the "
            "size."
        )
    if not errors and settings.content_weight == settings.style_weight == 0:
        errors["style_weight"] = (
            "Content weight and style weight are both 0, so there is nothing to paint; "
            "raise one of them."
        )
    return errors


def _layer_errors(settings: Settings) -> dict[str, str]:
    errors = {}
    for name in ("content_layers", "style_layers"):
        try:
            MODELS[settings.model].parse_layers(getattr(settings, name))
        except ValueError as error:
            errors[name] = str(error)
    return errors
