"""Smaller versions of pictures: of the promised widths, kept, and nobody else's."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from PIL import Image

from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.finished import finish
from tests.site.page import Page
from tests.site.person import CONTENT, Person
from webapp import renditions
from webapp.errors import NotFoundError
from webapp.media import MediaStore
from webapp.renditions import Renditions, sizes
from webapp.services import Services

ONE_PICTURE = "runs/1/result.png"


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


@pytest.fixture
def visitor(person: Person, app: Flask) -> Person:
    """A visitor with a large photo and a painting of 600 px made from it."""
    photo = file_bytes(corpus.plain(2400, 1600), "JPEG")
    sent = person.send({"content": ("large.jpg", photo)}, content="-", size="600")
    finish(app, sent.headers["Location"].rpartition("/")[2])
    return person


def candidates(page: Page) -> Iterator[tuple[str, int]]:
    """Every file that a browser may take for a picture of the page, with its promised width."""
    for source in page.sources:
        for address, width in re.findall(r"(\S+) (\d+)w", source):
            yield address, int(width)


def width_of(person: Person, address: str) -> int:
    answer = person.client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/webp"), address
    assert answer.cache_control.immutable, address
    return Image.open(io.BytesIO(answer.data)).width


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (60, 100, [(240, 60)]),
        (500, 250, [(240, 240), (960, 500)]),
        (800, 400, [(240, 240), (480, 480), (960, 800)]),
        (2000, 4000, [(240, 120), (480, 240), (960, 480), (1600, 800)]),
    ],
)
def test_only_widths_are_offered_that_are_worth_a_file_of_their_own(
    width: int, height: int, expected: list[tuple[int, int]]
) -> None:
    assert sizes(width, height) == expected


def test_every_picture_comes_in_the_widths_that_the_pages_promise(visitor: Person) -> None:
    [run] = visitor.site.collection.finished(visitor.id, 1)
    found: dict[str, int] = {}
    for path in ("/", "/gallery", f"/runs/{run.id}"):
        page = visitor.open(path)
        # No page shows a whole result.
        assert not [url for url in page.pictures if url.endswith(".png")]
        found |= dict(candidates(page))
    assert len(found) > 20
    assert {width_of(visitor, address) - width for address, width in found.items()} <= {-1, 0, 1}
    result = {w for url, w in found.items() if url.startswith(f"/runs/{run.id}/result")}
    assert result == {240, 480, 600}
    photo = {w for url, w in found.items() if url.startswith(f"/runs/{run.id}/content")}
    assert photo == {240, 480, 960, 1600}


def test_nobody_gets_a_smaller_version_of_what_is_not_theirs(
    visitor: Person, stranger: Person
) -> None:
    [run] = visitor.site.collection.finished(visitor.id, 1)
    own = [
        address
        for path in ("/", "/gallery", f"/runs/{run.id}")
        for address, _ in candidates(visitor.open(path))
        if not address.startswith("/pictures/samples/")
    ]
    assert len(own) > 5
    for address in own:
        assert visitor.client.get(address).status_code == 200
        assert stranger.client.get(address).status_code == 404, address
        assert stranger.client.get(address).data != visitor.client.get(address).data


def test_a_side_that_is_not_offered_is_refused(person: Person) -> None:
    role, name = "content", CONTENT.removeprefix("sample:")
    assert person.client.get(f"/pictures/samples/{role}/{name}/241.webp").status_code == 404
    assert person.client.get(f"/pictures/samples/{role}/{name}/{'9' * 30}.webp").status_code == 404
    assert person.client.get(f"/pictures/samples/{role}/nothing.jpg/240.webp").status_code == 404


def test_a_transparent_picture_is_shown_on_white(services: Services) -> None:
    services.media.write(ONE_PICTURE, corpus.palette_with_transparency())
    small = Renditions(services.media).of(ONE_PICTURE, 240)
    picture = Image.open(io.BytesIO(small)).convert("RGB")
    pixel = picture.getpixel((110, 45))
    assert isinstance(pixel, tuple) and min(pixel) > 250


def test_a_smaller_version_is_made_once_and_goes_with_its_picture(services: Services) -> None:
    store = Renditions(services.media)
    services.media.write(ONE_PICTURE, file_bytes(corpus.plain()))
    first = store.of(ONE_PICTURE, 240)
    kept = renditions.keys(ONE_PICTURE)[0]
    services.media.write(kept, b"kept")
    assert first != store.of(ONE_PICTURE, 240) == b"kept"
    services.media.delete_folder("runs/1")
    assert not services.media.exists(kept)
    with pytest.raises(NotFoundError):
        store.of(ONE_PICTURE, 240)


def test_nothing_is_left_of_a_picture_that_is_deleted_meanwhile(services: Services) -> None:
    class Fleeting(MediaStore):
        def write(self, key: str, content: bytes) -> None:
            super().write(key, content)
            self.delete(ONE_PICTURE)

    services.media.write(ONE_PICTURE, file_bytes(corpus.plain()))
    media = Fleeting(str(services.config.instance / "media"))
    with pytest.raises(NotFoundError):
        Renditions(media).of(ONE_PICTURE, 240)
    assert not services.media.exists(renditions.keys(ONE_PICTURE)[0])
