"""Which precisions can be measured: those of the setting, or float32 alone where there is none."""

from __future__ import annotations

from typing import Any

from stransfer.setting import AUTO
from stransfer.settings import BY_NAME, Settings

FLOAT32 = "float32"
BFLOAT16 = "bfloat16"

_NAME = "precision"


def choices() -> tuple[str, ...]:
    """Return what can be chosen."""
    return BY_NAME[_NAME].choices if _NAME in BY_NAME else (FLOAT32,)


def default() -> str:
    """Return what is chosen unless something else is."""
    return str(BY_NAME[_NAME].default) if _NAME in BY_NAME else FLOAT32


def with_precision(values: dict[str, Any], precision: str) -> dict[str, Any]:
    """Return settings, by name, with this precision."""
    return {**values, _NAME: precision} if _NAME in BY_NAME else values


def used(settings: Settings) -> str:
    """Return the precision that a run with these settings computes its convolutions in."""
    chosen = getattr(settings, _NAME, FLOAT32)
    return _automatic() if chosen == AUTO else str(chosen)


def _automatic() -> str:
    # Nothing is decided automatically yet; whatever does it once is to be asked here.
    return FLOAT32
