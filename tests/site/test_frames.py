"""Live pictures from a store that takes its time."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.site.server import wait_for
from tests.site.studio import Studio
from webapp.errors import UnavailableError
from webapp.frames import Frames
from webapp.media import MediaStore
from webapp.relay import Relay
from webapp.services import Services

FIRST, SECOND, OTHER = (f"runs/{name}.jpg" for name in ("a/frames/1-1", "a/frames/1-2", "b/1"))


class SlowStore(MediaStore):
    """A store that is no folder, and keeps who asks for the pictures of one run waiting."""

    def __init__(self, name: str, run: str) -> None:
        super().__init__(f"memory://{name}")
        self.run = run
        self.asked: list[str] = []
        self.answering = threading.Event()

    def read(self, key: str) -> bytes:
        self.asked.append(key)
        if key.startswith(f"runs/{self.run}/"):
            assert self.answering.wait(20)
        return super().read(key)


def test_a_picture_that_is_slow_to_come_keeps_no_other_waiting(tmp_path: Path) -> None:
    store = SlowStore(tmp_path.name, "a")
    for key in (FIRST, SECOND, OTHER):
        store.write(key, key.encode())
    frames = Frames(store)
    assert list(frames.read({"a": FIRST, "b": OTHER})) == ["b"]
    # Meanwhile there is a newer one, and a slow store is not asked for two at once.
    assert frames.read({"a": SECOND}) == {}
    assert store.asked == [FIRST, OTHER]
    store.answering.set()
    assert wait_for(lambda: frames.read({"a": SECOND}), "the first")["a"].key == FIRST
    assert wait_for(lambda: frames.read({"a": SECOND}), "the second")["a"].key == SECOND


@pytest.mark.parametrize("kind", ["folder", "elsewhere"])
def test_a_picture_that_is_not_to_be_had_is_none(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MediaStore(str(tmp_path) if kind == "folder" else f"memory://{tmp_path.name}")
    frames = Frames(store)
    found = wait_for(lambda: frames.read({"a": FIRST}), "an answer")["a"]
    assert (found.key, found.picture) == (FIRST, None)

    def unreachable(key: str) -> bytes:
        raise UnavailableError("The network is down.")

    monkeypatch.setattr(store, "read", unreachable)
    assert wait_for(lambda: frames.read({"a": FIRST}), "an answer")["a"].picture is None


def test_watchers_get_a_picture_when_it_has_come_and_everything_else_before(
    services: Services, tmp_path: Path
) -> None:
    studio = Studio(services)
    store = SlowStore(tmp_path.name, studio.run_id)
    studio.relay = Relay(studio.runs.pulses, store, studio.wire)
    studio.watch()
    studio.begin()
    studio.paint(1)
    store.write(f"runs/{studio.run_id}/frames/1-1.jpg", b"picture 1")
    studio.relay.tick()
    assert [values["state"] for values in studio.wire.got("state")] == ["running"]
    assert studio.wire.got("progress") == []
    store.answering.set()

    def told() -> list[dict[str, object]]:
        studio.relay.tick()
        return studio.wire.got("progress")

    [progress] = wait_for(told, "the picture")
    assert progress["frame"]
    assert studio.seqs() == [[1]]
