"""Names for the files that visitors download, safe on every system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

_LONGEST = 80

# Windows takes these for devices, whatever their ending.
_DEVICES = re.compile(r"con|prn|aux|nul|com\d|lpt\d")


def stem(title: str) -> str:
    """Return a title as the name of a file without its ending: small letters, digits, hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain)[:_LONGEST].strip("-")
    return f"painting-{name}" if _DEVICES.fullmatch(name) else name or "painting"


def stems(titles: Sequence[str]) -> Iterator[str]:
    """Give a different name for each title; those that would be the same are numbered."""
    given: set[str] = set()
    for title in titles:
        name = stem(title)
        number, unique = 1, name
        while unique in given:
            number += 1
            unique = f"{name}-{number}"
        given.add(unique)
        yield unique
