"""One row of the settings table: what it accepts, and how it says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

AUTO = "auto"

# How many artworks can be blended.
MOST_STYLES = 8

# In characters.
LONGEST_LAYERS = 2000

Kind = Literal["integer", "number", "choice", "layers", "blend"]
Group = Literal["basic", "balance", "manner", "detail", "beginning", "computing", "network"]

# What settings are about, in the order in which they are shown, and what a form calls it. The
# first is for everybody, the others for whoever wants more.
GROUPS: Mapping[Group, str] = {
    "basic": "The usual",
    "balance": "Balance",
    "manner": "Brush and colour",
    "detail": "Size and detail",
    "beginning": "Where it begins",
    "computing": "How it is computed",
    "network": "The network",
}


@dataclass(frozen=True)
class Setting:
    """One row of the table.

    `group` says what it is about. `automatic` says that the word "auto" is accepted besides a
    number. `step` is the increment a form offers. `choice_labels` are the choices as a person
    reads them, in the same order; without them the choices are words already.
    """

    name: str
    default: Any
    kind: Kind
    label: str
    help: str
    group: Group
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    choice_labels: tuple[str, ...] = ()
    automatic: bool = False

    @property
    def values(self) -> str:
        """What is accepted, as a phrase for a table or a message."""
        if self.kind == "choice":
            return ", ".join(self.choices)
        if self.kind == "blend":
            return "a number above 0 for each artwork, such as 3, 1"
        if self.kind == "layers":
            return "layer names with weights, such as block4_conv2:1"
        kind = "a whole number" if self.kind == "integer" else "a number"
        text = f"{kind} from {self.minimum} to {self.maximum}"
        return f"{AUTO}, or {text}" if self.automatic else text

    def shown(self, value: object) -> str:
        """Return a value as a person reads it: a choice by its label, a number as it is typed."""
        labels = self.choice_labels or [choice.capitalize() for choice in self.choices]
        named = dict(zip(self.choices, labels, strict=True))
        text = f"{value:g}" if isinstance(value, float) else str(value)
        return named.get(text, text)

    def parse(self, value: object) -> Any:
        """Return `value` in the setting's type; raise ValueError, as a sentence, if it is none."""
        return _PARSERS[self.kind](self, value)


def empty(value: object) -> bool:
    """Return whether a value stands for nothing, so that the default is taken."""
    return value is None or (isinstance(value, str) and not value.strip())


def _parse_number(setting: Setting, value: object) -> Any:
    if setting.automatic and isinstance(value, str) and value.strip().lower() == AUTO:
        return AUTO
    number = _finite(value)
    whole = setting.kind == "integer"
    assert setting.minimum is not None and setting.maximum is not None
    in_range = number is not None and setting.minimum <= number <= setting.maximum
    if number is None or not in_range or (whole and number != int(number)):
        raise ValueError(
            f"{setting.label} must be {setting.values}, but {_shown(value)} was given."
        )
    return int(number) if whole else number


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _parse_choice(setting: Setting, value: object) -> str:
    if isinstance(value, str) and value.strip() in setting.choices:
        return value.strip()
    raise ValueError(f"{setting.label} must be one of {setting.values}, not {_shown(value)}.")


def _parse_layers(setting: Setting, value: object) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_LAYERS:
        raise ValueError(f"{setting.label} must be {setting.values}.")
    return ", ".join(filter(None, (part.strip() for part in value.split(","))))


def _parse_blend(setting: Setting, value: object) -> str:
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    numbers = [_finite(part) for part in parts if not empty(part)]
    if len(numbers) > MOST_STYLES or any(number is None or number <= 0 for number in numbers):
        raise ValueError(f"{setting.label} must be {setting.values}, not {_shown(value)}.")
    return ", ".join(f"{number:g}" for number in numbers)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


_LONGEST_SHOWN = 40

_PARSERS: dict[Kind, Callable[[Setting, object], Any]] = {
    "integer": _parse_number,
    "number": _parse_number,
    "choice": _parse_choice,
    "layers": _parse_layers,
    "blend": _parse_blend,
}
