"""Whole numbers in the query of a request: what they may be, and how one that is not is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stransfer.errors import SettingsError

_LONGEST_SHOWN = 40


@dataclass(frozen=True)
class Parameter:
    """One number that an address of the API takes after its question mark."""

    name: str
    help: str
    minimum: int
    maximum: int
    default: int | None = None

    def read(self, query: Mapping[str, str]) -> int | None:
        """Return what was asked for, else the default; raise SettingsError if it is no number."""
        text = query.get(self.name)
        if text is None:
            return self.default
        # More digits than the largest number has need not be read.
        if text.isascii() and text.isdecimal() and len(text) <= len(str(self.maximum)):
            number = int(text)
            if self.minimum <= number <= self.maximum:
                return number
        raise SettingsError(
            {
                self.name: f"{self.help} It must be a whole number from {self.minimum} to "
                f"{self.maximum}, not {text[:_LONGEST_SHOWN]!r}."
            }
        )


PAGE = Parameter("page", "The page of ended runs, from 1 on.", 1, 10**9, default=1)
IMAGE_PAGE = Parameter("page", "The page of images, from 1 on.", 1, 10**9, default=1)
AFTER = Parameter("after", "How many of the newest are left out.", 0, 10**9, default=0)
SINCE = Parameter("since", "The `seq` after which losses are wanted.", 0, 10**9, default=0)
WIDTH = Parameter("width", "The photo's width in pixels.", 1, 10**6)
HEIGHT = Parameter("height", "The photo's height in pixels.", 1, 10**6)
