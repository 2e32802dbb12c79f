"""The networks as plain values, for whoever lists them."""

from __future__ import annotations

from typing import Any

from stransfer import weights
from stransfer.models import MODELS


def model_values() -> list[dict[str, Any]]:
    """Return every network with its layers, its smallest picture and the state of its weights."""
    return [
        {
            "name": model.name,
            "title": model.title,
            "weights": weights.state(model),
            "download_mb": model.download_mb,
            "credit": model.weights_credit,
            "content_layers": dict(model.content_layers),
            "style_layers": dict(model.style_layers),
            "layers": list(model.layers),
            "minimum_size": model.minimum_size({**model.content_layers, **model.style_layers}),
        }
        for model in MODELS.values()
    ]
