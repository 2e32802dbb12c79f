"""The services of an installation that is on several machines, as far as one can be all of them."""

from __future__ import annotations

import builtins
import io
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

import webapp
from tests.conftest import file_bytes
from tests.site import nginx, postgres, redis_server
from tests.site.corpus import plain
from tests.site.guest import Guest, Watch
from tests.site.machines import SESSIONS, Machines
from tests.site.nginx import FROM, Nginx
from tests.site.postgres import Postgres
from tests.site.redis_server import RedisServer
from tests.site.server import wait_for
from webapp.config import Config
from webapp.errors import ConfigError
from webapp.services import Services

pytestmark = [postgres.NEEDED, redis_server.NEEDED]

# Ended by whoever has seen enough of it.
LONG = {"size": "100", "steps": "5000", "scales": "1"}


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Machines]:
    folder = tmp_path_factory.mktemp("machines")
    redis = RedisServer(tmp_path_factory.mktemp("redis"))
    machines = Machines(folder, postgres, redis)
    yield machines
    assert set(machines.stop()) == {0}
    redis.stop()
    for web in machines.webs:
        assert "Traceback" not in web.log.read_text(), web.log.read_text()
        assert machines.store.environment["AWS_SECRET_ACCESS_KEY"] not in web.log.read_text()
        assert not list(web.instance.glob("*.sqlite*"))
        assert not (web.instance / "media").exists()


@pytest.fixture(scope="module")
def proxy(machines: Machines) -> Iterator[Nginx]:
    proxy = Nginx(machines.proxy_folder, [web.port for web in machines.webs])
    yield proxy
    proxy.stop()


def test_a_photo_of_ones_own_is_painted_where_everything_is_elsewhere(machines: Machines) -> None:
    guest = machines.guest()
    photo = file_bytes(plain(150, 100))
    sent = guest.send({"content": ("me.png", photo)}, **LONG)
    run = sent.headers["Location"].rpartition("/")[2]
    with guest.watching(run) as watch:
        assert seen(watch).startswith("data:image/jpeg;base64,")
        guest.press(f"/runs/{run}/finish")
        watch.until_state("done")
    assert guest.run(run)["attempts"] == 1
    result = guest.get(f"/runs/{run}/result.png")
    with zipfile.ZipFile(io.BytesIO(guest.get("/gallery.zip").content)) as archive:
        assert [archive.read(name) for name in archive.namelist()] == [result.content]
    for address in (f"/runs/{run}/result-240.webp", f"/runs/{run}/timelapse.webp", "/readyz"):
        assert guest.get(address).ok, address
    kept = [key for key in machines.files() if key.startswith(f"runs/{run}/")]
    assert f"runs/{run}/timelapse.webp" in kept
    assert not [key for key in kept if "/checkpoints/" in key]
    guest.press(f"/runs/{run}/delete")
    assert not [key for key in machines.files() if key.startswith(f"runs/{run}/")]


def test_a_store_that_is_silent_keeps_only_those_waiting_who_want_something_of_it(
    machines: Machines,
) -> None:
    guest = machines.guest()
    run, going_on = guest.start(), guest.start(**LONG)
    guest.wait(run, lambda values: values["state"] == "done")
    with ThreadPoolExecutor() as patient, guest.watching(going_on) as watch:
        seen(watch)
        with machines.store.silent():
            asked = [patient.submit(guest.get, f"/runs/{run}/result.png") for _ in range(5)]
            for address in ("/", "/gallery", f"/runs/{run}", "/healthz"):
                assert guest.get(address).ok, address
            with guest.watching(run) as other:
                assert other.answer["ok"]
            assert not any(answer.done() for answer in asked)
        assert all(answer.result().ok for answer in asked)
        # The worker has waited as well, and the relay, for this one run.
        watch.events.clear()
        seen(watch)
        guest.press(f"/runs/{going_on}/finish")
        watch.until_state("done")


