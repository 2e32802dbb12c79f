"""What a page costs: how often it asks the database, and what it works out anew."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Connection, event

from stransfer import folders
from tests.site import order
from tests.site.page import Page
from tests.site.person import Person
from webapp.runs.leases import Leases


@pytest.mark.parametrize(("path", "most"), [("/", 8), ("/gallery", 4), ("/runs/{id}", 4)])
def test_a_page_asks_the_database_no_more_often_than_it_must(
    path: str, most: int, app: Flask, person: Person
) -> None:
    services = person.site.services
    run_id = person.start()
    order.claim(Leases(services.database, services.config))
    person.open(path.format(id=run_id))
    asked: list[str] = []

    def note(_: Connection, __: object, statement: str, *___: object) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    event.listen(services.database._engine, "before_cursor_execute", note)
    person.open(path.format(id=run_id))
    assert 0 < len(asked) <= most, "\n\n".join(asked)


def test_the_form_shows_at_once_that_weights_have_come(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSTANCE_PATH", person.site.services.config.instance_path)
    monkeypatch.setenv("KERAS_HOME", person.site.services.config.instance_path)
    folder, _ = folders.weights()
    folder.mkdir(exist_ok=True)
    before = person.open("/")
    (folder / "resnet50.npz").touch()
    assert "ResNet50 –" in before.text
    assert "ResNet50 –" not in person.open("/").text


def test_two_visitors_share_what_is_the_same_and_nothing_of_their_own(app: Flask) -> None:
    one, two = Person(app), Person(app)
    one.open("/")
    sent = one.send(None, steps="no number")
    assert Page(sent.text).values["steps"] == "no number"
    assert two.open("/").values["steps"] == "20"
    assert one.open("/").values["csrf_token"] != two.open("/").values["csrf_token"]
