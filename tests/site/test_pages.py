"""The other pages: a run, the gallery, and what is said where there is nothing."""

from __future__ import annotations

import dataclasses
import logging

import pytest
from flask import Flask

from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.finished import finish
from tests.site.page import Page
from tests.site.person import Person
from webapp import create_app
from webapp.config import Config
from webapp.records import RunState
from webapp.runs.leases import Leases
from webapp.services import Services

RUN_PAGES = ("", "/result.png", "/frame.jpg", "/timelapse.webp")
RUN_ACTIONS = (
    *("/cancel", "/finish", "/continue", "/delete"),
    *("/favourite", "/rename", "/share", "/revoke"),
)
NOBODYS = "0" * 32


def test_a_finished_run_shows_its_picture_and_offers_the_result(person: Person) -> None:
    run_id = person.start()
    finish(person.app, run_id)
    page = person.open(f"/runs/{run_id}")
    assert f"/runs/{run_id}/result.png" in page.links
    assert [url for url in page.pictures if url.startswith(f"/runs/{run_id}/result-")]
    result = person.client.get(f"/runs/{run_id}/result.png")
    assert (result.status_code, result.mimetype) == (200, "image/png")
    assert 'filename="cat-in-the-manner-of-fjord.png"' in result.headers["Content-Disposition"]
    assert person.client.get(f"/runs/{run_id}/frame.jpg").mimetype == "image/jpeg"


def test_a_run_that_waits_has_no_picture_yet(person: Person) -> None:
    run_id = person.start()
    for path in ("/result.png", "/frame.jpg"):
        response = person.client.get(f"/runs/{run_id}{path}")
        assert response.status_code == 404
        assert "wait" in Page(response.text).text


def test_the_gallery_shows_live_runs_above_and_ended_ones_below(person: Person) -> None:
    assert "The walls are still bare." in person.open("/gallery").text
    ended = person.start()
    finish(person.app, ended)
    live = person.start(steps="9")
    page = person.open("/gallery")
    order = [link for link in page.links if link.startswith("/runs/")]
    assert list(dict.fromkeys(order)) == [f"/runs/{live}", f"/runs/{ended}"]


def test_the_gallery_says_how_paintings_were_made_and_lets_one_keep_what_is_painted(
    person: Person,
) -> None:
    ended = person.start(size="100")
    finish(person.app, ended, seconds=83.0)
    shown = person.site.runs.find(person.id, ended)
    made = f"VGG16 · 1 step · {shown.width} × {shown.height} px · 1 min 23 s"
    assert made in person.open("/gallery").text
    live = person.start()
    services = person.site.services
    claim = Leases(services.database, services.config).claim("worker")
    assert claim is not None and claim.run_id == live
    assert "Stop and keep" in person.open("/gallery").text
    person.press(f"/runs/{live}/finish")
    assert person.site.runs.find(person.id, live).finish_wanted
    # Until the step ends, which may take a while, it can be seen that it was pressed.
    for path in ("/gallery", f"/runs/{live}"):
        page = person.open(path)
        assert "Stopping after this step" in page.text and "Stop and keep" not in page.text


def test_the_gallery_has_pages(app: Flask, config: Config) -> None:
    person = Person(app)
    person.open()
    for _ in range(config.page_size + 1):
        person.site.runs.cancel(person.id, person.start())
    first = person.open("/gallery")
    assert "Page 1 of 2" in first.text and "/gallery?page=2" in first.links
    assert "Page 2 of 2" in person.open("/gallery?page=2").text
    for page in ("3", "0", "-1", "9" * 40):
        assert person.client.get(f"/gallery?page={page}").status_code == 404


def test_cancelling_ends_a_run_and_says_so(person: Person) -> None:
    run_id = person.start()
    response = person.press(f"/runs/{run_id}/cancel")
    assert (response.status_code, response.headers["Location"]) == (303, f"/runs/{run_id}")
    assert person.site.runs.find(person.id, run_id).state == RunState.CANCELLED
    assert "Cancelled. The last picture is kept here." in person.open(f"/runs/{run_id}").text


def test_a_button_on_a_page_that_is_out_of_date_does_no_harm(person: Person) -> None:
    run_id = person.start()
    finish(person.app, run_id)
    for action in ("cancel", "finish"):
        assert person.press(f"/runs/{run_id}/{action}").status_code == 303
        assert "done" in person.open(f"/runs/{run_id}").text
    assert person.site.runs.find(person.id, run_id).state == RunState.DONE


def test_deleting_leads_back_to_the_gallery(person: Person) -> None:
    run_id = person.start()
    assert person.press(f"/runs/{run_id}/delete").headers["Location"] == "/gallery"
    assert person.client.get(f"/runs/{run_id}").status_code == 404
    assert person.press(f"/runs/{run_id}/delete").status_code == 404


@pytest.mark.parametrize("path", RUN_PAGES)
def test_a_strangers_run_is_answered_exactly_as_none(
    path: str, person: Person, stranger: Person
) -> None:
    run_id = person.start()
    theirs = stranger.client.get(f"/runs/{run_id}{path}")
    none = stranger.client.get(f"/runs/{NOBODYS}{path}")
    assert theirs.status_code == none.status_code == 404
    assert theirs.text == none.text
    assert dict(theirs.headers) == dict(none.headers)


@pytest.mark.parametrize("path", RUN_ACTIONS)
def test_a_stranger_can_do_nothing_to_a_run(path: str, person: Person, stranger: Person) -> None:
    run_id = person.start()
    theirs = stranger.press(f"/runs/{run_id}{path}")
    none = stranger.press(f"/runs/{NOBODYS}{path}")
    assert theirs.status_code == none.status_code == 404
    assert theirs.text == none.text
    assert person.site.runs.find(person.id, run_id).state == RunState.QUEUED


