"""Parts of pages that look the same for many visitors are written once."""

from __future__ import annotations

from typing import Any

from flask import Flask
from jinja2.runtime import Macro
from markupsafe import Markup

# Together at most some megabytes.
_MOST = 256
_LONGEST = 32_768


class Fragments:
    """Remembers what macros made of their arguments.

    Only for macros that show nothing else: no address, nothing of the request or of the visitor.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._known: dict[object, Markup] = {}

    def once(self, macro: Macro, *arguments: Any) -> Markup:
        """Return what a macro makes of its arguments, which are values, lists and mappings."""
        key = macro, *map(_fixed, arguments)
        found = self._known.get(key)
        if found is None:
            found = Markup(macro(*arguments))
            if len(found) <= _LONGEST:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[key] = found
        return found


def install(app: Flask) -> None:
    """Give the templates `once(macro, ...)`."""
    app.add_template_global(Fragments().once, "once")


def _fixed(argument: object) -> object:
    """Return an argument as what can be looked up; 1 and True are equal, and written otherwise."""
    if isinstance(argument, list):
        return tuple(argument)
    if isinstance(argument, dict):
        return tuple(argument.items())
    return type(argument), argument
