"""The form on the first page: what it accepts, and how it says what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from stransfer.models import MODELS
from stransfer.setting import GROUPS
from stransfer.settings import BY_NAME, SETTINGS
from tests.site.page import Page
from tests.site.person import CONTENT, STYLE, Person
from webapp.forms import RunForm
from webapp.records import RunState


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


def test_the_form_has_a_field_for_every_setting_with_its_default(person: Person) -> None:
    page = person.open()
    offered = [setting for setting in SETTINGS if setting.name != "style_weights"]
    assert set(page.values) >= {setting.name for setting in offered}
    assert page.values["steps"] == str(BY_NAME["steps"].default)
    assert page.options["model"][0] == "vgg16"
    assert page.errors == {}


def test_pressing_start_accepts_a_run_and_leads_to_its_page(person: Person) -> None:
    run_id = person.start(steps="3", content_weight="2.5")
    run = person.site.runs.find(person.id, run_id)
    assert run.state == RunState.QUEUED
    assert (run.settings["steps"], run.settings["content_weight"]) == (3, 2.5)
    assert (run.content["reference"], run.styles[0]["reference"]) == (CONTENT, STYLE)
    page = person.open(f"/runs/{run_id}")
    assert "in line" in page.text
    assert "Cat in the manner of Fjord" in page.text


def test_an_untouched_setting_may_be_left_empty_or_out(person: Person) -> None:
    run = person.site.runs.find(person.id, person.start(steps="", seed="-", learning_rate=" "))
    assert {name: run.settings[name] for name in ("steps", "seed", "learning_rate")} == {
        name: BY_NAME[name].default for name in ("steps", "seed", "learning_rate")
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps", "0"),
        ("steps", "10001"),
        ("steps", "-3"),
        ("steps", "2.5"),
        ("steps", "many"),
        ("steps", "1e400"),
        ("steps", "nan"),
        ("size", "99"),
        ("size", "1001"),
        ("size", "9" * 5000),
        ("content_weight", "-1"),
        ("style_weight", "101"),
        ("tv_weight", "inf"),
        ("scales", "6"),
        ("scales", "automatic"),
        ("style_scale", "0"),
        ("learning_rate", "1"),
        ("seed", "-1"),
        ("seed", "99999999999"),
        ("model", "vgg99"),
        ("init", "<script>"),
        ("content_layers", "block9_conv9"),
        ("style_layers", "block1_conv1:-1"),
        ("style_layers", "x" * 3000),
    ],
)
def test_a_wrong_value_is_named_beside_its_field_and_everything_is_kept(
    name: str, value: str, person: Person
) -> None:
    response = person.send(None, **{"tv_weight": "0.5", name: value})
    assert response.status_code == 422
    page = Page(response.text)
    assert set(page.errors) == {name}
    assert page.errors[name].endswith(".")
    assert (page.values["content"], page.values["style"]) == (CONTENT, STYLE)
    if name != "tv_weight":
        assert page.values["tv_weight"] == "0.5"
    if value not in ("vgg99", "<script>"):  # a list cannot show what it does not have
        assert page.values[name] == value
    assert person.site.runs.live(person.id) == []


def test_every_wrong_value_is_named_at_once(person: Person) -> None:
    response = person.send(steps="0", size="0", seed="x", content="-", style="-")
    page = Page(response.text)
    assert set(page.errors) == {"steps", "size", "seed", "content", "style"}


def test_weights_that_are_both_nothing_are_refused_together(person: Person) -> None:
    page = Page(person.send(content_weight="0", style_weight="0").text)
    assert set(page.errors) == {"style_weight"}


@pytest.mark.parametrize(
    "reference",
    [
        "-",
        "",
        "cat.jpg",
        "sample:",
        "sample:nothing.jpg",
        "sample:fjord.jpg",
        "image:",
        "image:" + "0" * 32,
        "image:../../stransfer.sqlite",
        "http://example.org/cat.jpg",
        "sample:" + "x" * 5000,
    ],
)
def test_a_choice_that_is_missing_or_unknown_is_named(reference: str, person: Person) -> None:
    response = person.send(content=reference, steps="7")
    assert response.status_code == 422
    page = Page(response.text)
    assert set(page.errors) == {"content"}
    assert (page.values["style"], page.values["steps"]) == (STYLE, "7")
    assert "content" not in page.values


def test_a_form_sent_twice_starts_one_run(person: Person) -> None:
    form = person.open().values["submission"]
    first, again = (person.start(submission=form) for _ in range(2))
    assert first == again
    assert len(person.site.runs.live(person.id)) == 1


def test_a_form_sent_again_with_other_settings_starts_another_run(person: Person) -> None:
    form = person.open().values["submission"]
    first = person.start(submission=form)
    assert person.start(submission=form, steps="7") != first


def test_a_form_without_its_mark_is_refused_and_says_why(person: Person) -> None:
    for mark in ("-", "", "forged"):
        response = person.send(csrf_token=mark)
        assert response.status_code == 400
        assert "allow cookies, go back, reload that page" in Page(response.text).text
    assert person.site.runs.live(person.id) == []


def test_the_mark_of_one_visitor_does_not_serve_another(person: Person, stranger: Person) -> None:
    assert stranger.send(csrf_token=person.open().values["csrf_token"]).status_code == 400


def test_the_form_offers_nothing_that_it_cannot_do(person: Person) -> None:
    page = person.open()
    assert "style_weights" not in page.values
    assert 'value="noise"' in person.client.get("/").text
    assert 'value="result"' not in person.client.get("/").text


def test_what_is_not_for_everybody_is_grouped_by_what_it_is_about(person: Person) -> None:
    text = person.open().text
    headings = [heading for group, heading in GROUPS.items() if group != "basic"]
    places = [text.index(f" {heading} ") for heading in headings]
    assert places == sorted(places) and places[0] > text.index("More settings")
    for setting in SETTINGS:
        if setting.group != "basic" and setting.name != "style_weights":
            above = text.index(f" {GROUPS[setting.group]} ")
            below = min([place for place in places if place > above], default=len(text))
            assert setting.help in text[above:below]
    assert "ImageNet" in text and "L-BFGS" in text and "The artwork" in text


def test_the_form_says_of_each_model_whether_its_weights_are_here(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    own = tmp_path / "weights"
    own.mkdir()
    (own / "densenet121.npz").touch()
    (own / ".resnet50.unreachable").touch()
    field = next(field for field in RunForm().fields(False) if field.name == "model")
    found = {choice.value: choice for choice in field.choices}
    ready = [choice.value for choice in field.choices if choice.heading == "Ready"]
    assert ready == ["vgg16", "vgg19", "xception", "densenet121"]
    assert (found["xception"].note, found["xception"].lacking) == ("", False)
    later = found["inception_v3"]
    assert (later.heading, later.note) == ("Downloaded when first used", "88 MB")
    assert "88 MB are downloaded when painting starts" in later.consequence and later.lacking
    missing = found["resnet50"]
    assert missing.heading == "Not to be had at the moment" and missing.lacking
    for words in (MODELS["resnet50"].keras_file, str(own), "set to untrained"):
        assert words in missing.consequence
    page = person.client.get("/").text
    assert "ResNet101 – 171 MB" in page and str(own) in page
    # It is said of what is chosen, also where no script can follow the choice.
    refused = Page(person.send(model="resnet50", steps="0").text)
    assert missing.consequence in refused.text
    untrained = Page(person.send(model="resnet50", weights="untrained", steps="0").text)
    assert "Untrained, it needs no weights." in untrained.text
