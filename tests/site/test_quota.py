"""What a visitor may keep, and what the disk must have left for it."""

from __future__ import annotations

import dataclasses
import io
import itertools
import threading
from pathlib import Path

import pytest
from flask import Flask

from stransfer.settings import Settings
from tests.conftest import file_bytes
from tests.site import order
from tests.site.corpus import noisy, plain
from tests.site.order import ALICE, BOB
from tests.site.page import Page
from tests.site.person import Person
from webapp import create_app, doctor, quota
from webapp.config import Config
from webapp.errors import SiteError, TooLargeError, UnavailableError
from webapp.records import Image
from webapp.room import Room
from webapp.runs.orders import Ingredient, Order
from webapp.runs.store import RunStore
from webapp.services import Services
from webapp.uploads import Uploads, picture_key

MEBIBYTE = 2**20

# Each takes about 0.9 MiB when it is kept, so that one fits into a quota of 1 MiB and two do not.
SIDE = 700


@pytest.fixture
def config(config: Config) -> Config:
    """An installation in which a visitor may keep 1 MiB."""
    return dataclasses.replace(config, quota_mb=1)


def photo(number: int = 0) -> bytes:
    """A picture of which there are many, each large for its size."""
    image = noisy(SIDE, SIDE)
    image.putpixel((0, 0), (number, number, number))
    return file_bytes(image, "JPEG", quality=90)


def bring(
    services: Services, number: int = 0, visitor: str = ALICE, name: str = "sea.jpg"
) -> Image:
    return Uploads(services).add(visitor, "content", name, io.BytesIO(photo(number)))


def files_of(services: Services) -> set[str]:
    return {file.key for file in services.media.files() if file.key.startswith("images/")}


def used(services: Services, visitor: str = ALICE) -> int:
    return Uploads(services).used(visitor)


def paint(services: Services, image: Image) -> str:
    """Start a run that is made from an upload."""
    picture = Ingredient(
        f"image:{image.id}",
        image.title,
        picture_key(image),
        image.width,
        image.height,
        length=image.size,
    )
    wanted = Order(picture, [order.sample(services, "style", "fjord.jpg")], Settings(size=100))
    return RunStore(services).submit(ALICE, wanted)


def test_more_than_a_visitor_may_keep_is_refused_and_it_is_said_what_to_delete(
    services: Services,
) -> None:
    image = bring(services, 1)
    assert MEBIBYTE / 2 < image.size < MEBIBYTE and used(services) == image.size
    before = files_of(services)
    with pytest.raises(TooLargeError, match=r"keep 1 MiB of.*delete.*“sea” \(0\.\d MiB\)"):
        bring(services, 2)
    assert files_of(services) == before and used(services) == image.size
    # The same picture again takes nothing, and others have their own.
    assert bring(services, 1).id == image.id
    assert bring(services, 2, BOB)


def test_where_there_is_no_room_nothing_is_decoded(config: Config) -> None:
    services = Services.of(dataclasses.replace(config, decoders=1, decode_wait_seconds=0))
    services.database.migrate()
    image = bring(services, 1)
    with services.database.writing() as session:
        session.get_one(Image, image.id).size = MEBIBYTE
    with services.decoders.turn(), pytest.raises(TooLargeError):
        bring(services, 2)


def test_what_is_deleted_makes_room(services: Services) -> None:
    image = bring(services, 1)
    with services.database.writing() as session:
        session.delete(session.get_one(Image, image.id))
    assert used(services) == 0
    assert bring(services, 2)


def test_what_a_painting_still_needs_counts_until_the_painting_is_deleted(
    services: Services,
) -> None:
    image = bring(services, 1)
    run_id = paint(services, image)
    assert used(services) == image.size
    with services.database.writing() as session:
        session.delete(session.get_one(Image, image.id))
    assert used(services) == image.size
    with pytest.raises(TooLargeError, match="delete paintings that were made from your own"):
        bring(services, 2)
    # It cannot be brought again either, but what the painting needs is left alone.
    with pytest.raises(TooLargeError):
        bring(services, 1)
    assert services.media.exists(picture_key(image))
    RunStore(services).delete(ALICE, run_id)
    assert used(services) == 0
    assert bring(services, 2)


