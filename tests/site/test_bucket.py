"""Pictures in a bucket: what its operator is told, and what happens when it is out of reach."""

from __future__ import annotations

import dataclasses
import io
import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import file_bytes
from tests.site import order
from tests.site.corpus import plain
from tests.site.object_store import SECRET, ObjectStore
from tests.site.order import ALICE
from tests.site.server import free_port, wait_for
from webapp import bucket, create_app, preflight, reachability
from webapp.backup import back_up
from webapp.config import Config
from webapp.doctor import examine
from webapp.errors import ConfigError, UnavailableError
from webapp.media import MediaStore
from webapp.pruning import SETTLED_SECONDS, Kind, Pruning
from webapp.restoration import restore
from webapp.runs.leases import Leases
from webapp.runs.reports import Reports
from webapp.services import Services
from webapp.uploads import Uploads

KEY = "runs/0a1b/frames/1-2.jpg"


@pytest.fixture
def config(config: Config, bucket_url: str) -> Config:
    """An installation whose pictures are in a bucket."""
    return dataclasses.replace(config, media_url=f"{bucket_url}/pictures")


def told(services: Services) -> tuple[bool, str]:
    """What `stransfer check` says of the media store."""
    finding = next(found for found in examine(services) if found.part == "media store")
    return finding.works, finding.seen


def test_a_bucket_that_works_is_said_to(services: Services) -> None:
    assert told(services) == (True, "can be written, read, listed and cleared")
    assert services.media.files() == []


def test_more_files_than_are_removed_in_one_request_are_removed(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "_MOST_DELETED", 2)
    for number in range(5):
        services.media.write(f"runs/a/{number}.jpg", b"picture")
    services.media.delete_folder("runs/a")
    assert services.media.files() == []


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"media_url": "s3://nobody-made-this"}, "there is no bucket nobody-made-this"),
        ({"AWS_ENDPOINT_URL": "http://u:hidden@127.0.0.1:{port}"}, "127.0.0.1:{port} does not"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        ),
    ],
    ids=["bucket", "address", "keys"],
)
def test_a_bucket_that_cannot_be_used_is_told_before_the_site_starts(
    named: dict[str, str], expected: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = str(free_port())
    for name, value in named.items():
        if name == "media_url":
            config = dataclasses.replace(config, media_url=value)
        else:
            monkeypatch.setenv(name, value.format(port=port))
    with pytest.raises(ConfigError) as caught:
        preflight.prepare(config)
    assert str(caught.value).startswith("MEDIA_URL cannot be used: ")
    assert expected.format(port=port) in str(caught.value)
    assert SECRET not in str(caught.value) and "hidden" not in str(caught.value)
    assert told(Services.of(config)) == (False, str(caught.value))


def test_keys_that_the_store_does_not_know_are_told(
    services: Services, object_store: ObjectStore
) -> None:
    with object_store.strict():
        works, seen = told(services)
    assert not works
    assert "does not accept the keys (InvalidAccessKeyId); correct AWS_ACCESS_KEY_ID" in seen


@pytest.mark.parametrize(
    "url", ["s3://", "s3://Paint", f"s3://key:{SECRET}@paint", "s3://paint/a b", "s3://paint//x"]
)
def test_what_names_no_bucket_is_refused_without_being_repeated(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"MEDIA_URL .*expected s3://BUCKET") as caught:
        Services.of(Config(instance_path=str(tmp_path), media_url=url))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AWS_SECRET_ACCESS_KEY", "", "there are no keys"),
        ("AWS_ENDPOINT_URL", "nowhere", "AWS_ENDPOINT_URL"),
        ("AWS_PROFILE", "nobody", "nobody"),
    ],
)
def test_what_the_environment_lacks_is_told_as_well(
    name: str, value: str, expected: str, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=f"MEDIA_URL .*{expected}"):
        Services.of(config)


def test_whatever_a_silent_store_is_asked_for_is_unavailable(
    services: Services,
    object_store: ObjectStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(bucket, "_ATTEMPTS", 1)
    media = Services.of(dataclasses.replace(services.config, media_seconds=0.2)).media
    uses: list[Callable[[], object]] = [
        lambda: media.write(KEY, b"new"),
        lambda: media.read(KEY),
        lambda: media.exists(KEY),
        lambda: media.modified(KEY),
        lambda: media.delete(KEY),
        lambda: media.forget(KEY, time.time()),
        lambda: media.files(),
        lambda: media.delete_folder("runs/0a1b"),
    ]
    with object_store.silent(), caplog.at_level(logging.INFO):
        for use in uses:
            with pytest.raises(UnavailableError, match="the place where it keeps them"):
                use()
    assert caplog.text.count("does not answer (ReadTimeoutError)") == len(uses)
    assert SECRET not in caplog.text


def test_the_site_is_ready_while_its_bucket_answers_which_is_asked_once_for_all(
    config: Config, object_store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(config).test_client()
    asked: list[MediaStore] = []
    check = MediaStore.check

    def noted(self: MediaStore) -> None:
        asked.append(self)
        check(self)

    monkeypatch.setattr(MediaStore, "check", noted)
    assert [client.get("/readyz").status_code for _ in range(5)] == [200] * 5
    assert len(asked) == 1
    monkeypatch.setattr(reachability, "_FRESH_SECONDS", 0.0)
    monkeypatch.setattr(reachability, "_PATIENCE_SECONDS", 0.1)
    with object_store.silent():
        # Nobody waits for as long as the bucket may be silent, and it is not asked meanwhile.
        answers = [client.get("/readyz") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503] * 3 and len(asked) == 2
    assert "media store" in answers[0].text
    wait_for(lambda: client.get("/readyz").status_code == 200, "the bucket")


def test_what_is_kept_in_a_bucket_is_backed_up_restored_and_pruned(
    services: Services, object_store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = order.place(services)
    claim = order.claim(Leases(services.database, services.config))
    services.media.write(f"runs/{run}/result-1.png", b"result")
    Reports(services.database).done(claim, f"runs/{run}/result-1.png")
    Uploads(services).add(ALICE, "content", "me.png", io.BytesIO(file_bytes(plain())))
    forgotten = "runs/" + "f" * 32 + "/result-1.png"
    services.media.write(forgotten, b"forgotten")
    file = tmp_path / "backup.tar"
    assert back_up(services, file).lost == 0

    elsewhere = dataclasses.replace(
        services.config,
        instance_path=str(tmp_path / "elsewhere"),
        media_url=object_store.bucket(),
    )
    for name, value in elsewhere.as_environment().items():
        monkeypatch.setenv(name, value)
    assert restore(file) == 1
    there = Services.of(elsewhere)
    kept = {file.key for file in services.media.files()} - {forgotten}
    assert {file.key for file in there.media.files()} == kept
    with pytest.raises(ConfigError, match="--replace"):
        restore(file)

    later = time.time() + 2 * SETTLED_SECONDS
    [leftover] = Pruning(services, later).leftovers()
    assert (leftover.kind, leftover.size) == (Kind.FOLDER, len(b"forgotten"))
    leftover.remove()
    assert {file.key for file in services.media.files()} == kept
