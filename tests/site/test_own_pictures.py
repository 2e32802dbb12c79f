"""The pictures a visitor brought: all on a page, taken again for a painting, and deleted."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.finished import finish
from tests.site.page import Page
from tests.site.person import CONTENT, STYLE, Person
from webapp import create_app, pictures
from webapp.config import Config
from webapp.pictures import SAMPLE
from webapp.uploads import picture_key, thumbnail_key

NOBODYS = "0" * 32
PAGE_SIZE = 3


@pytest.fixture(scope="module")
def busy_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An installation whose pages are short."""
    instance = tmp_path_factory.mktemp("pictures") / "instance"
    keys = {"instance_path": str(instance), "page_size": PAGE_SIZE}
    return create_app(Config(async_mode="threading", **keys))  # type: ignore[arg-type]


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    return busy_app


def bring(person: Person, name: str = "my_garden", shade: int = 0, role: str = "content") -> str:
    """Bring a picture and return its id."""
    # Far enough from each other that they do not become the same JPEG file.
    content = io.BytesIO(file_bytes(corpus.plain(colour=(10 * shade, 90, 90))))
    return person.site.uploads.add(person.id, role, name, content).id  # type: ignore[arg-type]


def kept(person: Person, image_id: str) -> list[str]:
    """The files that are kept of a picture, by the end of their names."""
    folder: Path = person.site.services.config.instance / "media" / "images"
    return sorted(path.name.removeprefix(image_id) for path in folder.glob(f"{image_id}*"))


def test_all_that_was_brought_is_shown_page_by_page_newest_first(
    person: Person, stranger: Person
) -> None:
    assert "You have not brought any yet." in person.open("/pictures").text
    ids = [bring(person, f"number {shade}", shade) for shade in range(PAGE_SIZE)]
    ids.append(bring(person, "and a mask", 20, role="mask"))
    first, second = person.open("/pictures"), person.open("/pictures?page=2")
    shown = [[url for url in page.pictures if "/images/" in url] for page in (first, second)]
    assert shown == [
        [f"/pictures/images/{one}/thumbnail" for one in ids[:0:-1]],
        [f"/pictures/images/{ids[0]}/thumbnail"],
    ]
    assert "Page 1 of 2" in first.text and "Mask, just now" in first.text
    assert f"/?content=image:{ids[1]}" in [link.replace("%3A", ":") for link in first.links]
    assert not [link for link in first.links if ids[-1] in link and link.startswith("/?")]
    for page in ("0", "3", "9" * 40):
        assert person.client.get(f"/pictures?page={page}").status_code == 404
    assert "You have not brought any yet." in stranger.open("/pictures").text


