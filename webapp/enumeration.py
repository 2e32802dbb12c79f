"""How several names are told in a sentence."""

from __future__ import annotations

from collections.abc import Iterable


def enumerated(names: Iterable[str]) -> str:
    """Return names as one phrase: "Fjord, Poppies and Marbling"; empty if there are none."""
    *first, last = [*names] or [""]
    return f"{', '.join(first)} and {last}" if first else last
