"""The queue, which only has to wake a worker."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from huey.registry import Message

from tests.site import postgres, redis_server
from tests.site.redis_server import RedisServer
from tests.site.server import wait_for
from webapp import queue as queues
from webapp.errors import ConfigError
from webapp.queue import Queue


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.stop()


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("redis", marks=redis_server.NEEDED),
        pytest.param("postgresql", marks=postgres.NEEDED),
    ]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new queue, of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'queue.sqlite'}"
    server = request.getfixturevalue("redis" if request.param == "redis" else "postgres")
    return str(server.address() if request.param == "redis" else server.database())


@pytest.fixture
def received(url: str) -> Iterator[list[str]]:
    """What a consumer of the queue, as the worker has one, gets."""
    arrived: list[str] = []
    worker = Queue(url)
    consumer = worker.consumer(arrived.append, delay=0.05)
    consumer.start()
    yield arrived
    consumer.stop(graceful=True)


def test_messages_wait_until_a_worker_takes_them(url: str) -> None:
    queue = Queue(url)
    assert queue.waiting() == 0
    queue.send("one")
    queue.send("two")
    assert queue.waiting() == 2
    assert Queue(url).waiting() == 2


def test_a_worker_gets_what_the_site_sent_in_order(url: str, received: list[str]) -> None:
    site = Queue(url)
    for run_id in ("one", "two", "three"):
        site.send(run_id)
    arrived = threading.Event()
    for _ in range(200):
        if len(received) == 3:
            break
        arrived.wait(0.05)
    assert received == ["one", "two", "three"]
    assert site.waiting() == 0


def test_a_kind_of_queue_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="QUEUE_URL"):
        Queue("carrier-pigeon://loft")


class Harmful:
    """What writes a file when it is read, in a pickle of Huey's own."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.file,)


def test_what_others_write_into_the_queue_only_wakes_a_worker(
    url: str, tmp_path: Path, received: list[str]
) -> None:
    queue, file = Queue(url), tmp_path / "harm"
    harm = Message("1", "webapp.queue.paint", args=(Harmful(file),))
    for content in (pickle.dumps(harm), b"", b"[" * 100_000, b"[1]", b'{"run": 1}', b"\xff"):
        queue.huey.storage.enqueue(content)
    queue.send("one")
    wait_for(lambda: len(received) == 7, "all messages")
    assert received == [*[""] * 6, "one"]
    assert not file.exists()


@postgres.NEEDED
def test_a_queue_that_is_not_there_at_the_start_is_named_by_its_key() -> None:
    with pytest.raises(ConfigError, match="QUEUE_URL cannot be used"):
        Queue("postgresql://127.0.0.1:1/none")


def test_a_worker_hears_again_of_messages_after_the_queue_was_out_of_reach(
    url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_PAUSE_SECONDS", 0.01)
    arrived: list[str] = []
    worker = Queue(url)
    outage = [ConnectionError("The network is down.")] * 5
    dequeue = worker.huey.dequeue

    def unreachable() -> object:
        if outage:
            raise outage.pop()
        return dequeue()

    worker.huey.dequeue = unreachable
    consumer = worker.consumer(arrived.append, delay=0.01)
    consumer.start()
    Queue(url).send("one")
    wait_for(lambda: arrived == ["one"], "the message")
    consumer.stop(graceful=True)
    told = [record for record in caplog.records if record.name == "webapp.queue"]
    assert [record.levelname for record in told if "again" in record.message] == ["WARNING"]
