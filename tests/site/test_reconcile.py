"""What goes by itself, and what never does: that which somebody may still want."""

from __future__ import annotations

import io
import os
import time
from dataclasses import replace

import pytest

from tests.conftest import file_bytes
from tests.site import order
from tests.site.corpus import plain
from tests.site.order import ALICE
from webapp.pruning import SETTLED_SECONDS, Kind, Pruning, reconcile
from webapp.records import Run
from webapp.runs.collection import Collection
from webapp.runs.leases import Leases
from webapp.runs.reports import Reports
from webapp.services import Services
from webapp.uploads import Uploads, picture_key

GONE = "0a" * 16
MONTH = 31 * 86400.0


def painted(services: Services) -> str:
    run = order.place(services)
    claim = order.claim(Leases(services.database, services.config))
    services.media.write(f"runs/{run}/result-1.png", b"result")
    Reports(services.database).done(claim, f"runs/{run}/result-1.png")
    return run


def keys(services: Services) -> set[str]:
    return {file.key for file in services.media.files()}


def age(services: Services, *names: str) -> None:
    """Make files so old that nobody is writing them any more."""
    old = time.time() - 2 * SETTLED_SECONDS
    for name in names:
        os.utime(services.config.instance / "media" / name, (old, old))


def test_what_interruptions_left_behind_goes(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    done = painted(services)
    kept = keys(services)
    services.media.write(f"runs/{done}/checkpoints/1-1.npz", b"x")
    fresh, stale = (f"samples/.{GONE}.jpg.{number}.tmp" for number in (77, 78))
    for name in (fresh, stale):
        (services.config.instance / "media" / name).write_bytes(b"x")
    age(services, stale)
    reconcile(services)
    assert keys(services) == {*kept, fresh}
    for kind in (Kind.SCRAPS, Kind.UNFINISHED):
        assert f"removed: 1 {kind}" in caplog.text
    assert "records and files agree" in caplog.text


def test_what_somebody_may_want_back_is_only_counted(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    done, lost = painted(services), painted(services)
    picture = io.BytesIO(file_bytes(plain()))
    image = Uploads(services).add(ALICE, "content", "me.png", picture)
    services.media.delete(picture_key(image))
    services.media.delete(f"runs/{lost}/result-1.png")
    services.media.write(f"runs/{GONE}/result-1.png", b"x")
    services.media.write(f"images/{GONE}.jpg", b"x")
    age(services, f"runs/{GONE}/result-1.png", f"images/{GONE}.jpg")
    with services.database.writing() as session:
        session.get_one(Run, done).ended_at = 0
    before = keys(services)
    reconcile(services)
    assert keys(services) == before
    for kind in (Kind.LOST_RUN, Kind.LOST_UPLOAD, Kind.FOLDER, Kind.PICTURE):
        assert f"there are 1 {kind}; `stransfer prune` removes them" in caplog.text
    assert str(Kind.EXPIRED_RUN) not in caplog.text


@pytest.mark.parametrize("why", ["favourite", "share"])
def test_favourites_and_what_is_shared_have_no_time(why: str, services: Services) -> None:
    done, collection = painted(services), Collection(services)
    limited = replace(services, config=replace(services.config, retention_days=30))

    def expired() -> list[str]:
        return [leftover.kind for leftover in Pruning(limited, time.time() + MONTH).leftovers()]

    if why == "favourite":
        collection.cherish(ALICE, [done])
    else:
        collection.share(ALICE, done)
    assert expired() == []
    collection.cherish(ALICE, [done], favourite=False)
    collection.revoke(ALICE, done)
    assert expired() == [Kind.EXPIRED_RUN]
