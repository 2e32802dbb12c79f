"""The sample pictures, which are whatever lies in two folders."""

from __future__ import annotations

import dataclasses
import io
import os
import shutil
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from stransfer import folders
from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.corpus import foreign, hostile
from tests.site.corpus.clean import check_clean_file
from tests.site.person import Person
from webapp import create_app
from webapp.config import Config
from webapp.errors import UnavailableError
from webapp.media import MediaStore


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of our own, with one sample of each role."""
    folder = tmp_path / "data"
    for role, name in (("content", "cat.jpg"), ("style", "fjord.jpg")):
        (folder / role).mkdir(parents=True)
        shutil.copy(folders.DATA / role / name, folder / role)
    monkeypatch.setattr(folders, "DATA", folder)
    return folder


@pytest.fixture
def app(data: Path, config: Config) -> Flask:
    """The application, with these samples only."""
    return create_app(config)


def test_the_form_offers_what_lies_in_the_folders(person: Person) -> None:
    page = person.open()
    assert page.options["content"] == ["sample:cat.jpg"]
    assert page.options["style"] == ["sample:fjord.jpg"]


def test_every_picture_on_the_form_can_be_fetched_and_is_small(person: Person) -> None:
    for address in person.open().pictures:
        response = person.client.get(address)
        assert (response.status_code, response.mimetype) == (200, "image/jpeg")
        assert "public" in response.headers["Cache-Control"]
        assert max(Image.open(io.BytesIO(response.data)).size) <= 480


def test_a_file_dropped_into_a_folder_shows_up_at_once(data: Path, person: Person) -> None:
    (data / "style" / "Blue-red_thing.png").write_bytes(file_bytes(corpus.plain(200, 100)))
    page = person.open()
    assert page.options["style"] == ["sample:Blue-red_thing.png", "sample:fjord.jpg"]
    assert "Blue red thing" in page.text
    assert person.send(style="sample:Blue-red_thing.png").status_code == 303


def test_a_file_that_is_replaced_gets_another_address(data: Path, person: Person) -> None:
    before = person.open().pictures
    (data / "style" / "fjord.jpg").write_bytes(file_bytes(corpus.plain(300, 100), "JPEG"))
    after = person.open().pictures
    assert before != after
    sizes = {Image.open(io.BytesIO(person.client.get(url).data)).size for url in after}
    assert (300, 100) in sizes


def test_files_that_are_no_pictures_do_not_break_the_page(data: Path, person: Person) -> None:
    (data / "style" / "broken.jpg").write_bytes(b"no picture at all")
    (data / "style" / "empty.png").write_bytes(b"")
    (data / "style" / "README.txt").write_text("About these pictures.")
    (data / "style" / ".hidden.jpg").write_bytes(file_bytes(corpus.plain(), "JPEG"))
    (data / "style" / "folder.jpg").mkdir()
    (data / "style" / "dangling.jpg").symlink_to(data / "nowhere.jpg")
    assert person.open().options["style"] == ["sample:fjord.jpg"]
    for name in ("broken.jpg", "empty.png", "README.txt", ".hidden.jpg", "folder.jpg"):
        assert person.client.get(f"/pictures/samples/style/{name}").status_code == 404


def test_a_picture_that_is_cut_short_is_not_offered(data: Path, person: Person) -> None:
    whole = (data / "style" / "fjord.jpg").read_bytes()
    (data / "style" / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    assert person.open().options["style"] == ["sample:fjord.jpg"]
    assert person.client.get("/pictures/samples/style/cut.jpg").status_code == 404


def test_a_file_whose_name_is_no_text_does_not_break_the_page(data: Path, person: Person) -> None:
    name = os.fsdecode(b"zz_\xff.jpg")
    shutil.copy(data / "style" / "fjord.jpg", data / "style" / name)
    assert person.open().options["style"] == ["sample:fjord.jpg"]


def test_a_large_sample_is_decoded_apart_and_shown_small(data: Path, person: Person) -> None:
    Image.effect_noise((3000, 2000), 50).convert("RGB").save(data / "style" / "large.jpg")
    assert "sample:large.jpg" in person.open().options["style"]
    preview = person.client.get("/pictures/samples/style/large.jpg")
    with Image.open(io.BytesIO(preview.data)) as image:
        assert max(image.size) == 1024


def test_the_form_works_without_any_samples(data: Path, person: Person) -> None:
    shutil.rmtree(data)
    assert "Start" in person.open().text
    assert person.send().status_code == 422


@pytest.mark.parametrize(
    "name",
    [
        "../style/fjord.jpg",
        "..%2fstyle%2ffjord.jpg",
        "%2e%2e/style/fjord.jpg",
        "..%5cstyle%5cfjord.jpg",
        "....//fjord.jpg",
        "%2fetc%2fpasswd",
        "fjord.jpg",
        "cat.jpg%00.png",
        "CAT.JPG",
        ".",
        "..",
    ],
)
def test_no_name_reaches_outside_its_folder(name: str, person: Person) -> None:
    for address in (f"/pictures/samples/content/{name}", f"/pictures/samples/{name}/thumbnail"):
        assert person.client.get(address, follow_redirects=True).status_code == 404
    assert person.send(content=f"sample:{name}").status_code == 422


def test_there_are_no_samples_of_another_role(person: Person) -> None:
    for role in ("weights", "..", "drawing"):
        assert person.client.get(f"/pictures/samples/{role}/cat.jpg").status_code == 404


def test_a_run_survives_the_removal_of_its_sample(data: Path, person: Person) -> None:
    run_id = person.start()
    (data / "content" / "cat.jpg").unlink()
    run = person.site.runs.find(person.id, run_id)
    assert person.site.services.media.exists(run.content["key"])
    assert "Cat" in person.open(f"/runs/{run_id}").text


def test_what_is_painted_from_a_sample_is_as_clean_as_an_upload(data: Path, person: Person) -> None:
    hidden = hostile.ACCEPTED["html in a jpeg's comment"]
    (data / "content" / "hidden.jpg").write_bytes(hidden)
    place = person.send(content="sample:hidden.jpg").headers["Location"]
    [used] = [person.site.runs.find(person.id, place.rpartition("/")[2]).content]
    check_clean_file(person.site.services.media.read(used["key"]), "what is painted")
    check_clean_file(person.client.get(f"{place}/content/0").data, "what is shown of it")
    check_clean_file(person.client.get("/pictures/samples/content/hidden.jpg").data, "a preview")


def test_hostile_files_among_the_samples_are_left_out(data: Path, person: Person) -> None:
    corpora = hostile.TOO_LARGE, hostile.DAMAGED, foreign.NO_PICTURE
    files = [content for corpus in corpora for content in corpus.values()]
    for index, content in enumerate(files):
        (data / "style" / f"{index}.png").write_bytes(content)
    assert person.open().options["style"] == ["sample:fjord.jpg"]


def test_samples_that_cannot_be_examined_now_are_offered_later(data: Path, config: Config) -> None:
    config = dataclasses.replace(config, decoders=1, decode_wait_seconds=0)
    person = Person(create_app(config))
    with person.site.services.decoders.turn():
        assert "style" not in person.open().options
    assert person.open().options["style"] == ["sample:fjord.jpg"]


def test_samples_that_the_store_does_not_give_now_are_offered_later(
    data: Path, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = Person(create_app(config))

    def unreachable(self: MediaStore, key: str) -> bytes:
        raise UnavailableError("The network is down.")

    with monkeypatch.context() as out_of_reach:
        out_of_reach.setattr(MediaStore, "read", unreachable)
        assert "style" not in person.open().options
    assert person.open().options["style"] == ["sample:fjord.jpg"]


def test_each_version_of_a_sample_is_decoded_once(data: Path, config: Config) -> None:
    Person(create_app(config)).open()
    again = Person(create_app(config))
    # Another process finds what this one has learnt, and needs no decoder for it.
    with again.site.services.decoders.turn(), again.site.services.decoders.turn():
        assert again.open().options["style"] == ["sample:fjord.jpg"]
