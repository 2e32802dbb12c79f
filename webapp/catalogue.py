"""The networks, as the API lists them."""

from __future__ import annotations

from typing import Any

from stransfer.models import MODELS
from stransfer.weights import state


def model_values() -> list[dict[str, Any]]:
    """Return every network with its layers and the state of its weights."""
    return [
        {
            "name": model.name,
            "title": model.title,
            "weights": state(model),
            "download_mb": model.download_mb,
            "layers": list(model.layers),
            "content_layers": dict(model.content_layers),
            "style_layers": dict(model.style_layers),
        }
        for model in MODELS.values()
    ]
