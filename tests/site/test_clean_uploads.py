"""Of what visitors bring, nothing is left but the pixels, whatever it is called and consists of."""

from __future__ import annotations

import io

import pytest
from flask import Flask

from tests.conftest import ROOT, file_bytes
from tests.site import corpus
from tests.site.corpus import damage, foreign, hostile
from tests.site.corpus.clean import check_clean_file
from tests.site.page import Page
from tests.site.person import Person
from webapp.uploads import picture_key


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


@pytest.mark.parametrize("name", [*hostile.ACCEPTED][::6])
def test_nothing_of_what_came_in_ever_goes_out_again(name: str, person: Person) -> None:
    content = hostile.ACCEPTED[name]
    place = person.send({"content": ("a.png", content)}).headers["Location"]
    [image] = person.site.uploads.of(person.id, "content")
    addresses = [f"/pictures/images/{image.id}", f"/pictures/images/{image.id}/thumbnail"]
    addresses += [f"/pictures/images/{image.id}/480.webp", f"{place}/content/0"]
    for address in addresses:
        answer = person.client.get(address)
        assert answer.mimetype in ("image/jpeg", "image/png", "image/webp")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        check_clean_file(answer.data, f"{name}: {address}")
        assert answer.data not in content and content not in answer.data


def test_pictures_are_kept_where_nothing_is_served_by_its_name(person: Person) -> None:
    person.send({"style": ("a.png", file_bytes(corpus.plain()))})
    services = person.site.services
    [folder] = services.media.folders
    assert not folder.is_relative_to(ROOT / "static")
    [image] = person.site.uploads.of(person.id, "style")
    assert picture_key(image) == f"images/{image.id}.jpg" and len(image.id) == 32
    for name in (picture_key(image), "../stransfer.sqlite"):
        for address in (f"/static/{name}", f"/pictures/{name}", f"/media/{name}", f"/{name}"):
            assert person.client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("../../etc/passwd.png", "passwd"),
        ("..", ".."),
        ("..\\..\\windows\\system32.png", "system32"),
        ("/etc/shadow", "shadow"),
        ("C:\\photo.jpg", "photo"),
        ("b\u00e4ume_im_\u79cb.png", "b\u00e4ume im \u79cb"),
        ("\U0001f3a8.png", "\U0001f3a8"),
        ("null\x00byte.png", "nullbyte"),
        ("turned\u202egnp.exe", "turnedgnp"),
        ("new\nline.png", "newline"),
        ("x" * 5000 + ".png", "x" * 60),
        ("%2e%2e%2fetc.png", "%2e%2e%2fetc"),
        ("images/../../x-thumbnail.jpg", "x-thumbnail"),
        ("_.png", "Your picture"),
        (" ", "Your picture"),
    ],
)
def test_a_file_may_have_any_name(name: str, title: str, person: Person) -> None:
    image = person.site.uploads.add(
        person.id, "content", name, io.BytesIO(file_bytes(corpus.plain()))
    )
    assert image.title == title
    response = person.send({"style": (name, file_bytes(corpus.plain()))})
    assert response.status_code in (303, 422)
    person.open()


def program(person: Person) -> dict[str, str]:
    token = person.client.post("/api/v1/sessions").json["token"]  # type: ignore[index]
    return {"Authorization": f"Bearer {token}"}


_SAMPLE = {
    **{f"damaged, {name}": hostile.DAMAGED[name] for name in [*hostile.DAMAGED][::7]},
    **{f"too large, {name}": hostile.TOO_LARGE[name] for name in [*hostile.TOO_LARGE][::3]},
    **{f"none, {name}": foreign.NO_PICTURE[name] for name in [*foreign.NO_PICTURE][::5]},
    "cut short": [*damage.cut_short("progressive jpeg")][11],
    **dict(damage.damaged(6, seed=3)),
}


@pytest.mark.parametrize("name", _SAMPLE)
def test_a_program_is_told_in_a_sentence_why_a_file_is_refused(name: str, person: Person) -> None:
    sent = {"file": (io.BytesIO(_SAMPLE[name]), "a.png"), "role": "mask"}
    answer = person.client.post("/api/v1/images", data=sent, headers=program(person))
    if answer.status_code != 201:
        assert answer.status_code == 422 and answer.json is not None
        assert answer.json["error"]["message"].endswith(".")


def test_masks_and_pictures_to_begin_with_get_the_same_care(person: Person) -> None:
    hidden = hostile.ACCEPTED["html in a png's tEXt"]
    response = person.send({"content_mask": ("mask.png", hidden)}, steps="0")
    assert response.status_code == 422
    [mask] = person.site.uploads.of(person.id, "mask")
    check_clean_file(person.site.services.media.read(picture_key(mask)), "a mask")
    for name, content in (("bomb", hostile.TOO_LARGE), ("damage", hostile.DAMAGED)):
        [first, *_] = content.values()
        page = Page(person.send({"content_mask": (name, first)}).text)
        assert page.errors["content_mask"].endswith(".")
