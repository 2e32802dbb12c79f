"""Limits on what may wait: who is refused, in what words, and when to come again."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from tests.conftest import ROOT, file_bytes
from tests.site import corpus, order
from tests.site.finished import finish
from tests.site.order import ALICE, BOB, CAROL
from tests.site.page import Page
from tests.site.person import Person
from webapp import create_app
from webapp.config import Config
from webapp.errors import TooManyError
from webapp.records import RunState
from webapp.runs.leases import Leases
from webapp.runs.reports import Progress, Reports
from webapp.runs.store import RunStore
from webapp.services import Services

API = "/api/v1"
RUN = {"content": "cat.jpg", "style": ["fjord.jpg"], "settings": {"size": 100}}

SUBMITTER = """
import sys
from tests.site import order
from webapp.config import Config
from webapp.errors import TooManyError
from webapp.services import Services
config = Config(instance_path=sys.argv[1], max_queued_per_visitor=2, max_queued=3)
services = Services.of(config)
ready = order.made_of(services)
print("ready", flush=True)
sys.stdin.readline()
from webapp.runs.store import RunStore
for n in range(3):
    try:
        print(RunStore(services).submit(sys.argv[2], ready))
    except TooManyError:
        print("refused")
"""


@pytest.fixture
def config(config: Config) -> Config:
    """The configuration, with small limits."""
    return dataclasses.replace(config, max_queued_per_visitor=2, max_queued=3)


def refusal(services: Services, visitor_id: str = ALICE) -> TooManyError:
    """The refusal of one more run."""
    with pytest.raises(TooManyError) as refused:
        order.place(services, visitor_id)
    return refused.value


def test_a_visitor_may_have_so_many_runs_waiting_and_one_painted(services: Services) -> None:
    leases = Leases(services.database, services.config)
    order.place(services)
    order.claim(leases)
    for _ in range(2):
        last = order.place(services)
    assert "2 of one visitor" in str(refusal(services))
    RunStore(services).cancel(ALICE, last)
    order.place(services)
    assert refusal(services).status == 429


def test_all_visitors_together_may_have_so_many_runs_waiting(services: Services) -> None:
    for visitor in (ALICE, ALICE, BOB):
        order.place(services, visitor)
    assert str(refusal(services, CAROL)).startswith("No more paintings than 3 may wait here;")
    Leases(services.database, services.config).claim("worker")
    order.place(services, CAROL)


def test_drafts_take_nobodys_place(services: Services) -> None:
    for visitor in (ALICE, BOB, CAROL):
        order.place_draft(services, visitor)
    for visitor in (ALICE, ALICE, BOB):
        order.place(services, visitor)
    draft = order.place_draft(services, ALICE)
    # Nobody may start another run, and what is refused takes no draft away either.
    refusal(services)
    refusal(services, CAROL)
    assert RunStore(services).find(ALICE, draft, drafts=True).draft


def test_what_is_refused_leaves_nothing_behind(services: Services) -> None:
    for _ in range(2):
        order.place(services)
    refusal(services)
    assert len(RunStore(services).live(ALICE)) == 2
    assert services.queue.waiting() == 2


def test_a_form_that_is_sent_twice_is_not_refused(services: Services) -> None:
    order.place(services)
    again = order.place(services, submission="form")
    assert order.place(services, submission="form") == again


def test_it_is_worth_trying_again_when_the_next_one_is_begun(services: Services) -> None:
    leases, reports = Leases(services.database, services.config), Reports(services.database)
    order.place(services, steps=40)
    claim = order.claim(leases)
    for visitor in (ALICE, ALICE, BOB):
        order.place(services, visitor, steps=40)
    # Nothing was ever measured here, so no time is promised.
    assert (refusal(services, CAROL).retry_after, refusal(services).retry_after) == (60, 60)
    assert "try again when the next of yours is begun" in str(refusal(services))
    reports.progress(claim, [Progress(20, 0.5, 1, 1.0, 1.0, 1.0, 1.0, 10, 0.5, 10.4)], None)
    # Bob is next, and after him Alice, whose run is being painted.
    refused = refusal(services, CAROL)
    assert refused.retry_after == 11
    assert str(refused).endswith("is begun in about 10 s, so try again then.")
    assert refusal(services).retry_after == pytest.approx(11 + 20, abs=1)


@pytest.mark.parametrize(("visitors", "accepted"), [([ALICE] * 3, 2), ([ALICE, BOB, CAROL], 3)])
def test_of_processes_that_submit_at_once_no_more_are_accepted(
    visitors: list[str], accepted: int, services: Services
) -> None:
    submitters = [
        subprocess.Popen(
            [sys.executable, "-c", SUBMITTER, services.config.instance_path, visitor],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for visitor in visitors
    ]
    for submitter in submitters:
        assert submitter.stdout and submitter.stdout.readline() == "ready\n"
    for submitter in submitters:
        assert submitter.stdin
        submitter.stdin.write("go\n")
        submitter.stdin.flush()
    told = [line for one in submitters for line in one.communicate(timeout=60)[0].split()]
    assert [submitter.returncode for submitter in submitters] == [0, 0, 0]
    assert told.count("refused") == 9 - accepted
    assert sum(len(RunStore(services).live(visitor)) for visitor in set(visitors)) == accepted


def test_of_threads_that_submit_at_once_no_more_are_accepted(services: Services) -> None:
    ready, runs = order.made_of(services), RunStore(services)

    def submit(_: int) -> bool:
        try:
            return bool(runs.submit(ALICE, ready))
        except TooManyError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(submit, range(16))) == 2
    assert len(runs.live(ALICE)) == 2


def test_the_api_answers_429_with_a_number_and_a_sentence(app: Flask) -> None:
    client = app.test_client()
    token = client.post(f"{API}/sessions").json["token"]  # type: ignore[index]
    headers = {"Authorization": f"Bearer {token}"}
    for _ in range(2):
        assert client.post(f"{API}/runs", json=RUN, headers=headers).status_code == 201
    refused = client.post(f"{API}/runs", json=RUN, headers=headers)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    assert refused.json is not None
    assert refused.json["error"] == {
        "code": 429,
        "message": "No more paintings than 2 of one visitor may wait here; "
        "the next of yours is begun in about 5 s, so try again then.",
        "fields": {},
    }
    described = client.get(f"{API}/openapi.json").json
    assert described is not None
    for path in ("/runs", "/runs/{id}/continue"):
        told = described["paths"][path]["post"]["responses"]["429"]
        assert told["headers"]["Retry-After"]["required"] is True


def test_the_form_says_it_in_a_sentence_and_loses_nothing(person: Person) -> None:
    for _ in range(2):
        person.start()
    photo = ("mine.png", file_bytes(corpus.plain()))
    typed: dict[str, str | list[str]] = {
        "style": ["sample:fjord.jpg", "sample:two_fish.jpg"],
        "share:sample:two_fish.jpg": "20",
        "steps": "77",
        "seed": "5",
        "preserve_color": "luminance",
    }
    refused = person.send({"content": photo, "content_mask": photo}, **typed)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    page = Page(refused.text)
    assert "No more paintings than 2 of one visitor may wait here" in page.text
    assert page.values["content"].startswith("image:")
    assert page.chosen["style"] == typed["style"]
    for name in ("steps", "seed", "preserve_color", "share:sample:two_fish.jpg"):
        assert page.values[name] == typed[name]
    assert page.values["content_mask"].startswith("image:")
    # Once there is room, the same form is accepted as it stands, and once.
    run = person.site.runs.live(person.id)[0]
    person.site.runs.cancel(person.id, run.id)
    fields: dict[str, str | list[str]] = {**page.values, "style": page.chosen["style"]}
    again = [person.send(None, **fields) for _ in range(2)]
    assert [answer.status_code for answer in again] == [303, 303]
    assert again[0].headers["Location"] == again[1].headers["Location"]


def test_going_on_with_a_painting_keeps_the_number_of_steps(app: Flask, person: Person) -> None:
    done = person.start()
    finish(app, done)
    for _ in range(2):
        person.start()
    form = person.open(f"/runs/{done}").values
    sent = {"csrf_token": form["csrf_token"], "submission": "once", "steps": "123"}
    refused = person.client.post(f"/runs/{done}/continue", data=sent)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "5")
    page = Page(refused.text)
    assert "No more paintings than 2 of one visitor may wait here" in page.text
    assert (page.values["steps"], page.values["submission"]) == ("123", "once")
    person.site.runs.cancel(person.id, person.site.runs.live(person.id)[0].id)
    assert person.client.post(f"/runs/{done}/continue", data=sent).status_code == 303


def test_the_limits_are_those_that_are_configured(config: Config) -> None:
    usual = Config()
    assert (usual.max_running_per_visitor, usual.max_queued_per_visitor) == (1, 5)
    assert usual.max_queued == 100
    one = dataclasses.replace(config, max_queued_per_visitor=1)
    person = Person(create_app(one))
    person.open()
    person.start()
    assert person.send().status_code == 429
    assert [run.state for run in person.site.runs.live(person.id)] == [RunState.QUEUED]
