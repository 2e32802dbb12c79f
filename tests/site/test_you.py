"""The page about oneself: a link that opens the gallery elsewhere, and being forgotten."""

from __future__ import annotations

import dataclasses
import io
import re
import time
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.finished import finish
from tests.site.page import Page
from tests.site.person import Person
from webapp import create_app
from webapp.config import Config
from webapp.records import Base, Image, Run, Visitor
from webapp.services import Services

BOTH_DATABASES = True

LINK = re.compile(r"http://localhost(/you/open/[A-Za-z0-9_-]+)")


def newcomer(app: Flask) -> Person:
    person = Person(app)
    person.open()
    return person


def link_of(answer: TestResponse) -> str:
    """The path of the link that a page shows."""
    found = LINK.search(answer.text)
    assert found is not None, answer.text
    return found[1]


def make_link(person: Person) -> str:
    answer = person.press("/you/link")
    assert answer.status_code == 200
    return link_of(answer)


def take(person: Person, link: str, **choice: str) -> TestResponse:
    mark = person.open("/you").values["csrf_token"]
    return person.client.post(link, data={"csrf_token": mark, **choice})


def paintings(person: Person) -> set[str]:
    return {link for link in person.open("/gallery").links if link.startswith("/runs/")}


def paint(person: Person) -> str:
    return f"/runs/{finish(person.app, person.start())}"


def bring(person: Person) -> str:
    """Upload a picture, and use it for a run that is stopped; return the address of the upload."""
    sent = person.send({"content": ("a.png", file_bytes(corpus.plain()))})
    run = person.site.runs.find(person.id, sent.headers["Location"].rpartition("/")[2])
    person.site.runs.cancel(person.id, run.id)
    person.site.runs.delete(person.id, run.id)
    return f"/pictures/images/{str(run.content['reference']).partition(':')[2]}"


