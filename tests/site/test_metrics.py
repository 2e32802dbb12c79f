"""What Prometheus reads, and who may."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

from stransfer import presets, pyramid
from stransfer.settings import Settings
from tests.site.finished import finish
from tests.site.guest import Guest
from tests.site.person import Person
from tests.site.server import Server
from webapp import create_app
from webapp.config import Config

TOKEN = "a token that nobody guesses"

Metrics = dict[tuple[str, tuple[str, ...]], float]


def parsed(text: str) -> Metrics:
    """Every sample by its name and the values of its labels."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(person: Person) -> Metrics:
    """The metrics as a program on this machine reads them."""
    answer = person.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    return parsed(answer.text)


def test_runs_are_counted_by_state_and_the_waiting_ones_as_the_queue(person: Person) -> None:
    empty = read(person)
    assert empty["stransfer_queue_length", ()] == empty["stransfer_queue_oldest_seconds", ()] == 0
    assert empty["stransfer_runs", ("done",)] == 0
    assert empty["stransfer_workers", ()] == 0
    finish(person.app, person.start())
    person.press(f"/runs/{person.start()}/cancel")
    for _ in range(2):
        person.start()
    found = read(person)
    states = {labels[0]: n for (name, labels), n in found.items() if name == "stransfer_runs"}
    assert states == {"queued": 2, "running": 0, "done": 1, "failed": 0, "cancelled": 1}
    assert found["stransfer_queue_length", ()] == 2
    assert 0 < found["stransfer_queue_oldest_seconds", ()] < 60


def test_another_web_process_counts_the_same_runs(person: Person, config: Config) -> None:
    person.start()
    assert read(Person(create_app(config)))["stransfer_queue_length", ()] == 1


def test_a_step_is_timed_by_the_newest_runs_for_the_default_size(person: Person) -> None:
    assert ("stransfer_step_seconds", ("vgg16",)) not in read(person)
    run = person.start(size="500", scales="1")
    finish(person.app, run, seconds=30, pace=0.5)
    found = read(person)
    photo = person.site.runs.find(person.id, run).content
    [painted] = pyramid.plan(photo["width"], photo["height"], Settings(scales=1))
    usual = pyramid.plan(presets.USUAL_WIDTH, presets.USUAL_HEIGHT, Settings())[-1]
    expected = 0.5 * usual.cost / painted.cost
    assert found["stransfer_step_seconds", ("vgg16",)] == pytest.approx(expected)
    assert found["stransfer_preparation_seconds", ("vgg16",)] == pytest.approx(20)


def test_accepted_and_refused_requests_are_counted_without_what_strangers_make_up(
    person: Person,
) -> None:
    person.start()
    person.send(size="3")
    for number in range(3):
        person.client.get(f"/none-{number}")
    found = read(person)
    assert found["stransfer_requests_total", ("create.start", "303")] == 1
    assert found["stransfer_requests_total", ("create.start", "422")] == 1
    assert found["stransfer_requests_total", ("none", "404")] == 3


def test_watchers_and_the_pictures_sent_to_them_are_counted(server: Server) -> None:
    guest = Guest(server.url)
    run = guest.start()
    before = parsed(guest.get("/metrics").text)
    with guest.watching(run) as watch:
        during = parsed(guest.get("/metrics").text)
        watch.until_state("done")
    after = parsed(guest.get("/metrics").text)
    watchers, sent = ("stransfer_watchers", ()), ("stransfer_frames_sent_total", ())
    assert during[watchers] == before[watchers] + 1
    assert during["process_resident_memory_bytes", ()] > 2**20
    pictures = [values for values in watch.of("progress") if values["frame"]]
    assert after[sent] == before[sent] + len(pictures) > 0


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "", "unix:"])
def test_without_a_token_other_machines_find_nothing_there(address: str, person: Person) -> None:
    there = {"REMOTE_ADDR": address}
    found = person.client.get("/metrics", environ_overrides=there)
    missing = person.client.get("/metrix", environ_overrides=there)
    assert found.status_code == missing.status_code == 404
    assert found.text == missing.text


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_may_read_unless_it_passes_on_for_another(
    address: str, person: Person
) -> None:
    here = {"REMOTE_ADDR": address}
    assert person.client.get("/metrics", environ_overrides=here).status_code == 200
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        passed_on = person.client.get(
            "/metrics", environ_overrides=here, headers={header: "192.0.2.1"}
        )
        assert passed_on.status_code == 404, header


def test_with_a_token_whoever_shows_it_may_read_and_nobody_else(tmp_path: Path) -> None:
    app: Flask = create_app(
        Config(instance_path=str(tmp_path), async_mode="threading", metrics_token=TOKEN)
    )
    client = app.test_client()
    for shown in (None, "", TOKEN, "Bearer", f"Bearer {TOKEN}x", f"bearer {TOKEN} "):
        headers = {} if shown is None else {"Authorization": shown}
        assert client.get("/metrics", headers=headers).status_code == 401, shown
    there = {"REMOTE_ADDR": "192.0.2.1"}
    shown_well = {"Authorization": f"Bearer {TOKEN}"}
    answer = client.get("/metrics", headers=shown_well, environ_overrides=there)
    assert answer.status_code == 200 and "stransfer_runs" in answer.text
