"""The ids by which runs, images and visitors are known: made here, and all of the same form."""

from __future__ import annotations

import re

PATTERN = "^[0-9a-f]{32}$"

_ID = re.compile(PATTERN)


def is_id(text: str) -> bool:
    """Return whether a text can be an id. One that cannot need not be looked up.

    No database takes every text that a stranger can send.
    """
    return _ID.fullmatch(text) is not None
