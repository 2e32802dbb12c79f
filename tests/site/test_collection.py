"""What visitors do with finished paintings: choose, cherish, name, download and compare them."""

from __future__ import annotations

import io
import zipfile
from urllib.parse import parse_qs, urlparse

import pytest
from flask import Flask
from PIL import Image
from werkzeug.test import TestResponse

from tests.site.finished import finish
from tests.site.person import STYLE, Person
from webapp import filenames
from webapp.config import Config
from webapp.pages import gallery
from webapp.records import LONGEST_TITLE, Run
from webapp.runs.belongings import folder

BOTH_DATABASES = True

NOBODYS = "0" * 32


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


def painted(person: Person, **fields: str | list[str]) -> str:
    return finish(person.app, person.start(**fields))


def chosen(person: Person, do: str, *runs: str, query: str = "") -> TestResponse:
    """Tick paintings in the gallery and press a button below them."""
    mark = person.open().values["csrf_token"]
    form = {"csrf_token": mark, "run": list(runs), "do": do}
    return person.client.post(f"/gallery/chosen{query}", data=form)


def heart(person: Person, name: str, run_id: str, query: str = "") -> TestResponse:
    mark = person.open().values["csrf_token"]
    return person.client.post(f"/gallery/chosen{query}", data={"csrf_token": mark, name: run_id})


def said(person: Person, response: TestResponse) -> str:
    """What the page says that an answer leads to."""
    assert response.status_code == 303
    return person.open(response.headers["Location"]).text


def found(person: Person, run_id: str) -> Run:
    return person.site.runs.find(person.id, run_id)


def shown(person: Person, path: str = "/gallery") -> set[str]:
    links = person.open(path).links
    return {link.removeprefix("/runs/") for link in links if link.startswith("/runs/")}


def test_the_chosen_ones_are_deleted_with_all_their_pictures(person: Person) -> None:
    first, second, third = (painted(person) for _ in range(3))
    response = chosen(person, "delete", first, second, first, NOBODYS)
    assert "Deleted 2 paintings." in said(person, response)
    assert shown(person) == {third}
    media = person.site.services.config.instance / "media"
    assert not (media / folder(first)).exists() and (media / folder(third)).exists()


def test_a_strangers_paintings_cannot_be_chosen(person: Person, stranger: Person) -> None:
    theirs = painted(person)
    for deed in ("delete", "favourite"):
        assert said(stranger, chosen(stranger, deed, theirs)) == said(
            stranger, chosen(stranger, deed, NOBODYS)
        )
    heart(stranger, "favourite", theirs)
    assert not found(person, theirs).favourite
    assert "nothing to download" in said(stranger, chosen(stranger, "download", theirs))
    assert stranger.client.get(f"/gallery.zip?run={theirs}").status_code == 404
    assert stranger.client.get(f"/compare?left={theirs}").status_code == 404


def test_nothing_is_done_without_a_choice_or_without_the_mark(person: Person) -> None:
    run_id = painted(person)
    assert "Choose paintings first" in said(person, chosen(person, "delete"))
    form = {"run": [run_id], "do": "delete"}
    assert person.client.post("/gallery/chosen", data=form).status_code == 400
    assert shown(person) == {run_id}


def test_favourites_hang_in_a_place_of_their_own(person: Person) -> None:
    assert "No favourites yet." in person.open("/gallery?favourites=1").text
    loved, other, later = (painted(person) for _ in range(3))
    response = heart(person, "favourite", loved)
    assert response.headers["Location"] == f"/gallery#run-{loved}"
    assert shown(person, "/gallery?favourites=1") == {loved}
    assert shown(person) == {loved, other, later}
    assert "2 paintings added" in said(person, chosen(person, "favourite", loved, later))
    assert shown(person, "/gallery?favourites=1") == {loved, later}
    response = heart(person, "unfavourite", loved, "?favourites=1")
    assert response.headers["Location"] == f"/gallery?favourites=1#run-{loved}"
    person.client.post(
        f"/runs/{later}/favourite",
        data={"csrf_token": person.open().values["csrf_token"], "wanted": "0"},
    )
    assert shown(person, "/gallery?favourites=1") == set()


def test_who_empties_the_last_page_comes_back_to_the_one_before(app: Flask, config: Config) -> None:
    person = Person(app)
    person.open()
    runs = []
    for _ in range(config.page_size + 1):
        runs.append(person.start())
        person.site.runs.cancel(person.id, runs[-1])
    response = chosen(person, "delete", runs[0], query="?page=2")
    assert response.headers["Location"] == "/gallery"
    assert chosen(person, "x", query="?page=" + "9" * 30).headers["Location"] == "/gallery"


