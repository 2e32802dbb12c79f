"""Stransfer's engine: paints a photo in the manner of an artwork.

    import stransfer

    settings = stransfer.Settings(steps=5)
    for step in stransfer.run("photo.jpg", "painting.jpg", settings):
        print(step.step, step.loss.total)
    stransfer.save(step.image, "result.png", settings)

Reading order: `setting`, `settings`, `consistency` (whether they go together), `models`, `families`
and `layers` (what can be chosen), `subject` (the pictures), `pyramid` (the plan of a run),
`presets` (ready choices, and what they cost), `networks`, `convolution` and `losses` (what is
measured), `objective`, `optimizers` and `lbfgs` (what is minimised and how), `tiles`,
`receptive_field`, `tiled_objective`, `tiled_evaluation` (the same for images too large to measure
at once), `evaluation` (which of the two), `program` (all that compiled), `precision` (with how many
digits), `devices` (on what), `step` and `transfer` (the run), `results` and `timelapse` (the
files). `weights`, `weightfiles`, `downloads` and `untrained` give a network its filters; `limits`,
`header`, `srgb`, `images`, `colors`, `checkpoint`, `safeguard`, `memory`, `footprint` and
`progress` serve the rest, `cli` and `commands` are the door for people, and `bench` measures how
fast it all is. The engine knows nothing of the site.

What is named here is imported when it is first used. TensorFlow is only imported when a run begins,
or by `downloads` to download and by `precision` to measure.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stransfer.checkpoint import Checkpoint
    from stransfer.errors import (
        DeviceError,
        DivergedError,
        ImageError,
        MemoryExhaustedError,
        SettingsError,
        StransferError,
        TransferError,
        WeightsError,
    )
    from stransfer.models import MODELS, Model
    from stransfer.results import save
    from stransfer.setting import Setting
    from stransfer.settings import SETTINGS, Settings
    from stransfer.step import Loss, Step
    from stransfer.transfer import Transfer, run

__all__ = [
    "MODELS",
    "SETTINGS",
    "Checkpoint",
    "DeviceError",
    "DivergedError",
    "ImageError",
    "Loss",
    "MemoryExhaustedError",
    "Model",
    "Setting",
    "Settings",
    "SettingsError",
    "Step",
    "StransferError",
    "Transfer",
    "TransferError",
    "WeightsError",
    "run",
    "save",
]

# TensorFlow reads this when it is imported, and without it greets every user with a page of notes.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

_MODULES = {
    "checkpoint": ("Checkpoint",),
    "errors": tuple(name for name in __all__ if name.endswith("Error")),
    "models": ("MODELS", "Model"),
    "results": ("save",),
    "setting": ("Setting",),
    "settings": ("SETTINGS", "Settings"),
    "step": ("Loss", "Step"),
    "transfer": ("Transfer", "run"),
}


def __getattr__(name: str) -> Any:
    for module, names in _MODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