def test_uploads_at_the_same_time_do_not_get_past_the_quota(services: Services) -> None:
    outcomes: list[Image | SiteError] = []
    ready = threading.Barrier(4)

    def upload(number: int) -> None:
        ready.wait()
        try:
            outcomes.append(bring(services, number))
        except SiteError as error:
            outcomes.append(error)

    threads = [threading.Thread(target=upload, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = [outcome for outcome in outcomes if isinstance(outcome, Image)]
    assert len(outcomes) == 4 and len(kept) == 1
    assert used(services) == kept[0].size
    assert len(files_of(services)) == 2


def test_the_quota_is_checked_when_the_picture_is_recorded(services: Services) -> None:
    """Whoever was told before that there is room may find another upload there."""
    image = bring(services, 1)
    with services.database.writing() as session:
        with pytest.raises(TooLargeError):
            quota.check(session, ALICE, 1, MEBIBYTE - image.size + 1)
        quota.check(session, ALICE, 1, MEBIBYTE - image.size)


def test_the_form_says_what_may_be_uploaded_and_what_is_used(person: Person) -> None:
    told = person.open().text
    assert "up to 10 MiB" in told
    assert "up to 50 megapixels, each side from 32 to 12,000 px" in told
    assert "at most 20 times the short one" in told
    assert "Together they may take 1 MiB. What is painted from them does not count." in told
    assert person.send({"content": ("my_sea.jpg", photo(1))}).status_code == 303
    assert "of 1 MiB here." in person.open().text


def test_the_form_is_shown_again_when_a_visitor_has_too_much(person: Person) -> None:
    person.send({"content": ("my_sea.jpg", photo(1))})
    response = person.send({"style": ("other.jpg", photo(2))}, steps="7")
    assert response.status_code == 413
    page = Page(response.text)
    assert "“my sea”" in page.errors["style"] and page.values["steps"] == "7"


@pytest.fixture
def full(config: Config, app: Flask) -> Flask:
    """The same installation, where the disk has less room than it must have left."""
    return create_app(dataclasses.replace(config, min_free_mb=10**9, quota_mb=500))


def test_on_a_full_disk_no_upload_and_no_run_is_accepted(full: Flask) -> None:
    person = Person(full)
    uploaded = person.send({"content": ("a.png", file_bytes(plain()))})
    assert uploaded.status_code == 503 and int(uploaded.headers["Retry-After"]) > 0
    assert "disk is nearly full" in Page(uploaded.text).errors["content"]
    started = person.send(steps="7")
    assert started.status_code == 503 and int(started.headers["Retry-After"]) > 0
    assert "disk is nearly full" in started.text and Page(started.text).values["steps"] == "7"
    assert person.site.runs.live(person.id) == []
    assert not files_of(person.site.services)
    ready = person.client.get("/readyz")
    assert (ready.status_code, ready.json) == (503, {"status": "the disk is nearly full"})
    assert person.client.get("/healthz").status_code == 200


def test_on_a_full_disk_programs_are_told_when_to_come_again(full: Flask) -> None:
    client = full.test_client()
    token = client.post("/api/v1/sessions").json["token"]  # type: ignore[index]
    headers = {"Authorization": f"Bearer {token}"}
    sent = {"file": (io.BytesIO(file_bytes(plain())), "a.png")}
    wanted = {"content": "cat.jpg", "style": ["fjord.jpg"]}
    for answer in (
        client.post("/api/v1/images", data=sent, headers=headers),
        client.post("/api/v1/runs", json=wanted, headers=headers),
    ):
        assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
        assert "disk is nearly full" in answer.json["error"]["message"]  # type: ignore[index]


def test_what_was_accepted_before_the_disk_was_full_is_still_there(app: Flask, full: Flask) -> None:
    before = Person(app)
    run_id = before.start(submission="once")
    services = full.extensions["stransfer"].services
    assert RunStore(services).find(before.id, run_id)
    with pytest.raises(UnavailableError):
        order.place(services, before.id)


def test_the_doctor_finds_a_full_disk_and_decoders_that_can_decode_nothing(config: Config) -> None:
    services = Services.of(dataclasses.replace(config, min_free_mb=10**9, decode_memory_mb=64))
    services.database.migrate()
    # What comes after these parts takes its time.
    findings = {finding.part: finding for finding in itertools.islice(doctor.examine(services), 6)}
    assert not findings["disk"].works and "MIN_FREE_MB" in findings["disk"].seen
    assert not findings["pictures"].works and "DECODE_MEMORY_MB" in findings["pictures"].seen
    assert findings["database"].works


def test_the_nearest_folder_that_exists_tells_what_is_free(tmp_path: Path) -> None:
    room = Room(1, [tmp_path / "not" / "yet"])
    assert room.enough and room.free > 0
    room.check()
