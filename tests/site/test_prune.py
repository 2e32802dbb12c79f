"""What nobody needs any more goes, and nothing else, also while the site goes on."""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, file_bytes
from tests.site import order
from tests.site.corpus import plain
from tests.site.guest import Guest
from tests.site.order import ALICE
from tests.site.server import Server
from webapp.config import Config
from webapp.errors import ConfigError, NotFoundError
from webapp.pruning import SETTLED_SECONDS, Kind, Leftover, Pruning, told
from webapp.records import Image, Run
from webapp.renditions import Renditions
from webapp.runs.leases import Leases
from webapp.runs.orders import Ingredient, Order
from webapp.runs.reports import Reports
from webapp.runs.store import RunStore
from webapp.services import Services
from webapp.uploads import Uploads, picture_key

SOON = 2 * SETTLED_SECONDS
MONTH = 31 * 86400.0


@pytest.fixture
def config(config: Config) -> Config:
    return dataclasses.replace(config, retention_days=30)


@pytest.fixture
def done(services: Services) -> str:
    """A painting that was finished just now."""
    return painted(services)


def painted(services: Services) -> str:
    run = order.place(services)
    leases = Leases(services.database, services.config)
    claim = order.claim(leases)
    assert claim.run_id == run
    services.media.write(f"runs/{run}/result-1.png", b"result")
    Reports(services.database).done(claim, f"runs/{run}/result-1.png")
    return run


def upload(services: Services, shade: int = 0) -> Image:
    picture = file_bytes(plain(colour=(shade, 90, 90)))
    return Uploads(services).add(ALICE, "content", "me.png", io.BytesIO(picture))


def order_with(services: Services, image: Image) -> Order:
    key = picture_key(image)
    photo = Ingredient(f"image:{image.id}", "Me", key, image.width, image.height)
    return dataclasses.replace(order.made_of(services), content=photo)


def found(services: Services, later: float) -> list[Leftover]:
    """What would go if so many seconds had passed."""
    return [*Pruning(services, time.time() + later).leftovers()]


def prune(services: Services, later: float) -> list[Kind]:
    """Have it removed, each thing before the next is looked for; return what it was."""
    kinds = []
    for leftover in Pruning(services, time.time() + later).leftovers():
        leftover.remove()
        kinds.append(leftover.kind)
    return kinds


def keys(services: Services) -> set[str]:
    return {file.key for file in services.media.files() if not file.key.startswith("samples/")}


def test_what_is_needed_stays_for_as_long_as_was_promised(services: Services, done: str) -> None:
    order.place(services)
    upload(services)
    for later in (0, SOON, 29 * 86400.0):
        assert found(services, later) == []


def test_nothing_has_a_time_unless_the_operator_says_so(services: Services, done: str) -> None:
    upload(services)
    for_ever = dataclasses.replace(services.config, retention_days=0)
    assert found(dataclasses.replace(services, config=for_ever), 100 * 365 * 86400.0) == []


def test_a_painting_goes_after_its_time_and_one_that_is_not_ended_does_not(
    services: Services, done: str
) -> None:
    waiting = order.place(services)
    [leftover] = found(services, MONTH)
    assert (leftover.kind, leftover.size) == (Kind.EXPIRED_RUN, len(b"result"))
    assert keys(services) == {f"runs/{done}/result-1.png"}
    assert prune(services, MONTH) == [Kind.EXPIRED_RUN]
    assert keys(services) == set()
    with pytest.raises(NotFoundError):
        RunStore(services).find(ALICE, done)
    assert RunStore(services).find(ALICE, waiting).state == "queued"


def test_an_upload_stays_as_long_as_a_painting_uses_it(services: Services) -> None:
    used, unused = upload(services), upload(services, 200)
    for image in (used, unused):
        Renditions(services.media).of(picture_key(image), 240)
    store = RunStore(services)
    run = store.submit(ALICE, order_with(services, used))
    assert [left.name for left in found(services, MONTH)] == [f"image {unused.id}"]
    assert prune(services, MONTH) == [Kind.EXPIRED_UPLOAD]
    assert {key.partition("-")[0].partition(".")[0] for key in keys(services)} == {
        f"images/{used.id}"
    }
    store.cancel(ALICE, run)
    # What would go says the same as what does.
    kinds = [left.kind for left in found(services, MONTH)]
    assert kinds == prune(services, MONTH) == [Kind.EXPIRED_RUN, Kind.EXPIRED_UPLOAD]
    assert keys(services) == set()


def test_a_run_that_takes_up_an_old_upload_saves_it_or_is_refused(services: Services) -> None:
    saved, lost = upload(services), upload(services, 200)
    store = RunStore(services)
    leftovers = {leftover.name: leftover for leftover in found(services, MONTH)}
    store.submit(ALICE, order_with(services, saved))
    for leftover in leftovers.values():
        leftover.remove()
    assert services.media.exists(picture_key(saved))
    before = keys(services)
    with pytest.raises(NotFoundError, match="removed meanwhile"):
        store.submit(ALICE, order_with(services, lost))
    assert keys(services) == before and len(store.live(ALICE)) == 1


def test_a_picture_without_a_record_can_still_be_used_where_another_run_has_it(
    services: Services,
) -> None:
    image = upload(services)
    store = RunStore(services)
    store.submit(ALICE, order_with(services, image))
    with services.database.writing() as session:
        session.delete(session.get_one(Image, image.id))
    store.submit(ALICE, order_with(services, image))
    assert prune(services, SOON) == []
    with pytest.raises(NotFoundError):
        store.submit(order.BOB, order_with(services, image))


