"""Settings for runs that take a second."""

from __future__ import annotations

from collections.abc import Callable

from stransfer.settings import Settings
from stransfer.step import Step

QUICK = Settings(size=100, scales=2, steps=3)

Run = Callable[..., list[Step]]
