"""Whether a page of this site asks, as far as the browser says so; for live connections.

Other sites can make a browser connect, and it adds the visitor's cookie if they are close enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_own(origin: str | None, environ: Mapping[str, Any]) -> bool:
    """Return whether an `Origin` is the one under which the request reached the site."""
    own = f"{environ.get('wsgi.url_scheme')}://{environ.get('HTTP_HOST', '')}"
    found = _parts(origin or "")
    return found is not None and found == _parts(own)


def by_own_page(environ: Mapping[str, Any]) -> bool:
    """Return whether the browser says that a page of this site asks.

    It sends `Origin` with everything but the first request by polling; with that one, it says so
    in `Sec-Fetch-Site` if it trusts the connection, and names the page in `Referer`.
    """
    origin = environ.get("HTTP_ORIGIN")
    if origin is not None:
        return is_own(origin, environ)
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return bool(site == "same-origin")
    return is_own(environ.get("HTTP_REFERER"), environ)


def _parts(address: str) -> tuple[str, str, int | None] | None:
    try:
        split = urlsplit(address)
        port = split.port or _DEFAULT_PORTS.get(split.scheme)
    except ValueError:
        return None
    return (split.scheme, split.hostname, port) if split.scheme and split.hostname else None
