"""The application, which remembers the addresses it has built: a page has a hundred of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from flask import Flask, has_request_context, request

# Each takes some hundred bytes; those of runs and uploads make room for newer ones.
_MOST = 4096
_SIMPLE = (str, int, bool)


class Application(Flask):
    """Builds each address once, as long as it is asked for now and then."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Make the application like any other."""
        super().__init__(*arguments, **options)
        self._known = lru_cache(_MOST)(self._build)

    def url_for(self, /, endpoint: str, **values: Any) -> str:
        """Return the address of an endpoint.

        Whole addresses, which depend on more of the request, and lists of things are built anew.
        """
        told = {name: value for name, value in values.items() if value is not None}
        simple = all(name[0] != "_" and type(value) in _SIMPLE for name, value in told.items())
        if not simple or not has_request_context():
            return super().url_for(endpoint, **values)
        nearby = request.blueprint if endpoint.startswith(".") else None
        # 1 and True are equal, and not the same in an address.
        key = tuple((name, type(value), value) for name, value in told.items())
        return self._known(request.environ.get("SCRIPT_NAME", ""), nearby, endpoint, key)

    def _build(
        self, root: str, blueprint: str | None, endpoint: str, told: Sequence[tuple[str, type, Any]]
    ) -> str:
        return super().url_for(endpoint, **{name: value for name, _, value in told})