def test_an_older_picture_than_the_form_shows_is_chosen_from_the_page_of_all(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_IN_TRAY", 2)
    ids = [bring(person, f"number {shade}", shade) for shade in range(4)]
    page = person.open()
    assert "/pictures" in page.links
    own = [one for one in page.options["content"] if not one.startswith(SAMPLE)]
    assert own == [f"image:{one}" for one in ids[:1:-1]]
    older = person.client.get("/pictures/content/older?after=2")
    assert [f"image:{ids[1]}", f"image:{ids[0]}"] == Page(older.text).options["content"]
    assert "<html" not in older.text
    chosen = person.open(f"/?content=image:{ids[0]}&style={STYLE}")
    assert (chosen.values["content"], chosen.values["style"]) == (f"image:{ids[0]}", STYLE)
    assert person.send(content=f"image:{ids[0]}").status_code == 303
    for path in ("/pictures/content/older?after=-1", "/pictures/content/older?after=x"):
        assert person.client.get(path).status_code == 422
    assert person.client.get("/pictures/frame/older").status_code == 404


def test_what_an_address_names_and_is_not_there_is_not_chosen(person: Person) -> None:
    page = person.open("/?content=image:none&style=%3Cscript%3E&style=sample:none.jpg")
    assert "content" not in page.values and "style" not in page.values


def test_a_picture_is_deleted_with_its_files(person: Person) -> None:
    image_id = bring(person)
    smaller = f"/pictures/images/{image_id}/240.webp"
    assert person.client.get(smaller).status_code == 200
    assert kept(person, image_id) == ["-240.webp", "-thumbnail.jpg", ".jpg"]
    response = person.press(f"/pictures/images/{image_id}/delete")
    assert (response.status_code, response.headers["Location"]) == (303, "/pictures")
    assert "Deleted." in person.open("/pictures").text
    assert kept(person, image_id) == []
    for path in (f"/pictures/images/{image_id}", f"/pictures/images/{image_id}/thumbnail", smaller):
        assert person.client.get(path).status_code == 404
    assert person.press(f"/pictures/images/{image_id}/delete").status_code == 404
    assert f"image:{image_id}" not in person.open().options["content"]
    # The same picture may be brought again.
    assert bring(person) == image_id and len(kept(person, image_id)) == 2


def test_who_deletes_the_last_picture_of_a_page_sees_the_one_before(person: Person) -> None:
    ids = [bring(person, shade=shade) for shade in range(PAGE_SIZE + 1)]
    response = person.press(f"/pictures/images/{ids[0]}/delete?page=2")
    assert response.headers["Location"] == "/pictures"
    response = person.press(f"/pictures/images/{ids[1]}/delete?page=1")
    assert response.headers["Location"] == "/pictures"


def test_only_the_owner_can_delete_and_only_with_the_mark(person: Person, stranger: Person) -> None:
    image_id = bring(person)
    theirs = stranger.press(f"/pictures/images/{image_id}/delete")
    none = stranger.press(f"/pictures/images/{NOBODYS}/delete")
    assert (theirs.status_code, theirs.text) == (404, none.text)
    assert person.client.post(f"/pictures/images/{image_id}/delete").status_code == 400
    assert person.client.get(f"/pictures/images/{image_id}").status_code == 200


def test_a_painting_keeps_the_picture_that_it_was_made_from_and_no_longer(person: Person) -> None:
    image_id = bring(person)
    first, second = (person.start(content=f"image:{image_id}", steps=steps) for steps in "12")
    assert person.press(f"/pictures/images/{image_id}/delete").status_code == 303
    assert "The paintings made from it keep their copy." in person.open("/pictures").text
    assert kept(person, image_id) == [".jpg"]
    assert person.client.get(f"/runs/{first}/content/0").status_code == 200
    # It cannot be chosen any more, which running again says.
    page = person.open(f"/?from={first}")
    assert "my garden is not here any more; choose another." in page.text
    assert "content" not in page.values and page.values["style"] == STYLE
    assert person.send(content=f"image:{image_id}").status_code == 422
    finish(person.app, first)
    assert (
        person.client.post(
            f"/runs/{first}/continue", data={"csrf_token": page.values["csrf_token"], "steps": "2"}
        )
        .headers["Location"]
        .startswith("/runs/")
    )
    person.press(f"/runs/{first}/delete")
    assert kept(person, image_id) == [".jpg"]
    person.site.renditions.of(f"images/{image_id}.jpg", 240)
    others = [run.id for run in person.site.runs.live(person.id)]
    assert second in others
    person.site.collection.delete(person.id, others)
    assert kept(person, image_id) == []


def test_a_picture_that_still_is_among_ones_own_outlives_the_paintings(person: Person) -> None:
    image_id = bring(person)
    person.press(f"/runs/{person.start(content=f'image:{image_id}')}/delete")
    assert len(kept(person, image_id)) == 2


def test_what_was_brought_again_meanwhile_is_not_deleted(person: Person) -> None:
    image_id = bring(person)
    image = person.site.uploads.find(person.id, image_id)
    media = person.site.services.media
    for key in (picture_key(image), thumbnail_key(image)):
        modified = media.modified(key)
        assert modified is not None
        media.forget(key, modified - 1)
        assert media.exists(key)
        media.forget(key, modified)
        assert not media.exists(key)


def test_a_picture_from_the_camera_counts_like_a_file(person: Person) -> None:
    photo = (io.BytesIO(file_bytes(corpus.plain())), "image.jpg")
    form = {**person.open().values, "style": STYLE, "size": "100"}
    empty = (io.BytesIO(b""), "")
    data = {**form, "content_camera": photo, "content_file": empty}
    response = person.client.post("/runs", data=data, content_type="multipart/form-data")
    assert response.status_code == 303
    [image] = person.site.uploads.of(person.id, "content")
    run = person.site.runs.find(person.id, response.headers["Location"].rpartition("/")[2])
    assert run.content["reference"] == f"image:{image.id}" != CONTENT
    assert Image.open(io.BytesIO(person.client.get(f"/pictures/images/{image.id}").data))


def test_masks_lead_to_the_page_where_they_can_be_deleted(person: Person) -> None:
    assert "Masks that you sent" not in person.open().text
    bring(person, role="mask")
    assert "Masks that you sent are among your pictures" in person.open().text
