"""How large and how small a picture may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """The largest and smallest picture that is read; checked before a pixel is decoded."""

    pixels: int = 50_000_000
    longest_side: int = 12_000
    shortest_side: int = 32
    aspect: float = 20.0