def test_an_upload_that_is_brought_again_is_new(services: Services) -> None:
    image = upload(services)
    with services.database.writing() as session:
        session.get_one(Image, image.id).created_at -= MONTH
    [leftover] = found(services, 0)
    assert upload(services).id == image.id
    leftover.remove()
    assert Uploads(services).find(ALICE, image.id) and services.media.exists(picture_key(image))
    assert found(services, 0) == []


def test_checkpoints_go_once_a_run_has_ended(services: Services, leases: Leases) -> None:
    run = order.place(services)
    claim = order.claim(leases)
    for name in ("1-1.npz", "1-2.npz"):
        services.media.write(f"runs/{run}/checkpoints/{name}", b"state")
    Reports(services.database).checkpoint(claim, f"runs/{run}/checkpoints/1-2.npz")
    assert found(services, SOON) == []
    RunStore(services).cancel(ALICE, run)
    [leftover] = found(services, 0)
    assert (leftover.kind, leftover.size) == (Kind.SCRAPS, 10)
    assert prune(services, 0) == [Kind.SCRAPS]
    assert keys(services) == set() and order.look(services, run).checkpoint is None


def test_files_without_a_record_go_once_nobody_can_be_about_to_record_them(
    services: Services, done: str
) -> None:
    kept = keys(services)
    gone = "0a" * 16
    for key in (
        f"runs/{gone}/frames/1-1.jpg",
        f"images/{gone}.jpg",
        f"images/{gone}-thumbnail.jpg",
    ):
        services.media.write(key, b"x")
    temporary = Path(services.config.instance) / "media" / "images" / f".{gone}.jpg.77.tmp"
    temporary.write_bytes(b"xx")
    assert found(services, 0) == []
    assert sorted(prune(services, SOON)) == sorted(
        [Kind.FOLDER, Kind.PICTURE, Kind.PICTURE, Kind.UNFINISHED]
    )
    assert keys(services) == kept
    assert not (temporary.parent.parent / "runs" / gone).exists()


def test_records_go_whose_file_is_gone(services: Services, done: str) -> None:
    image, other = upload(services), painted(services)
    services.media.delete(picture_key(image))
    services.media.delete(f"runs/{done}/result-1.png")
    assert set(prune(services, 0)) == {Kind.LOST_RUN, Kind.LOST_UPLOAD}
    with services.database.reading() as session:
        assert session.get(Image, image.id) is None and session.get(Run, done) is None
        assert session.get(Run, other) is not None


@pytest.mark.parametrize("missing", ["files", "records"])
def test_records_and_files_of_different_places_are_left_alone(
    missing: str, services: Services, done: str, tmp_path: Path
) -> None:
    if missing == "files":
        config = dataclasses.replace(services.config, media_url=str(tmp_path / "empty"))
    else:
        empty = f"sqlite:///{tmp_path / 'empty.sqlite'}"
        config = dataclasses.replace(services.config, database_url=empty)
    elsewhere = Services.of(config)
    elsewhere.database.migrate()
    with pytest.raises(ConfigError, match="nothing was removed"):
        found(elsewhere, MONTH)
    elsewhere.database.close()


def test_in_a_bucket_it_is_the_same(services: Services, tmp_path: Path) -> None:
    config = dataclasses.replace(services.config, media_url=f"memory://{tmp_path.name}")
    bucket = Services.of(config)
    run = painted(bucket)
    bucket.media.write(f"runs/{run}/checkpoints/1-1.npz", b"state")
    bucket.media.write(f"images/{'0a' * 16}.jpg", b"x")
    assert [left.kind for left in found(bucket, 0)] == [Kind.SCRAPS]
    assert set(prune(bucket, SOON)) == {Kind.SCRAPS, Kind.PICTURE}
    assert keys(bucket) == {f"runs/{run}/result-1.png"}
    bucket.database.close()


def command(instance: Path, *options: str) -> str:
    """What `stransfer prune` prints."""
    ended = subprocess.run(
        [sys.executable, "-m", "webapp", "prune", *options],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "INSTANCE_PATH": str(instance), "RETENTION_DAYS": "30"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_command_says_what_would_go_and_removes_it_when_it_is_told_to(
    services: Services, done: str
) -> None:
    instance = services.config.instance
    assert command(instance) == "There is nothing to remove.\n"
    with services.database.writing() as session:
        ended = session.get_one(Run, done)
        ended.ended_at = time.time() - MONTH
    before = keys(services)
    assert command(instance, "--dry-run").splitlines() == [
        f"run {done}: 6 B of paintings past their time",
        "would go: 1 paintings past their time, 6 B",
    ]
    assert keys(services) == before
    assert command(instance) == "removed: 1 paintings past their time, 6 B\n"
    assert keys(services) == set()


def test_a_run_that_is_being_painted_does_not_notice(server: Server) -> None:
    guest = Guest(server.url)
    run = guest.start(steps="5000")
    guest.wait(run, lambda values: values["step"] > 0)
    command(server.instance)
    assert guest.run(run)["state"] == "running"
    guest.press(f"/runs/{run}/finish")
    guest.wait(run, lambda values: values["state"] == "done")
    assert guest.get(f"/runs/{run}/result.png").status_code == 200


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (3 * 10**9, "3.0 GB")]
)
def test_sizes_are_said_in_the_unit_that_suits_them(size: int, words: str) -> None:
    assert told(size) == words