def test_a_strangers_gallery_stays_bare(person: Person, stranger: Person) -> None:
    run_id = person.start()
    assert run_id not in stranger.client.get("/gallery").text


@pytest.mark.parametrize("path", RUN_ACTIONS)
def test_no_button_works_without_its_mark(path: str, person: Person) -> None:
    run_id = person.start()
    assert person.client.post(f"/runs/{run_id}{path}").status_code == 400
    assert person.site.runs.find(person.id, run_id).state == RunState.QUEUED


def test_what_a_visitor_named_a_file_is_never_markup(person: Person) -> None:
    hostile = "'><script>alert('x')<&script>.png"
    file = (hostile, file_bytes(corpus.plain()))
    run_id = person.send({"content": file}).headers["Location"].rpartition("/")[2]
    for path in ("/", "/gallery", f"/runs/{run_id}"):
        text = person.client.get(path).text
        assert "alert(" in text and "<script>alert" not in text


@pytest.mark.parametrize("path", ["/", "/gallery", "/nothing", "/healthz", "/static/site.css"])
def test_every_answer_has_the_security_headers(path: str, person: Person) -> None:
    headers = person.client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"


def test_pages_are_not_kept_by_anyone_but_the_visitor(person: Person) -> None:
    for path in ("/", "/gallery"):
        assert "private" in person.client.get(path).headers["Cache-Control"]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(app: Flask) -> None:
    cookie = app.test_client().get("/").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_a_forged_cookie_is_nobodys(person: Person) -> None:
    run_id = person.start()
    person.client.set_cookie("stransfer", "eyJ2aXNpdG9yIjoiYSJ9.forged.signature")
    assert person.client.get(f"/runs/{run_id}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/runs", "POST"),
        ("POST", "/gallery", "GET"),
        ("GET", f"/runs/{NOBODYS}/cancel", "POST"),
        ("DELETE", "/", "GET"),
        ("PUT", "/runs", "POST"),
    ],
)
def test_a_wrong_method_is_answered_with_those_that_work(
    method: str, path: str, allowed: str, app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    response = app.test_client().open(path, method=method)
    assert response.status_code == 405
    assert allowed in response.headers["Allow"]
    assert "Traceback" not in response.text


@pytest.mark.parametrize("path", ["/nothing", "/runs/x/y/z", "/static/nothing.js", "/%00", "/.env"])
def test_a_page_that_does_not_exist_is_a_page_with_a_way_out(path: str, person: Person) -> None:
    response = person.client.get(path)
    assert (response.status_code, response.mimetype) == (404, "text/html")
    assert "/gallery" in Page(response.text).links


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v1/nothing", 404), (f"/api/v1/runs/{NOBODYS}", 404)]
)
def test_programs_get_errors_as_objects(path: str, status: int, person: Person) -> None:
    response = person.client.get(path)
    assert (response.status_code, response.mimetype) == (status, "application/json")
    error = response.get_json()["error"]
    assert error.keys() >= {"code", "message", "fields"}
    assert error["message"].endswith(".")


def test_the_snapshot_of_a_run_takes_any_number_as_since_and_nothing_else(person: Person) -> None:
    place = f"/api/v1/runs/{person.start()}"
    for since in ("0", "7", "999999999"):
        assert person.client.get(f"{place}?since={since}").get_json()["state"] == "queued"
    for since in ("", "-5", "x", "²", "9" * 40):
        answer = person.client.get(place, query_string={"since": since})
        assert answer.status_code == 422, since
        assert list(answer.get_json()["error"]["fields"]) == ["since"]


@pytest.mark.parametrize("path", ["/gallery", "/api/v1/runs/x"])
def test_an_unexpected_error_is_logged_and_shown_by_its_number(
    path: str, person: Person, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    database = services.config.instance / "stransfer.sqlite"
    services.database.close()
    person.site.services.database.close()
    for file in services.config.instance.glob("stransfer.sqlite*"):
        file.unlink()
    database.write_bytes(b"This was overwritten by mistake." * 100)
    with caplog.at_level(logging.ERROR):
        response = person.client.get(path)
    assert response.status_code == 500
    assert "sqlite" not in response.text.lower() and "Traceback" not in response.text
    number = caplog.records[-1].getMessage().split()[1].rstrip(":")
    assert len(number) == 12 and number in response.text
    assert "Traceback" in caplog.text


def test_the_site_says_that_it_is_alive_and_whether_it_is_ready(
    person: Person, services: Services
) -> None:
    assert person.client.get("/healthz").get_json() == {"status": "ok"}
    assert person.client.get("/readyz").status_code == 200
    person.site.services.database.close()
    for file in services.config.instance.glob("stransfer.sqlite*"):
        file.unlink()
    (services.config.instance / "stransfer.sqlite").mkdir()
    assert person.client.get("/healthz").status_code == 200
    ready = person.client.get("/readyz")
    assert (ready.status_code, "database" in ready.text) == (503, True)


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "until you delete them"), (1, "for 1 day, favourites and"), (30, "for 30 days, ")],
)
def test_the_gallery_says_how_long_paintings_are_kept(
    days: int, words: str, config: Config
) -> None:
    person = Person(create_app(dataclasses.replace(config, retention_days=days)))
    person.press(f"/runs/{person.start()}/cancel")
    assert f"Paintings are kept {words}" in person.open("/gallery").text