def test_a_title_is_kept_as_written_and_never_markup(person: Person) -> None:
    run_id = painted(person)
    mark = person.open().values["csrf_token"]

    def rename(title: str) -> str:
        form = {"csrf_token": mark, "title": title}
        return said(person, person.client.post(f"/runs/{run_id}/rename", data=form))

    rename("  <b>Moon\u0000\n over</b>  the\u202e fjord ")
    assert found(person, run_id).title == "<b>Moon over</b> the fjord"
    assert "<b>Moon" not in person.client.get("/gallery").text
    for wrong in ("", " \t", "x" * (LONGEST_TITLE + 1)):
        assert f"1 to {LONGEST_TITLE} letters" in rename(wrong)
    assert found(person, run_id).title == "<b>Moon over</b> the fjord"


def test_all_finished_results_come_as_one_file_with_names_of_their_own(person: Person) -> None:
    runs = [painted(person) for _ in range(3)]
    person.site.runs.cancel(person.id, person.start())
    person.site.collection.rename(person.id, runs[0], "../../etc/Ärger: 「?」")
    response = person.client.get("/gallery.zip")
    assert (response.status_code, response.mimetype) == (200, "application/zip")
    assert "attachment" in response.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert Image.open(archive.open(names[0])).format == "PNG"
    plain = "cat-in-the-manner-of-fjord"
    assert names == [f"{plain}.png", f"{plain}-2.png", "etc-arger.png"]


def test_only_the_chosen_or_the_favourites_are_downloaded(person: Person) -> None:
    first, second, _ = (painted(person) for _ in range(3))
    waiting = person.start()
    response = chosen(person, "download", second, first, waiting)
    address = urlparse(response.headers["Location"])
    assert address.path == "/gallery.zip"
    assert set(parse_qs(address.query)["run"]) == {first, second}
    heart(person, "favourite", first)
    for query, count in ((address.query, 2), ("favourites=1", 1), ("", 3)):
        content = person.client.get(f"/gallery.zip?{query}").data
        assert len(zipfile.ZipFile(io.BytesIO(content)).namelist()) == count


def test_what_is_deleted_during_the_download_is_left_out(person: Person) -> None:
    first, second = painted(person), painted(person)
    response = person.client.get("/gallery.zip", buffered=False)
    pieces = response.iter_encoded()
    started = next(pieces)
    person.site.collection.delete(person.id, [first])
    with zipfile.ZipFile(io.BytesIO(started + b"".join(pieces))) as archive:
        assert archive.testzip() is None and len(archive.namelist()) == 1
    assert shown(person) == {second}


def test_what_cannot_be_downloaded_is_answered_with_a_sentence(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert person.client.get("/gallery.zip").status_code == 404
    for _ in range(2):
        painted(person)
    monkeypatch.setattr(gallery, "MOST_IN_ZIP", 1)
    response = person.client.get("/gallery.zip")
    assert response.status_code == 413 and "One file holds 1" in response.text


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Cat in the manner of Fjord", "cat-in-the-manner-of-fjord"),
        ("../..\\x.exe", "x-exe"),
        ("日本", "painting"),
        ("CON", "painting-con"),
        ("x" * 200, "x" * 80),
    ],
)
def test_a_title_becomes_a_name_that_every_system_takes(title: str, name: str) -> None:
    assert filenames.stem(title) == name


def test_names_that_would_be_the_same_are_numbered() -> None:
    assert list(filenames.stems(["A", "a", "A 2", "a"])) == ["a", "a-2", "a-2-2", "a-3"]


def test_two_paintings_are_compared_by_what_differs(person: Person) -> None:
    left = painted(person, style=[STYLE, "sample:great_swell.jpg"], steps="7")
    right = painted(person, tv_weight="2.5")
    response = chosen(person, "compare", left, right)
    assert response.headers["Location"] == f"/compare?left={left}&right={right}"
    text = person.open(response.headers["Location"]).text
    assert "Artwork Fjord and Great swell Fjord" in text
    assert "Steps 7 updates 20 updates" in text and "Total variation weight 1 2.5" in text
    assert "Photograph Cat" not in text and "Seed" not in text
    assert (
        "same pictures with the same settings"
        in person.open(f"/compare?left={left}&right={left}").text
    )


def test_what_to_compare_can_be_chosen_on_the_page(person: Person) -> None:
    assert "It takes two finished paintings" in person.open("/compare").text
    runs = [painted(person) for _ in range(2)]
    page = person.open(f"/compare?left={runs[0]}")
    assert page.values["left"] == runs[0] and set(runs) < set(page.options["right"])
    assert person.client.get(f"/compare?left={NOBODYS}").status_code == 404
    assert "Two paintings can be compared" in said(person, chosen(person, "compare", runs[0]))
