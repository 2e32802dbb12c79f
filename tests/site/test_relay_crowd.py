"""The relay before a crowd: what many are sent is made once, and nothing of it piles up."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.site.studio import LAPTOP, PHONE, Studio
from webapp.media import MediaStore
from webapp.messages import Json, Message
from webapp.runs.pulses import Pulses
from webapp.runs.reports import Progress
from webapp.services import Services

CROWD = [f"phone {number}" for number in range(50)]


@pytest.fixture
def studio(services: Services) -> Studio:
    """A run that has just been claimed."""
    studio = Studio(services)
    studio.begin()
    return studio


def counted(monkeypatch: pytest.MonkeyPatch, kind: type, name: str) -> list[object]:
    """Note every call of a method of the real thing."""
    calls: list[object] = []
    method: Callable[..., object] = getattr(kind, name)

    def noted(*arguments: object) -> object:
        calls.append(arguments[1:])
        return method(*arguments)

    monkeypatch.setattr(kind, name, noted)
    return calls


def test_what_a_crowd_is_sent_is_read_and_written_once(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sid in CROWD:
        studio.watch(sid)
    studio.paint(1, 2)
    reads = counted(monkeypatch, MediaStore, "read")
    losses = counted(monkeypatch, Pulses, "losses")
    studio.relay.tick(0)
    assert len(studio.wire.sent) == len(CROWD)
    assert len({id(message) for message in studio.wire.messages}) == 1
    assert (len(reads), len(losses)) == (1, 1)
    studio.relay.tick(1)
    assert (len(reads), len(losses)) == (1, 1)


def test_a_message_is_the_same_json_as_its_values_however_it_is_written() -> None:
    values = {"run": "é", "loss": None, "losses": [{"seq": 1, "total": 0.5}], "frame": "data:,"}
    assert json.loads(Json.dumps(["progress", Message(values)])) == ["progress", values]
    assert Json.loads(Json.dumps(["progress", values])) == ["progress", values]
    message = Message(values)
    assert message.text is message.text


def test_who_is_far_behind_does_not_thin_what_others_are_sent(studio: Studio) -> None:
    studio.watch(PHONE)
    for first in range(1, 1500, 300):
        studio.paint(*range(first, first + 300))
    studio.watch(LAPTOP)
    studio.paint(1501, 1502, 1503)
    studio.relay.tick(0)
    assert studio.seqs(LAPTOP) == [[1501, 1502, 1503]]
    # No more than a chart can show, the first and the last among them.
    [behind] = studio.seqs(PHONE)
    assert (behind[0], behind[-1]) == (1, 1503) and 250 < len(behind) <= 502


def test_who_asks_again_gets_no_second_picture_before_the_first_has_arrived(
    studio: Studio,
) -> None:
    studio.watch()
    studio.paint(1)
    studio.relay.tick(0)
    studio.watch()
    studio.paint(2)
    studio.relay.tick(1)
    assert studio.seqs() == [[1]]
    studio.wire.arrived()
    studio.relay.tick(2)
    assert studio.seqs() == [[1], [2]]


def test_who_never_acknowledges_is_sent_no_more_than_a_picture_each_ten_seconds(
    studio: Studio,
) -> None:
    studio.watch()
    for second in range(100):
        studio.paint(second + 1)
        studio.relay.tick(second)
    assert len(studio.seqs()) == 10


def test_the_relay_keeps_nothing_of_whoever_has_left(studio: Studio) -> None:
    for number, sid in enumerate(CROWD, start=1):
        studio.watch(sid)
        studio.paint(number)
        studio.relay.tick(number)
        assert studio.relay.watchers == 1
        studio.relay.unwatch(sid)
    assert studio.relay.watchers == 0
    assert studio.relay._watchers == {}


def test_a_step_without_a_picture_has_its_losses_for_everybody(studio: Studio) -> None:
    assert studio.claim is not None
    for sid in CROWD[:3]:
        studio.watch(sid)
    step = Progress(1, 0.5, 1, 4.0, 1.0, 2.0, 1.0, 2.0, 1.0, 1.0)
    studio.reports.progress(studio.claim, [step], None)
    studio.relay.tick(0)
    assert [studio.seqs(sid) for sid in CROWD[:3]] == [[[1]]] * 3
