"""Three sets of settings to choose from before one knows any of them, and what they cost.

A preset sets few settings and leaves the others alone. Whatever is given beside it wins.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stransfer import pyramid
from stransfer.errors import SettingsError
from stransfer.setting import empty
from stransfer.settings import BY_NAME as SETTINGS_BY_NAME
from stransfer.settings import Settings

# The proportions of most photos, for what a run costs before its own photo is known.
USUAL_WIDTH, USUAL_HEIGHT = 4, 3


@dataclass(frozen=True)
class Preset:
    """One preset; `changed` has what it sets to something else than the default."""

    name: str
    label: str
    help: str
    changed: Mapping[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting that presets are about, with the value it has in this one."""
        return {name: self.changed.get(name, SETTINGS_BY_NAME[name].default) for name in DECIDED}

    @property
    def values(self) -> str:
        """What it sets, as a phrase."""
        return ", ".join(f"{name} {value}" for name, value in self.settings.items())

    def over(self, settings: Settings) -> Settings:
        """Return settings changed to what the preset sets.

        Raises SettingsError where that does not go with the others.
        """
        return dataclasses.replace(settings, **self.settings)


STANDARD = Preset("standard", "Standard", "What suits most pictures: the defaults.", {})
PRESETS = (
    Preset(
        "draft",
        "Draft",
        "Small and soon done: enough to judge by whether a photo and an artwork go together.",
        {"size": 300, "steps": 8},
    ),
    STANDARD,
    Preset(
        "fine",
        "Fine",
        "Larger, and closer to the artwork: for a picture to keep.",
        {"size": 800, "steps": 30},
    ),
)
BY_NAME: Mapping[str, Preset] = {preset.name: preset for preset in PRESETS}

# The settings that presets are about.
DECIDED: tuple[str, ...] = tuple(
    name for name in SETTINGS_BY_NAME if any(name in preset.changed for preset in PRESETS)
)


def find(name: object) -> Preset:
    """Return the preset of this name; raise SettingsError, naming `preset`, if there is none."""
    if isinstance(name, str) and name in BY_NAME:
        return BY_NAME[name]
    raise SettingsError({"preset": f"Preset must be one of {', '.join(BY_NAME)}, not {name!r}."})


def applied(name: object, given: Mapping[str, object]) -> dict[str, object]:
    """Return the settings that a preset, None for none of them, and values given beside it make.

    A value that is given wins over the preset; an empty one counts as not given. Raises
    SettingsError for an unknown preset; the values themselves are not checked.
    """
    preset = {} if name is None else find(name).settings
    return preset | {key: value for key, value in given.items() if not empty(value)}


def chosen(settings: Mapping[str, object]) -> Preset | None:
    """Return the preset that settings stand for, typed or parsed, empty for default, if any."""
    given = applied(STANDARD.name, settings)
    for preset in PRESETS:
        if all(str(given[name]).strip() == str(preset.settings[name]) for name in DECIDED):
            return preset
    return None


def cost(settings: Settings, width: int = USUAL_WIDTH, height: int = USUAL_HEIGHT) -> float:
    """Return how many pixels a run computes, for a photo of these proportions.

    With the same network that is what its time is proportional to. Raises ImageError if the photo
    is too narrow for the settings.
    """
    return pyramid.cost(pyramid.plan(width, height, settings))


def relative_cost(
    settings: Settings, width: int = USUAL_WIDTH, height: int = USUAL_HEIGHT
) -> float:
    """Return what a run costs next to one with the same network and the defaults.

    Raises ImageError if the photo is too narrow for either of them.
    """
    standard = Settings(model=settings.model, weights=settings.weights)
    return cost(settings, width, height) / cost(standard, width, height)
