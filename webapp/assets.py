"""The site's own style sheets, scripts, icons and typeface, at an address that changes with them.

The address holds a digest of all of them, so a browser may keep what it has fetched for good. What
a script imports, and what a style sheet refers to, is found beside it, under the same address.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from flask import Flask, Response, send_from_directory

from webapp.caching import lasting

_ENDPOINT = "static"
_IMPORT = re.compile(r'^import\s[^;"]*"\./([^"]+)"', re.MULTILINE)


class Assets:
    """The files of one folder."""

    def __init__(self, folder: Path) -> None:
        """Look at the files as they are now; `version` stands for all of them together."""
        self._folder = folder
        self._imports: dict[str, list[str]] = {}
        self.version = _version(folder)

    def answer(self, version: str, filename: str) -> Response:
        """Give a file. Under an earlier version's address it may be kept no longer than asked."""
        response = send_from_directory(self._folder, filename, conditional=True)
        if version != self.version:
            return response
        response.cache_control.no_cache = None
        return lasting(response, public=True)

    def imports(self, script: str) -> list[str]:
        """Return the scripts that a script cannot begin without, however far down.

        A browser that is told of them fetches them all at once, not one after reading the other.
        """
        if script not in self._imports:
            self._imports[script] = self._collected(script)
        return self._imports[script]

    def _collected(self, script: str) -> list[str]:
        found = [script]
        for each in found:
            place = each.rpartition("/")[0]
            for name in _IMPORT.findall((self._folder / each).read_text()):
                path = f"{place}/{name}"
                if path not in found:
                    found.append(path)
        return found[1:]


def install(app: Flask, folder: Path) -> None:
    """Serve a folder as `url_for("static", filename=...)`, and tell templates of `imports`."""
    assets = Assets(folder)

    @app.url_defaults
    def versioned(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == _ENDPOINT:
            values.setdefault("version", assets.version)

    app.add_url_rule("/static/<version>/<path:filename>", _ENDPOINT, assets.answer)
    app.add_template_global(assets.imports, "imports")


def _version(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
