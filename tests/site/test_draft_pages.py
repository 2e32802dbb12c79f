"""What the script of the first page is answered about drafts."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from flask import Flask
from PIL import Image

from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.person import Person
from webapp import create_app
from webapp.config import Config
from webapp.records import RunState
from webapp.runs import drafts
from webapp.runs.leases import Leases
from webapp.runs.painter import Painter
from webapp.visitors import join


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


def ordered(person: Person, **fields: str | list[str]) -> dict[str, str]:
    """Order a draft and return the answer."""
    response = person.draft(None, **fields)
    assert response.status_code == 201, response.text
    answer: dict[str, str] = response.get_json()
    return answer


def cancel(person: Person, answer: dict[str, str]) -> int:
    mark = person.open().values["csrf_token"]
    return person.client.post(answer["cancel"], data={"csrf_token": mark}).status_code


def test_a_draft_is_watched_by_its_visitor_and_by_nobody_else(
    person: Person, stranger: Person
) -> None:
    answer = ordered(person, style_weight="3")
    run = person.client.get(answer["api"])
    assert run.status_code == 200
    assert (run.get_json()["state"], run.get_json()["settings"]["style_weight"]) == ("queued", 3)
    assert (run.get_json()["steps"], run.get_json()["result_url"]) == (drafts.STEPS, None)
    assert stranger.client.get(answer["api"]).status_code == 404


def test_a_draft_has_a_picture_and_no_page(config: Config) -> None:
    """Painted with the real network."""
    person, stranger = (Person(app) for app in [create_app(config)] * 2)
    person.open()
    stranger.open()
    answer = ordered(person)
    services = person.site.services
    leases = Leases(services.database, services.config)
    claim = leases.claim("worker")
    assert claim is not None and claim.run_id == answer["id"]
    Painter(services, leases).paint(claim)
    run = person.client.get(answer["api"]).get_json()
    assert run["state"] == "done"
    picture = Image.open(io.BytesIO(person.client.get(run["frame_url"]).data))
    assert max(picture.size) == drafts.SIDE
    assert stranger.client.get(run["frame_url"]).status_code == 404

    draft = answer["id"]
    for path in ("", "/result.png", "/timelapse.webp", "/content/0"):
        assert person.client.get(f"/runs/{draft}{path}").status_code == 404
    for path in ("cancel", "finish", "continue", "delete", "favourite", "rename", "share"):
        assert person.press(f"/runs/{draft}/{path}").status_code == 404
    assert person.client.get(f"/?from={draft}").status_code == 404
    assert person.client.get(f"/compare?left={draft}").status_code == 404
    assert "The walls are still bare." in person.open("/gallery").text
    assert person.client.get("/gallery.zip").status_code == 404
    assert person.client.get("/api/v1/runs").get_json()["runs"] == []
    assert person.client.get("/api/v1/estimate").get_json()["seconds"] is None
    assert f"run:{draft}" not in person.open().options.get("init_image", [])


def test_start_takes_the_place_of_the_draft(person: Person) -> None:
    answer = ordered(person)
    run_id = person.start()
    assert person.client.get(answer["api"]).status_code == 404
    assert [run.id for run in person.site.runs.live(person.id)] == [run_id]


def test_what_cannot_be_painted_has_no_draft_and_the_answer_says_why(person: Person) -> None:
    response = person.draft(content_layers="block9_conv9", content="-")
    assert response.status_code == 422
    assert len(response.get_json()["errors"]) == 2
    assert any("block9_conv9" in sentence for sentence in response.get_json()["errors"])


def test_what_a_draft_sets_itself_may_be_wrong_in_the_form(person: Person) -> None:
    assert ordered(person, size="5", steps="0", scales="x", output_size="1")


def test_a_file_is_kept_and_need_not_be_sent_again(person: Person) -> None:
    photo = {"content": ("garden.png", file_bytes(corpus.plain()))}
    first = person.draft(photo)
    assert first.status_code == 201
    reference = first.get_json()["taken"]["content_file"]
    assert ordered(person, content=reference)["id"] == first.get_json()["id"]
    run_id = person.start(content=reference)
    assert person.site.runs.find(person.id, run_id).content["title"] == "garden"
    # Also where something else is wrong.
    both = {"content": photo["content"], "style": ("mine.png", file_bytes(corpus.noisy(90, 90)))}
    refused = person.draft(both, content_layers="x")
    assert refused.status_code == 422
    assert refused.get_json()["taken"].keys() == {"content_file", "style_file"}
    assert refused.get_json()["taken"]["content_file"] == reference


def test_a_file_that_is_none_is_refused_with_a_sentence(person: Person) -> None:
    response = person.draft({"content": ("song.mp3", b"la la la")})
    assert (response.status_code, response.get_json()["taken"]) == (422, {})
    assert "JPEG, PNG or WebP" in response.get_json()["errors"][0]


def test_a_draft_is_cancelled_by_its_visitor(person: Person, stranger: Person) -> None:
    answer = ordered(person)
    # A stranger is told nothing, and nothing happens.
    assert cancel(stranger, answer) == 204
    assert person.client.get(answer["api"]).get_json()["state"] == RunState.QUEUED
    assert cancel(person, answer) == 204
    assert person.client.get(answer["api"]).status_code == 404
    assert cancel(person, answer) == 204


def test_without_the_mark_nothing_is_ordered_or_cancelled(person: Person) -> None:
    answer = ordered(person)
    assert person.draft(csrf_token="forged", style_weight="2").status_code == 400
    assert person.client.post(answer["cancel"]).status_code == 400
    assert person.client.get(answer["api"]).status_code == 200


def test_a_site_can_do_without_drafts(person: Person, config: Config) -> None:
    other = Person(create_app(replace(config, drafts="off")))
    assert other.draft().status_code == 404
    assert "preview appears here" in person.open().text
    assert "preview appears here" not in other.open().text


def test_who_asks_for_too_many_drafts_is_told_when_to_come_back(config: Config) -> None:
    person = Person(create_app(replace(config, drafts_per_minute=1)))
    assert ordered(person)
    response = person.draft(style_weight="2")
    assert (response.status_code, response.headers["Retry-After"]) == (429, "60")
    assert "Drafts are limited to 1 a minute" in response.get_json()["errors"][0]


def test_two_visitors_with_a_draft_each_can_be_joined(person: Person, stranger: Person) -> None:
    kept, other = ordered(person), ordered(stranger)
    with person.site.services.database.writing() as session:
        join(session, stranger.id, person.id)
    assert person.client.get(kept["api"]).status_code == 200
    assert person.client.get(other["api"]).status_code == 404
    assert ordered(stranger, style_weight="2")["id"] not in (kept["id"], other["id"])
