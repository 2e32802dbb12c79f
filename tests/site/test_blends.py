"""Several artworks in one painting, chosen on the form."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.page import Page
from tests.site.person import STYLE, Person

SECOND = "sample:great_swell.jpg"
BOTH = [STYLE, SECOND]


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


def test_two_artworks_with_their_shares_are_one_painting(person: Person) -> None:
    run_id = person.start(style=BOTH, **{f"share:{STYLE}": "75", f"share:{SECOND}": "25"})
    run = person.site.runs.find(person.id, run_id)
    assert [style["reference"] for style in run.styles] == BOTH
    assert run.settings["style_weights"] == "75, 25"
    text = person.open(f"/runs/{run_id}").text
    assert "Artwork, 75 % Fjord" in text and "Artwork, 25 % Great swell" in text


def test_a_painting_is_called_after_all_of_its_artworks(person: Person) -> None:
    run_id = person.start(style=[*BOTH, "sample:poppies.jpg"])
    name = "Cat in the manner of Fjord, Great swell and Poppies"
    assert name in person.open(f"/runs/{run_id}").text


def test_artworks_count_the_same_while_nobody_says_otherwise(person: Person) -> None:
    run = person.site.runs.find(person.id, person.start(style=BOTH))
    assert len(run.styles) == 2 and run.settings["style_weights"] == ""


def test_an_upload_is_blended_with_what_is_chosen(person: Person) -> None:
    own = {"style": ("mine.png", file_bytes(corpus.plain()))}
    response = person.send(own, **{"share:file": "10", f"share:{STYLE}": "30"})
    run = person.site.runs.find(person.id, response.headers["Location"].rpartition("/")[2])
    assert [style["title"] for style in run.styles] == ["Fjord", "mine"]
    assert run.settings["style_weights"] == "30, 10"


def test_what_was_chosen_before_an_upload_comes_back_if_that_is_refused(person: Person) -> None:
    broken = {"style": ("a.gif", corpus.REFUSED["gif"][1])}
    page = Page(person.send(broken, style="-", style_before=SECOND).text)
    assert set(page.errors) == {"style"} and page.chosen["style"] == [SECOND]


@pytest.mark.parametrize("share", ["0", "-1", "much", "nan"])
def test_a_share_that_is_none_is_said_beside_the_artworks_and_all_is_kept(
    share: str, person: Person
) -> None:
    response = person.send(None, style=BOTH, **{f"share:{SECOND}": share})
    assert response.status_code == 422
    page = Page(response.text)
    assert set(page.errors) == {"style"} and "a number above 0" in page.errors["style"]
    assert page.chosen["style"] == BOTH
    assert page.values[f"share:{SECOND}"] == share


def test_more_artworks_than_allowed_are_refused_and_stay_chosen(person: Person) -> None:
    most = person.site.services.config.max_styles
    many = person.open().options["style"][: most + 1]
    page = Page(person.send(style=many).text)
    assert f"1 to {most} artworks, not after {most + 1}" in page.errors["style"]
    assert page.chosen["style"] == many
    assert person.send(style=many[:-1]).status_code == 303


def test_an_artwork_that_is_unknown_does_not_take_the_others_with_it(person: Person) -> None:
    page = Page(person.send(style=["sample:none.jpg", SECOND]).text)
    assert set(page.errors) == {"style"} and page.chosen["style"] == [SECOND]
