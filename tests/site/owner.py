"""A visitor who has everything that a visitor can have, by browser and by program alike."""

from __future__ import annotations

import io
from dataclasses import dataclass

from flask import Flask

from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.finished import finish
from tests.site.person import CONTENT, STYLE, Person
from webapp.access import IMAGE

# What a program orders, by the names of samples.
ORDER = {"content": CONTENT.partition(":")[2], "style": [STYLE.partition(":")[2]]}


@dataclass
class Owner:
    """One visitor, known by a cookie and by a token."""

    person: Person
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def make(self, kind: str) -> str:
        """Bring a picture, or have a painting finished; return its id."""
        client = self.person.client
        if kind == IMAGE:
            file = (io.BytesIO(file_bytes(corpus.plain())), "a.png")
            sent = client.post("/api/v1/images", data={"file": file}, headers=self.headers)
            return str(sent.json["id"])  # type: ignore[index]
        sent = client.post("/api/v1/runs", json=ORDER, headers=self.headers)
        return finish(self.person.app, str(sent.json["id"]))  # type: ignore[index]


def visitor(app: Flask) -> Owner:
    """Somebody whose cookie and token stand for the same visitor."""
    person = Person(app)
    token = str(person.client.post("/api/v1/sessions").json["token"])  # type: ignore[index]
    with person.client.session_transaction() as session:
        session["visitor"] = person.site.tokens.visitor(token)
        session.permanent = True
    person.open()
    return Owner(person, token)
