"""Somebody who uses the site through Flask's test client, as a browser without JavaScript would."""

from __future__ import annotations

import io
from collections.abc import Mapping

from flask import Flask
from werkzeug.test import TestResponse

from tests.site.page import Page
from webapp.site import Site

CONTENT = "sample:cat.jpg"
STYLE = "sample:fjord.jpg"


class Person:
    """One visitor with a cookie jar of their own."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client = app.test_client()
        self.site: Site = app.extensions["stransfer"]

    @property
    def id(self) -> str:
        """The id in this visitor's cookie."""
        with self.client.session_transaction() as session:
            return str(session["visitor"])

    def open(self, path: str = "/") -> Page:
        """Return a page; fail if there is none."""
        response = self.client.get(path)
        assert response.status_code == 200, response.text
        return Page(response.text)

    def press(self, path: str) -> TestResponse:
        """Send one of the small forms that consist of a button."""
        return self.client.post(path, data={"csrf_token": self.open().values["csrf_token"]})

    def send(
        self, files: Mapping[str, tuple[str, bytes]] | None = None, **fields: str | list[str]
    ) -> TestResponse:
        """Fill the form on the first page and send it; a field that is "-" is left out."""
        return self._send("/runs", files, fields)

    def draft(
        self, files: Mapping[str, tuple[str, bytes]] | None = None, **fields: str | list[str]
    ) -> TestResponse:
        """Fill the form likewise, and send it for a draft."""
        return self._send("/drafts", files, fields)

    def start(self, **fields: str | list[str]) -> str:
        """Start a run and return its id."""
        response = self.send(None, **fields)
        assert response.status_code == 303, response.text
        return response.headers["Location"].rpartition("/")[2]

    def _send(
        self,
        path: str,
        files: Mapping[str, tuple[str, bytes]] | None,
        fields: Mapping[str, str | list[str]],
    ) -> TestResponse:
        form = {**self.open().values, "content": CONTENT, "style": STYLE, "size": "100"}
        data: dict[str, object] = {**form, **fields}
        data = {name: value for name, value in data.items() if value != "-"}
        for role, (name, content) in (files or {}).items():
            data[f"{role}_file"] = (io.BytesIO(content), name)
        return self.client.post(path, data=data, content_type="multipart/form-data")
