"""How long browsers may keep what they fetched."""

from __future__ import annotations

from flask import Response

YEAR = 31_536_000


def lasting(response: Response, public: bool = False) -> Response:
    """Let a browser keep an answer for good: whatever changes has another address then.

    What is not public only the browser that asked may keep, and no cache on the way.
    """
    response.cache_control.public = public
    response.cache_control.private = None if public else True
    response.cache_control.max_age = YEAR
    response.cache_control.immutable = True
    return response
