"""The settings table as the form shows it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from stransfer import folders
from stransfer.models import MODELS
from stransfer.presets import Preset
from stransfer.setting import Setting
from stransfer.weights import describe, find


@dataclass(frozen=True)
class Choice:
    """One entry of a list to choose from."""

    value: str
    label: str
    note: str = ""
    disabled: bool = False


@dataclass(frozen=True)
class Field:
    """One setting as the form shows it, with what the visitor typed and what is wrong with it.

    `unoffered` are values of the table that this visitor cannot use yet.
    """

    setting: Setting
    value: str
    error: str | None
    unoffered: tuple[str, ...] = ()

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
        if self.setting.name != "model":
            offered = (value for value in self.setting.choices if value not in self.unoffered)
            return [Choice(value, value.capitalize()) for value in offered]
        return list(_models(int(time.monotonic()), *_weights_changed()))


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
    return tuple(
        Choice(model.name, model.title, "" if find(model) else describe(model))
        for model in MODELS.values()
    )


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
