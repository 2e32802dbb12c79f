"""The form filled in with the settings that a painting carries, whatever somebody wrote into it."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask import Flask
from PIL import PngImagePlugin
from werkzeug.test import TestResponse

from stransfer import images, results
from stransfer.settings import BY_NAME, Settings
from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.page import Page
from tests.site.person import CONTENT, STYLE, Person
from webapp.recipes import recipe

SETTINGS = Settings(steps=7, size=333, tv_weight=0.5, model="vgg19", preserve_color="luminance")
MEBIBYTE = 2**20


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


def painting(settings: Settings = SETTINGS, kind: str = "PNG") -> bytes:
    return results.encode(images.to_picture(corpus.plain()), settings, kind)


def telling(told: str) -> bytes:
    """A PNG file that says something of its settings."""
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("stransfer", told)
    return file_bytes(corpus.plain(), pnginfo=chunks)


def reuse(
    person: Person, content: bytes, path: str = "/settings-of", json: bool = False, **fields: Any
) -> TestResponse:
    """Send the form with a painting, by the button beside it."""
    form = {**person.open().values, "content": CONTENT, "style": STYLE, **fields}
    form["settings_file"] = (io.BytesIO(content), "result.png")
    headers = {"Accept": "application/json"} if json else {"Accept": "text/html"}
    return person.client.post(path, data=form, headers=headers, content_type="multipart/form-data")


@pytest.mark.parametrize("kind", images.FORMATS)
def test_the_form_is_filled_in_as_a_painting_was_made(kind: str, person: Person) -> None:
    photo = (io.BytesIO(file_bytes(corpus.plain())), "my garden.png")
    response = reuse(person, painting(kind=kind), steps="12", preset="draft", content_file=photo)
    assert response.status_code == 200
    page = Page(response.text)
    assert "Filled in as this painting was made." in page.text
    assert {name: page.values[name] for name in ("steps", "size", "tv_weight", "model")} == {
        "steps": "7",
        "size": "333",
        "tv_weight": "0.5",
        "model": "vgg19",
    }
    # What else was chosen is still there, a file that came along too.
    [image] = person.site.uploads.of(person.id, "content")
    assert (page.values["content"], page.values["style"]) == (f"image:{image.id}", STYLE)
    assert page.errors == {} and person.site.runs.live(person.id) == []
    run_id = person.start(**{name: page.values[name] for name in BY_NAME if name in page.values})
    used = person.site.runs.find(person.id, run_id).settings
    assert Settings.parse(used) == SETTINGS


def test_who_presses_start_with_a_painting_chosen_gets_the_form_filled_in_first(
    person: Person,
) -> None:
    page = Page(reuse(person, painting(), "/runs").text)
    assert page.values["size"] == "333" and "Filled in" in page.text
    assert person.site.runs.live(person.id) == []


def test_scripts_get_the_settings_alone(person: Person) -> None:
    answer = reuse(person, painting(Settings(style_weights="3, 1", init="result")), json=True)
    assert answer.status_code == 200 and answer.json is not None
    settings = answer.json["settings"]
    assert set(settings) == set(BY_NAME) - {"style_weights"}
    assert all(isinstance(value, str) for value in settings.values())
    assert (settings["init"], settings["content_weight"]) == ("content", "1")
    blend, beginning = answer.json["remarks"]
    assert "2 artworks, 75 %, 25 %" in blend and "earlier result" in beginning


@pytest.mark.parametrize("name", corpus.REFUSED)
@pytest.mark.parametrize("as_json", [False, True])
def test_whatever_else_is_brought_is_refused_in_a_sentence(
    name: str, as_json: bool, person: Person
) -> None:
    response = reuse(person, corpus.REFUSED[name][1], json=as_json, steps="12")
    assert response.status_code == 422
    if as_json:
        assert response.json is not None and response.json["error"].endswith(".")
        return
    page = Page(response.text)
    assert set(page.errors) == {"settings_file"}
    assert page.errors["settings_file"].endswith(".")
    assert (page.values["steps"], page.values["content"]) == ("12", CONTENT)


def test_a_file_above_the_limit_or_none_at_all_is_refused(person: Person) -> None:
    for content, status, words in (
        (painting() + bytes(10 * MEBIBYTE), 413, "at most 10 MiB"),
        (file_bytes(corpus.plain()), 422, "does not carry the settings"),
    ):
        response = reuse(person, content, json=True)
        assert response.status_code == status and response.json is not None
        assert words in response.json["error"]
    form = person.open().values
    page = Page(person.client.post("/settings-of", data=form).text)
    assert "Choose a painting first" in page.errors["settings_file"]
    assert person.client.post("/settings-of").status_code == 400


def test_the_first_bytes_of_a_painting_are_enough(person: Person) -> None:
    large = results.encode(images.to_picture(corpus.noisy(1200, 800)), SETTINGS)
    assert len(large) > 2 * MEBIBYTE
    answer = reuse(person, large[:MEBIBYTE], json=True)
    assert answer.json is not None and answer.json["settings"]["size"] == "333"


@pytest.mark.parametrize(
    ("told", "settings", "remarks"),
    [
        ({}, Settings(), []),
        ({"steps": 3, "brush": 1}, Settings(steps=3), ["also names 'brush', which"]),
        ({"steps": 0, "size": 200}, Settings(size=200), ["Not taken over: Steps must be"]),
        ({"model": "vgg99", "style_layers": "block9"}, Settings(), ["vgg99", "no layer 'block9'"]),
        ({"size": 800, "output_size": 300}, Settings(size=800), ["must be at least the size"]),
        (
            {"content_weight": 0, "style_weight": 0},
            Settings(content_weight=0),
            ["nothing to paint"],
        ),
        ({"steps": "x" * 10_000}, Settings(), ["'xxx"]),
        ({"steps": [[]], "seed": {"a": 1}, "size": None}, Settings(), ["[[]]", "{'a': 1}"]),
        ({"steps": True, "tv_weight": float("nan")}, Settings(), ["True", "nan"]),
        ({f"n{i}" * 99: i for i in range(9)}, Settings(), ["and 6 more, which"]),
        ({"<script>\ud800": 1, "style_layers": "\ud800"}, Settings(), ["<script>", "no layer"]),
    ],
)
def test_what_is_no_setting_here_is_left_out_and_said(
    told: dict[str, object], settings: Settings, remarks: list[str], person: Person
) -> None:
    found = recipe(told)
    assert Settings.parse(found.values) == settings
    assert len(found.remarks) == len(remarks)
    for remark, words in zip(found.remarks, remarks, strict=True):
        assert words in remark and remark.endswith(".") and len(remark) < 400
    response = reuse(person, telling(json.dumps(told)))
    assert response.status_code == 200
    assert "<script>\\u" not in response.text
    assert Page(response.text).values["size"] == str(settings.size)
