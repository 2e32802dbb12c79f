"""The link with which one result is shown to others."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.site.finished import finish
from tests.site.page import Page
from tests.site.person import Person
from webapp.records import Run

FILES = ("", "/picture.png", "/picture-960.webp")


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


@pytest.fixture
def run_id(person: Person) -> str:
    """A finished painting."""
    return finish(person.app, person.start())


def share(person: Person, run_id: str) -> str:
    """Share a painting and return where others see it."""
    person.press(f"/runs/{run_id}/share")
    token = person.site.runs.find(person.id, run_id).share
    assert token is not None
    return f"/shared/{token}"


def test_nothing_is_shared_until_its_owner_says_so(person: Person, run_id: str) -> None:
    assert person.site.runs.find(person.id, run_id).share is None
    assert "Only you can see this painting." in person.open(f"/runs/{run_id}").text
    for name in ("None", "", run_id):
        assert person.client.get(f"/shared/{name}").status_code == 404


def test_whoever_has_the_link_sees_the_result_and_nothing_else(
    person: Person, run_id: str, app: Flask
) -> None:
    address = share(person, run_id)
    assert len(address.rpartition("/")[2]) >= 32
    somebody = app.test_client()
    response = somebody.get(address)
    page = Page(response.text)
    assert "Cat in the manner of Fjord" in page.text and "Steps 20" in page.text
    assert page.pictures == [f"{address}/picture-1600.webp"]
    assert run_id not in response.text and "/pictures/" not in response.text
    assert somebody.get(f"{address}/picture.png").mimetype == "image/png"
    small = somebody.get(page.pictures[0])
    assert small.mimetype == "image/webp"
    again = somebody.get(page.pictures[0], headers={"If-None-Match": small.headers["ETag"]})
    assert again.status_code == 304
    assert page.values == {}
    # They have not become visitors by it, and the run itself is none of theirs.
    assert "Set-Cookie" not in response.headers
    assert somebody.get(f"/runs/{run_id}").status_code == 404
    assert f'value="http://localhost{address}"' in person.client.get(f"/runs/{run_id}").text


@pytest.mark.parametrize("file", FILES)
def test_search_engines_are_told_to_leave_it_alone(file: str, person: Person, run_id: str) -> None:
    response = person.client.get(share(person, run_id) + file)
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert "private" in response.headers["Cache-Control"]


@pytest.mark.parametrize("file", FILES)
def test_a_link_that_is_revoked_leads_nowhere_for_ever(
    file: str, person: Person, run_id: str, app: Flask
) -> None:
    old = share(person, run_id)
    assert share(person, run_id) == old
    person.press(f"/runs/{run_id}/revoke")
    revoked, unknown = (app.test_client().get(f"{link}{file}") for link in (old, "/shared/x"))
    assert revoked.status_code == unknown.status_code == 404
    assert revoked.text == unknown.text
    assert share(person, run_id) != old
    assert person.client.get(old + file).status_code == 404


def test_what_is_deleted_is_not_shared_any_more(person: Person, run_id: str) -> None:
    address = share(person, run_id)
    person.press(f"/runs/{run_id}/delete")
    assert person.client.get(address).status_code == 404


def test_what_is_not_finished_cannot_be_shared(person: Person) -> None:
    run_id = person.start()
    person.press(f"/runs/{run_id}/share")
    assert "Only a finished painting can be shared" in person.open(f"/runs/{run_id}").text
    assert person.site.runs.find(person.id, run_id).share is None


def test_the_result_is_shown_in_several_widths_and_linked_whole(
    person: Person, run_id: str
) -> None:
    address = share(person, run_id)
    with person.site.services.database.writing() as session:
        session.get_one(Run, run_id).width = 4000
    page = person.open(address)
    assert f"{address}/picture-480.webp 480w" in page.sources[0]
    assert f"{address}/picture.png" in page.links