def test_a_link_opens_the_gallery_in_another_browser(person: Person) -> None:
    painting, upload = paint(person), bring(person)
    phone = newcomer(person.app)
    link = make_link(person)
    page = phone.client.get(link)
    assert page.status_code == 200 and "one painting and one upload" in Page(page.text).text
    answer = take(phone, link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/gallery")
    assert "shows the same gallery" in phone.open("/gallery").text
    assert paintings(phone) == paintings(person) == {painting}
    assert phone.client.get(upload).status_code == 200
    # From now on both paint in the same one.
    another = paint(phone)
    assert paintings(person) == {painting, another}


def test_the_secret_has_192_bits_and_only_its_hash_is_kept(person: Person, config: Config) -> None:
    secret = make_link(person).rpartition("/")[2]
    assert len(secret) * 6 >= 192 and secret != make_link(person).rpartition("/")[2]
    person.site.services.database.close()
    for path in Path(config.instance_path).rglob("*"):
        assert not path.is_file() or secret.encode() not in path.read_bytes(), path


def test_looking_at_a_link_changes_nothing(person: Person) -> None:
    paint(person)
    link = make_link(person)
    for _ in range(3):
        preview = person.app.test_client()
        assert preview.get(link).status_code == preview.head(link).status_code == 200
        assert "/runs/" not in preview.get("/gallery").text
    page = preview.get(link)
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert page.headers["Cache-Control"] == "no-store"
    # Not even somebody's form that was sent from elsewhere.
    assert preview.post(link).status_code == 400
    phone = newcomer(person.app)
    assert take(phone, link).status_code == 303


def test_a_link_works_once(person: Person) -> None:
    paint(person)
    link = make_link(person)
    take(newcomer(person.app), link)
    late = newcomer(person.app)
    used, never = take(late, link), take(late, "/you/open/never")
    assert used.status_code == never.status_code == 404
    assert Page(used.text).text == Page(never.text).text
    assert late.client.get(link).status_code == 404
    assert paintings(late) == set()


def test_a_newer_link_and_the_button_make_an_earlier_one_useless(person: Person) -> None:
    first = make_link(person)
    second = make_link(person)
    assert person.client.get(first).status_code == 404
    assert "The link you made before works for another 2" in person.open("/you").text
    person.press("/you/revoke")
    assert person.client.get(second).status_code == 404
    assert "The link you made before" not in person.open("/you").text


def test_a_link_expires(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    person = newcomer(create_app(dataclasses.replace(config, recovery_hours=2)))
    paint(person)
    link = make_link(person)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 2 * 3600 - 60)
    assert person.client.get(link).status_code == 200
    monkeypatch.setattr(time, "time", lambda: now + 2 * 3600 + 1)
    phone = newcomer(person.app)
    assert phone.client.get(link).status_code == 404
    assert take(phone, link).status_code == 404
    assert "The link you made before" not in person.open("/you").text


def test_in_the_browser_that_made_it_a_link_is_not_used_up(person: Person) -> None:
    paint(person)
    link = make_link(person)
    assert "This browser shows it already" in person.open(link).text


def test_what_the_other_browser_had_is_not_moved_before_it_is_said_so(
    person: Person, stranger: Person
) -> None:
    painting, own = paint(person), paint(stranger)
    link = make_link(person)
    page = stranger.open(link)
    assert "This browser already has one painting" in page.text
    assert page.options["before"] == ["bring", "leave"] and "before" not in page.chosen
    answer = take(stranger, link)
    assert answer.status_code == 422
    assert "Choose what happens" in Page(answer.text).text
    assert (paintings(person), paintings(stranger)) == ({painting}, {own})


def test_what_the_other_browser_had_can_come_along(person: Person, stranger: Person) -> None:
    painting, own, upload = paint(person), paint(stranger), bring(stranger)
    # A third browser shows what the second one does.
    third = newcomer(person.app)
    take(third, make_link(stranger))
    tokens = stranger.site.tokens
    take(stranger, make_link(person), before="bring")
    for browser in (person, stranger, third):
        assert paintings(browser) == {painting, own}
        assert browser.client.get(upload).status_code == 200
    assert third.id == person.id == stranger.id
    assert tokens.visitor("never") is None


def test_who_asks_while_two_become_one_loses_nothing(person: Person, stranger: Person) -> None:
    paint(person)
    paint(stranger)
    before = stranger.id
    take(stranger, make_link(person), before="bring")
    # As a request does that had begun before.
    stale = person.site.uploads.add(
        before, "content", "a.png", io.BytesIO(file_bytes(corpus.plain()))
    )
    assert stale.visitor_id == person.id
    assert person.client.get(f"/pictures/images/{stale.id}").status_code == 200


def test_the_same_form_sent_in_both_browsers_is_no_obstacle(
    person: Person, stranger: Person
) -> None:
    for browser in (person, stranger):
        browser.send(submission="one form")
    assert len(paintings(person) | paintings(stranger)) == 2
    take(stranger, make_link(person), before="bring")
    assert len(paintings(person)) == 2


def test_what_the_other_browser_had_can_stay_behind_a_link_of_its_own(
    person: Person, stranger: Person
) -> None:
    painting, own = paint(person), paint(stranger)
    answer = take(stranger, make_link(person), before="leave")
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    assert paintings(stranger) == paintings(person) == {painting}
    again = newcomer(person.app)
    take(again, link_of(answer))
    assert paintings(again) == {own}


def test_the_page_says_what_there_is_and_leads_on(person: Person) -> None:
    assert "no paintings and no uploads yet" in person.open("/you").text
    paint(person)
    page = person.open("/you")
    assert "one painting" in page.text and "/you/forget" in page.links
    assert "/you" in person.open("/gallery").links


def test_being_forgotten_is_asked_for_twice_and_leaves_nothing(
    person: Person, stranger: Person, services: Services
) -> None:
    kept = paint(stranger)
    bring(stranger)
    upload = bring(person)
    painting = paint(person)
    live = person.start(steps="9")
    person.press(f"{painting}/share")
    shared = person.site.runs.find(person.id, painting.rpartition("/")[2]).share
    link = make_link(person)
    ask = person.open("/you/forget")
    assert "2 paintings and one upload are deleted" in ask.text
    assert person.client.get(painting).status_code == 200
    old = person.id
    answer = person.press("/you/forget")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert "Everything of yours has been deleted." in person.open().text
    assert person.id != old
    for path in (painting, upload, f"/runs/{live}", f"/shared/{shared}", link):
        assert person.client.get(path).status_code == 404, path
    assert of(services, old) == 0
    # Nobody else lost anything.
    assert paintings(stranger) == {kept} and of(services, stranger.id) > 0
    files = {file.key for file in services.media.files() if not file.key.startswith("samples/")}
    with services.database.reading() as session:
        runs, images = (
            session.scalars(select(Run.id)).all(),
            session.scalars(select(Image.id)).all(),
        )
    assert files and all(any(id in key for id in (*runs, *images)) for key in files)


def of(services: Services, visitor_id: str) -> int:
    """How many rows there are of a visitor, in whatever table."""
    tables = [table for table in Base.metadata.sorted_tables if "visitor_id" in table.c]
    assert len(tables) >= 4
    with services.database.reading() as session:
        rows = [
            session.scalar(
                select(func.count()).select_from(table).where(table.c.visitor_id == visitor_id)
            )
            for table in tables
        ]
        known = session.get(Visitor, visitor_id) is not None
    return sum(row or 0 for row in rows) + known


def test_a_program_that_came_along_is_forgotten_as_well(app: Flask, person: Person) -> None:
    token = app.test_client().post("/api/v1/sessions").json["token"]  # type: ignore[index]
    program = person.site.tokens.visitor(token)
    assert program is not None
    offer = person.site.recoveries.offer(person.id)
    owner, left = person.site.recoveries.take(offer.secret, program, bring=True)
    assert (owner, left) == (person.id, None)
    assert person.site.tokens.visitor(token) == person.id
    assert "one API token" in person.open("/you").text
    person.press("/you/forget")
    assert person.site.tokens.visitor(token) is None


def test_a_form_from_before_the_gallery_changed_does_nothing_in_the_new_one(
    person: Person, stranger: Person
) -> None:
    paint(person)
    before = stranger.open("/you").values
    take(stranger, make_link(person))
    assert stranger.client.post("/you/forget", data=before).status_code == 400
    assert len(paintings(person)) == 1
