"""Masks, earlier results, and going on from one: what guides a painting besides its pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from flask import Flask
from PIL import Image

from tests.conftest import file_bytes
from tests.site import corpus
from tests.site.finished import finish
from tests.site.page import Page
from tests.site.person import CONTENT, STYLE, Person
from webapp.records import RunState

NOBODYS = "0" * 32


@pytest.fixture
def app(busy_app: Flask) -> Flask:
    """An installation with many visitors, of whom each sees only what is theirs."""
    return busy_app


def mask(person: Person, role: str = "content", *, black: bool = False) -> bytes:
    """A mask for one of the two samples: its right half is white."""
    samples = person.site.samples
    name = {"content": CONTENT, "style": STYLE}[role].partition(":")[2]
    sample = samples.find("content" if role == "content" else "style", name)
    values = np.zeros((sample.height, sample.width), np.uint8)
    if not black:
        values[:, sample.width // 2 :] = 255
    return file_bytes(Image.fromarray(values, "L"))


def test_a_run_is_made_with_the_masks_that_were_sent(person: Person) -> None:
    files = {
        "content_mask": ("sky.png", mask(person)),
        "style_mask": ("brush.png", mask(person, "style")),
    }
    place = person.send(files).headers["Location"]
    page = person.open(place)
    assert "Mask for the photograph sky" in page.text
    assert "Mask for the artwork brush" in page.text
    kept = Image.open(io.BytesIO(person.client.get(f"{place}/content_mask/0").data))
    # Without loss: the edge is as sharp as it came.
    assert kept.format == "PNG" and set(np.unique(np.asarray(kept))) == {0, 255}
    assert person.client.get(f"{place}/style_mask/0").status_code == 200
    assert person.client.get(f"{place}/init_image/0").status_code == 404


@pytest.mark.parametrize(
    ("field", "content", "sentence"),
    [
        ("content_mask", file_bytes(corpus.plain(200, 60)), "must have the photo's proportions"),
        ("style_mask", file_bytes(corpus.plain(200, 60)), "must have the artwork's proportions"),
        ("content_mask", None, "The photo's mask is black all over"),
        ("style_mask", b"no picture at all", "is none"),
    ],
)
def test_a_mask_that_cannot_be_used_is_refused_before_anything_is_painted(
    field: str, content: bytes | None, sentence: str, person: Person
) -> None:
    file = mask(person, black=True) if content is None else content
    page = Page(person.send({field: ("mask.png", file)}, steps="7").text)
    assert set(page.errors) == {field} and sentence in page.errors[field]
    assert (page.values["steps"], page.values["style"]) == ("7", STYLE)
    assert person.site.runs.live(person.id) == []


def test_a_style_mask_is_for_a_single_artwork(person: Person) -> None:
    file = {"style_mask": ("mask.png", mask(person, "style"))}
    page = Page(person.send(file, style=[STYLE, "sample:great_swell.jpg"]).text)
    assert "needs a single artwork" in page.errors["style_mask"]


def test_a_mask_stays_chosen_when_something_else_is_wrong(person: Person) -> None:
    page = Page(person.send({"content_mask": ("mask.png", mask(person))}, steps="0").text)
    reference = page.values["content_mask"]
    assert reference.startswith("image:")
    run_id = person.start(content_mask=reference)
    used = person.site.runs.find(person.id, run_id).content_mask
    assert used is not None and used["reference"] == reference


def test_a_strangers_picture_is_no_mask(person: Person, stranger: Person) -> None:
    page = Page(person.send({"content_mask": ("mask.png", mask(person))}, steps="0").text)
    refused = stranger.send(content_mask=page.values["content_mask"])
    assert set(Page(refused.text).errors) == {"content_mask"}


def test_an_earlier_result_is_offered_once_there_is_one(person: Person) -> None:
    assert "result" not in person.open().options["init"]
    first = finish(person.app, person.start())
    page = person.open()
    assert "result" in page.options["init"]
    assert page.options["init_image"] == [f"run:{first}"]
    again = person.start(init="result", init_image=f"run:{first}")
    assert "Started from Cat in the manner of Fjord" in person.open(f"/runs/{again}").text


def test_a_run_keeps_what_it_begins_with_when_the_earlier_run_is_deleted(person: Person) -> None:
    first = finish(person.app, person.start())
    result = person.client.get(f"/runs/{first}/result.png").data
    again = person.start(init="result", init_image=f"run:{first}")
    person.press(f"/runs/{first}/delete")
    assert person.client.get(f"/runs/{again}/init_image/0").data == result
    person.press(f"/runs/{again}/delete")
    folder = person.site.services.config.instance / "media" / "runs" / again
    assert not folder.exists()


@pytest.mark.parametrize("reference", ["", f"run:{NOBODYS}", "run:", "sample:cat.jpg", "x"])
def test_an_earlier_result_that_is_unknown_is_named(reference: str, person: Person) -> None:
    finish(person.app, person.start())
    page = Page(person.send(init="result", init_image=reference).text)
    assert set(page.errors) == {"init_image"}


def test_a_run_that_is_not_finished_is_nothing_to_begin_with(person: Person) -> None:
    finish(person.app, person.start())
    waiting = person.start()
    page = Page(person.send(init="result", init_image=f"run:{waiting}").text)
    assert "Only a finished painting" in page.errors["init_image"]


def test_the_form_is_filled_in_like_an_earlier_run(person: Person) -> None:
    second = "sample:great_swell.jpg"
    shares = {f"share:{STYLE}": "3", f"share:{second}": "1"}
    file = {"content_mask": ("mask.png", mask(person))}
    sent = person.send(file, style=[STYLE, second], steps="7", tv_weight="0.5", **shares)
    first = finish(person.app, sent.headers["Location"].rpartition("/")[2])
    assert f"/?from={first}" in person.open(f"/runs/{first}").links
    page = person.open(f"/?from={first}")
    assert page.values["content"] == CONTENT and page.chosen["style"] == [STYLE, second]
    assert [page.values[name] for name in shares] == ["75", "25"]
    assert (page.values["steps"], page.values["tv_weight"]) == ("7", "0.5")
    assert page.values["content_mask"].startswith("image:")
    assert page.values["init_image"] == f"run:{first}"
    assert page.errors == {}


def test_a_strangers_run_fills_in_nothing(person: Person, stranger: Person) -> None:
    run_id = person.start()
    theirs = stranger.client.get(f"/?from={run_id}")
    none = stranger.client.get(f"/?from={NOBODYS}")
    assert theirs.status_code == none.status_code == 404
    assert theirs.text == none.text


def go_on(person: Person, run_id: str, **fields: str) -> str:
    data = {"csrf_token": person.open().values["csrf_token"], **fields}
    response = person.client.post(f"/runs/{run_id}/continue", data=data)
    assert response.status_code == 303
    return response.headers["Location"].rpartition("/")[2]


def test_a_finished_run_goes_on_for_so_many_steps(person: Person) -> None:
    first = finish(person.app, person.start(steps="9", scales="2", tv_weight="0.5"))
    again = go_on(person, first, steps="3")
    run = person.site.runs.find(person.id, again)
    assert run.state == RunState.QUEUED and again != first
    assert run.settings["init"] == "result" and run.settings["tv_weight"] == 0.5
    # Coarser levels would blur what is painted already.
    assert (run.settings["steps"], run.steps, run.scales) == (3, 3, 1)
    assert run.init_image is not None and run.init_image["reference"] == f"run:{first}"
    assert go_on(person, first, steps="") not in (first, again)


def test_going_on_twice_from_one_page_is_one_run(person: Person) -> None:
    first = finish(person.app, person.start())
    again, same = (go_on(person, first, steps="3", submission="one page") for _ in range(2))
    assert again == same
    folder = person.site.services.config.instance / "media" / "runs"
    with_init = [path for path in folder.glob("*/init.png") if path.parent.name == again]
    assert len(with_init) == 1


def test_what_cannot_go_on_says_why(person: Person) -> None:
    run_id = person.start()
    for sentence in ("this one is queued", "this one is cancelled"):
        assert go_on(person, run_id, steps="3") == run_id
        assert sentence in person.open(f"/runs/{run_id}").text
        person.press(f"/runs/{run_id}/cancel")
    done = finish(person.app, person.start())
    assert go_on(person, done, steps="0") == done
    assert "Steps must be a whole number from 1 to 10000" in person.open(f"/runs/{done}").text
