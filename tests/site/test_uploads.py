"""Pictures that visitors bring."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from stransfer import images
from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.page import Page
from tests.site.person import Person
from webapp import records
from webapp.uploads import picture_key, thumbnail_key

MEBIBYTE = 2**20


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


def upload(person: Person, name: str, content: bytes) -> Image.Image:
    """Bring a style picture, and return it as the media store has it."""
    response = person.send({"style": (name, content)})
    assert response.status_code == 303, Page(response.text).errors
    [image] = person.site.uploads.of(person.id, "style")
    kept = Image.open(io.BytesIO(person.site.services.media.read(picture_key(image))))
    assert kept.size == (image.width, image.height)
    return kept


def pictures_kept(person: Person) -> int:
    """How many pictures the visitor has; nobody may have files that the database knows not."""
    services = person.site.services
    with services.database.reading() as session:
        rows = session.scalar(select(func.count()).select_from(records.Image)) or 0
    folder: Path = services.config.instance / "media" / "images"
    files = len(list(folder.iterdir())) if folder.exists() else 0
    assert files == 2 * rows
    return len(person.site.uploads.of(person.id, "content")) + len(
        person.site.uploads.of(person.id, "style")
    )


def near(pixel: object, colour: corpus.Colour) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= 6 for a, b in zip(pixel, colour, strict=True))


@pytest.mark.parametrize("name", corpus.SOUND)
def test_a_sound_picture_is_kept_as_a_plain_jpeg_with_a_thumbnail(
    name: str, person: Person
) -> None:
    kept = upload(person, *corpus.SOUND[name])
    assert (kept.format, kept.mode) == ("JPEG", "RGB")
    [image] = person.site.uploads.of(person.id, "style")
    thumbnail = Image.open(io.BytesIO(person.site.services.media.read(thumbnail_key(image))))
    assert max(thumbnail.size) <= 480
    assert pictures_kept(person) == 1


@pytest.mark.parametrize("name", corpus.REFUSED)
def test_an_unusable_picture_is_refused_in_a_sentence_and_leaves_nothing(
    name: str, person: Person
) -> None:
    file_name, content, reason = corpus.REFUSED[name]
    response = person.send({"content": (file_name, content)}, steps="7")
    assert response.status_code == 422
    page = Page(response.text)
    assert reason in page.errors["content"]
    assert page.errors["content"].endswith(".")
    assert "Traceback" not in response.text
    assert (page.values["steps"], page.values["style"]) == ("7", "sample:fjord.jpg")
    assert pictures_kept(person) == 0
    assert person.site.runs.live(person.id) == []


def test_a_file_above_the_limit_is_refused_and_the_form_refilled(person: Person) -> None:
    response = person.send({"content": ("a.png", bytes(10 * MEBIBYTE + 1))}, steps="7")
    assert response.status_code == 413
    page = Page(response.text)
    assert "at most 10 MiB" in page.errors["content"]
    assert page.values["steps"] == "7"
    assert pictures_kept(person) == 0


def test_a_request_above_the_limit_is_refused_with_a_page(person: Person) -> None:
    response = person.send({"content": ("a.png", bytes(129 * MEBIBYTE))})
    assert response.status_code == 413
    page = Page(response.text)
    assert "at most 10 MiB; choose a smaller one" in page.text
    assert 'name="content_file"' in response.text


def test_a_good_upload_stays_chosen_when_the_other_one_is_refused(person: Person) -> None:
    good = ("my_garden.png", file_bytes(corpus.plain()))
    response = person.send({"content": good, "style": ("a.gif", corpus.REFUSED["gif"][1])})
    assert response.status_code == 422
    page = Page(response.text)
    [image] = person.site.uploads.of(person.id, "content")
    assert page.values["content"] == f"image:{image.id}"
    assert set(page.errors) == {"style"}
    assert "My garden" in page.text or "my garden" in page.text
    # Without choosing the file again, the corrected form is accepted.
    assert person.send(content=page.values["content"]).status_code == 303
    assert pictures_kept(person) == 1


def test_an_upload_stays_chosen_when_a_number_is_wrong(person: Person) -> None:
    good = ("a.png", file_bytes(corpus.plain()))
    response = person.send({"style": good}, steps="0")
    page = Page(response.text)
    [image] = person.site.uploads.of(person.id, "style")
    assert page.values["style"] == f"image:{image.id}"
    assert page.values["content"] == "sample:cat.jpg"


def test_a_photo_is_kept_upright_and_without_what_it_told_of_its_owner(person: Person) -> None:
    kept = upload(person, "a.jpg", corpus.photo_with_metadata())
    assert kept.size == (90, 120)
    assert near(kept.getpixel((45, 10)), corpus.GREEN)
    assert near(kept.getpixel((45, 110)), corpus.RED)
    assert not kept.getexif()
    assert set(kept.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize(
    ("content", "left", "right"),
    [
        (corpus.palette_with_transparency(), corpus.BLUE, corpus.WHITE),
        (corpus.half_transparent(), corpus.RED, (255, 127, 127)),
        (corpus.sixteen_bit(), (0, 0, 0), (128, 128, 128)),
        (corpus.SOUND["cmyk jpeg"][1], corpus.RED, corpus.RED),
    ],
    ids=["palette with transparency", "half transparent", "16 bit grayscale", "cmyk"],
)
def test_the_colours_are_those_that_were_meant(
    content: bytes, left: corpus.Colour, right: corpus.Colour, person: Person
) -> None:
    kept = images.to_rgb(upload(person, "a.png", content))
    assert near(kept.getpixel((20, 45)), left)
    assert near(kept.getpixel((100, 45)), right)


def test_an_upload_with_transparency_keeps_it(person: Person) -> None:
    kept = upload(person, "a.png", corpus.half_transparent())
    assert (kept.format, kept.mode) == ("PNG", "RGBA")
    # The colour is that of the picture, not that of the paper it is seen on.
    assert (kept.getpixel((20, 45)), kept.getpixel((100, 45))) == (
        (255, 0, 0, 255),
        (255, 0, 0, 128),
    )
    [image] = person.site.uploads.of(person.id, "style")
    response = person.client.get(f"/pictures/images/{image.id}")
    assert response.mimetype == "image/png"
    thumbnail = Image.open(io.BytesIO(person.site.services.media.read(thumbnail_key(image))))
    assert thumbnail.format == "JPEG" and near(thumbnail.getpixel((100, 45)), (255, 127, 127))


def test_an_upload_whose_pixels_are_all_opaque_is_a_jpeg(person: Person) -> None:
    kept = upload(person, "a.png", file_bytes(corpus.plain().convert("RGBA")))
    assert (kept.format, kept.mode) == ("JPEG", "RGB")


def test_the_name_of_a_file_is_only_ever_shown(person: Person) -> None:
    name = '../../etc/<script>alert("x")</script>_\x00\u202e.png'
    upload(person, name, file_bytes(corpus.plain()))
    page = person.client.get("/").text
    assert "<script>alert" not in page
    assert pictures_kept(person) == 1


def test_an_upload_is_only_its_owners(person: Person, stranger: Person) -> None:
    upload(person, "a.png", file_bytes(corpus.plain()))
    [image] = person.site.uploads.of(person.id, "style")
    for path in (f"/pictures/images/{image.id}", f"/pictures/images/{image.id}/thumbnail"):
        mine, theirs = person.client.get(path), stranger.client.get(path)
        none = stranger.client.get(path.replace(image.id, "0" * 32))
        assert (mine.status_code, mine.mimetype) == (200, "image/jpeg")
        assert "private" in mine.headers["Cache-Control"]
        assert (theirs.status_code, theirs.text) == (404, none.text)
    assert stranger.send(style=f"image:{image.id}").status_code == 422
    assert f"image:{image.id}" not in stranger.open().options["style"]


def test_the_same_upload_sent_twice_is_painted_once(person: Person) -> None:
    file = ("a.png", file_bytes(corpus.plain()))
    answers = {
        person.send({"content": file}, submission="double click").headers["Location"]
        for _ in range(2)
    }
    assert len(answers) == 1


def test_the_same_picture_is_kept_once_and_another_one_of_its_name_is_another_run(
    person: Person,
) -> None:
    red, blue = (file_bytes(Image.new("RGB", (300, 200), colour)) for colour in ("red", "blue"))
    places = [
        person.send({"content": ("image.png", content)}, submission="same").headers["Location"]
        for content in (red, red, blue)
    ]
    assert places[0] == places[1] != places[2]
    assert len(person.site.uploads.of(person.id, "content")) == 2


def test_a_run_shows_the_pictures_it_was_made_with(person: Person) -> None:
    content = file_bytes(Image.new("RGB", (300, 200), "red"))
    place = person.send({"content": ("image.png", content)}).headers["Location"]
    shown = person.client.get(f"{place}/content/0")
    assert shown.mimetype == "image/jpeg"
    assert Image.open(io.BytesIO(shown.data)).size == (300, 200)
    assert person.client.get(f"{place}/style/0").status_code == 200
    assert person.client.get(f"{place}/style/1").status_code == 404
    assert person.client.get(f"{place}/secret/0").status_code == 404