@nginx.NEEDED
def test_who_comes_through_the_proxy_is_known_by_address_to_all_web_processes(
    proxy: Nginx,
) -> None:
    def asked(address: str) -> int:
        # What somebody claims of themselves counts for nothing.
        told = {FROM: address, "X-Forwarded-For": "198.51.100.9"}
        return requests.post(f"{proxy.url}/api/v1/sessions", headers=told, timeout=20).status_code

    assert [asked("192.0.2.1") for _ in range(SESSIONS + 1)] == [201] * SESSIONS + [429]
    assert asked("192.0.2.2") == 201


@nginx.NEEDED
def test_what_is_too_large_is_refused_by_the_site_and_not_by_the_proxy(proxy: Nginx) -> None:
    limit = Config.max_request_mb
    assert f"client_max_body_size {limit}m;" in nginx.CONFIGURATION.read_text()
    guest = Guest(proxy.url)
    assert guest.send({"content": ("me.png", file_bytes(plain()))}).status_code == 303
    refused = guest.send({"content": ("me.png", bytes((Config.max_upload_mb + 1) * 2**20))})
    assert f"at most {Config.max_upload_mb} MiB" in refused.text


@nginx.NEEDED
def test_watchers_of_two_web_processes_go_on_when_one_of_these_is_killed(
    machines: Machines, proxy: Nginx
) -> None:
    guest = Guest(proxy.url)
    run = guest.start(**LONG)
    with ExitStack() as stack:
        # Those who cannot use WebSocket, and those who do, until both processes have some of each.
        watches: list[Watch] = []
        for transports in (["polling"], ["websocket"]):
            before = machines.watchers()
            for number in range(1, 30):
                device = Guest(proxy.url, guest.cookie, {FROM: f"192.0.2.{number}"})
                watch = stack.enter_context(
                    device.watching(run, transports=transports, returns=True)
                )
                watches.append(watch)
                if all(now > then for now, then in zip(machines.watchers(), before, strict=True)):
                    break
            else:
                raise AssertionError("all addresses come to the same web process")
        for watch in watches:
            seen(watch)
        assert {watch.client.transport() for watch in watches} == {"polling", "websocket"}
        machines.other.kill()
        wait_for(lambda: machines.one_watches() == len(watches), "everybody at the other one")
        for watch in watches:
            watch.events.clear()
        for watch in watches:
            seen(watch)
        # Whatever is asked for meanwhile is answered by who is left.
        assert all(guest.get("/gallery").ok for _ in range(4))
        guest.press(f"/runs/{run}/finish")
        for watch in watches:
            watch.until_state("done")


def seen(watch: Watch) -> str:
    """Wait for a picture, and return it."""

    def picture() -> str | None:
        frames = [values["frame"] for values in watch.of("progress") if values["frame"]]
        return frames[-1] if frames else None

    return wait_for(picture, f"a picture of {watch.run_id}")


@pytest.mark.parametrize(
    ("key", "address", "library", "extra"),
    [
        ("DATABASE_URL", "postgresql://paint@127.0.0.1/paint", "psycopg2", "postgres"),
        ("QUEUE_URL", "postgresql://paint@127.0.0.1/paint", "peewee", "postgres"),
        ("QUEUE_URL", "redis://127.0.0.1/0", "redis", "redis"),
        ("MEDIA_URL", "s3://paint", "botocore", "s3"),
    ],
)
def test_a_library_that_is_missing_is_named_with_how_to_install_it(
    key: str,
    address: str,
    library: str,
    extra: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = builtins.__import__

    def without(name: str, *more: Any, **named: Any) -> Any:
        if name.partition(".")[0] == library:
            raise ImportError(f"No module named {library!r}", name=library)
        return found(name, *more, **named)

    config = Config(instance_path=str(tmp_path), **{key.lower(): address})  # type: ignore[arg-type]
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.delitem(sys.modules, "huey.contrib.sql_huey", raising=False)
    monkeypatch.delitem(sys.modules, "webapp.bucket", raising=False)
    monkeypatch.delattr(webapp, "bucket", raising=False)
    with pytest.raises(ConfigError, match=rf"{key} .*{library}.*'\.\[{extra}\]'"):
        Services.of(config)
