"""The settings table as the form shows it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stransfer import downloads, folders, weights
from stransfer.models import MODELS, Model
from stransfer.presets import Preset
from stransfer.setting import Setting
from stransfer.weights import State

_READY = "Ready"
_LATER = "Downloaded when first used"
_MISSING = "Not to be had at the moment"


@dataclass(frozen=True)
class Choice:
    """One entry of a list to choose from; `heading` says what it stands under, if under any.

    `consequence` is a sentence on what follows from choosing it. Of what is `lacking` something
    is missing, so that it may not work.
    """

    value: str
    label: str
    note: str = ""
    heading: str = ""
    consequence: str = ""
    lacking: bool = False


@dataclass(frozen=True)
class Field:
    """One setting as the form shows it, with what the visitor typed and what is wrong with it.

    `unoffered` are values of the table that this visitor cannot use yet. `untrained` says that the
    network is wanted without weights.
    """

    setting: Setting
    value: str
    error: str | None
    unoffered: tuple[str, ...] = ()
    untrained: bool = False

    def __getattr__(self, name: str) -> Any:
        """Show whatever the table says of the setting: its label, help, bounds and unit."""
        return getattr(self.setting, name)

    @property
    def default(self) -> str:
        """The default as it would be typed."""
        return typed(self.setting.default)

    @property
    def choices(self) -> list[Choice]:
        """The entries to choose from, of a model with the state of its weights."""
        if self.setting.name == "model":
            return list(_models(int(time.monotonic()), *_weights_changed()))
        offered = (value for value in self.setting.choices if value not in self.unoffered)
        return [Choice(value, self.setting.shown(value)) for value in offered]

    @property
    def without_weights(self) -> str:
        """What follows from any model without weights."""
        return "Untrained, it needs no weights."

    @property
    def consequence(self) -> str:
        """What follows from what is chosen now, or nothing."""
        if self.setting.name == "model" and self.untrained:
            return self.without_weights
        chosen = (choice for choice in self.choices if choice.value == self.value)
        return next((choice.consequence for choice in chosen), "")


@dataclass(frozen=True)
class PresetChoice:
    """One preset as the form shows it; `about` says how long it takes, or nothing."""

    preset: Preset
    about: str
    chosen: bool

    def __getattr__(self, name: str) -> Any:
        """Show whatever the table says of the preset."""
        return getattr(self.preset, name)


@lru_cache(maxsize=1)
def _models(second: int, *changed: int) -> tuple[Choice, ...]:
    """Return the models with the state of their weights, looked for anew once a second.

    And at once where a file has come or gone in one of the folders that may hold some.
    """
    return tuple(_model_choice(model) for model in MODELS.values())


def _weights_changed() -> list[int]:
    """Return when each folder that may hold weights was last changed, in ns; 0 for no folder."""
    found = []
    for folder in (*folders.weights(), folders.keras_cache()):
        try:
            found.append(folder.stat().st_mtime_ns)
        except OSError:
            found.append(0)
    return found


def typed(value: object) -> str:
    """Return the value of a setting as a visitor would type it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _model_choice(model: Model) -> Choice:
    """Return a model with whether it can be painted with, and what happens if it cannot yet."""
    match weights.state(model):
        case State.DOWNLOAD:
            size = f"{model.download_mb} MB"
            sentence = f"Its weights are not here yet: {size} are downloaded when painting starts."
            return Choice(model.name, model.title, size, _LATER, sentence, lacking=True)
        case State.OFFLINE:
            sentence = downloads.missing(model, "could not be downloaded a moment ago")
            return Choice(model.name, model.title, "", _MISSING, sentence, lacking=True)
    return Choice(model.name, model.title, "", _READY)
