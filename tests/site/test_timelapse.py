"""How a picture came about: what is kept of it while it is painted, and the animation of it."""

from __future__ import annotations

import io
import threading
from dataclasses import replace

import numpy as np
import pytest
from flask import Flask
from PIL import Image

from stransfer import images
from tests.site import order
from tests.site.finished import finish
from tests.site.person import Person
from webapp.config import Config
from webapp.errors import NotFoundError
from webapp.records import Run
from webapp.runs import moments
from webapp.runs.leases import Claim, Leases
from webapp.runs.painter import Painter
from webapp.runs.reports import Progress, Reports
from webapp.services import Services
from webapp.timelapses import Timelapses


@pytest.fixture
def config(config: Config) -> Config:
    """A checkpoint after every step, and a report of nearly every one."""
    return replace(config, checkpoint_steps=1, frames_per_second=10)


def kept(services: Services, run_id: str) -> list[int]:
    """The moments of which a picture is in the media store."""
    folder = services.config.instance / "media" / "runs" / run_id / "moments"
    return sorted((int(path.stem) for path in folder.iterdir()), key=moments.part)


def animation(services: Services, run: Run) -> list[Image.Image]:
    """The pictures of the timelapse of a run, one after the other."""
    film = Image.open(io.BytesIO(Timelapses(services).of(run)))
    assert (film.format, film.info["loop"]) == ("WEBP", 0)
    frames = []
    for index in range(getattr(film, "n_frames", 1)):
        film.seek(index)
        frames.append(film.convert("RGB"))
    return frames


def distance(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, float) - np.asarray(other, float)).mean())


@pytest.mark.parametrize(
    ("progress", "moment"), [(0.0, 0), (1 / 40, 1), (0.5, 20), (0.999, 39), (1.0, 39)]
)
def test_the_way_is_divided_evenly(progress: float, moment: int) -> None:
    assert moments.part(moments.at(progress, fence=0)) == moment
    assert moments.part(moments.at(progress, fence=7)) == moment


def test_a_painted_run_has_a_timelapse_that_ends_with_its_result(
    painter: Painter, leases: Leases, services: Services
) -> None:
    run_id = order.place(services, steps=80)
    painter.paint(order.claim(leases))
    run = order.look(services, run_id)
    assert run.moments == kept(services, run_id)
    assert 2 <= len(run.moments) <= moments.MOST
    assert moments.part(run.moments[-1]) == moments.MOST - 1
    frames = animation(services, run)
    result = images.to_image(images.read(services.media.read(str(run.result))))
    assert {frame.size for frame in frames} == {result.size}
    assert distance(frames[-1], result) < distance(frames[0], result) / 2
    # Once it is made it is there, whatever becomes of what it was made of.
    for moment in run.moments:
        services.media.delete(moments.key(f"runs/{run_id}", moment))
    assert len(animation(services, run)) == len(frames)


def test_a_run_whose_worker_died_has_each_moment_once(
    painter: Painter, leases: Leases, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = order.place(services, steps=40)
    record = Reports.progress

    def die(
        self: Reports, claim: Claim, steps: list[Progress], frame: str | None, moment: int | None
    ) -> bool:
        wanted = record(self, claim, steps, frame, moment)
        if steps[-1].step >= 10 and not painter.stopping.is_set():
            painter.stopping.set()
        return wanted

    monkeypatch.setattr(Reports, "progress", die)
    painter.paint(order.claim(leases))
    monkeypatch.undo()
    first = order.look(services, run_id)
    assert first.moments and first.moments == kept(services, run_id)
    painter.stopping.clear()
    painter.paint(order.claim(leases))
    run = order.look(services, run_id)
    parts = [moments.part(moment) for moment in run.moments]
    assert parts == sorted(set(parts)) and parts[-1] == moments.MOST - 1
    # What was seen before is not lost, and what is not needed any more is gone.
    assert set(first.moments[:-1]) <= set(run.moments) == set(kept(services, run_id))
    # Nor is it written over: the worker that comes later keeps its own under its fence.
    again = moments.at(0, run.fence)
    assert {moment >= again for moment in run.moments} == {True, False}
    assert all(moment < again for moment in first.moments)


def test_what_comes_after_the_place_a_run_goes_on_from_is_forgotten(
    services: Services, leases: Leases
) -> None:
    run_id = order.place(services)
    reports, claim = Reports(services.database), order.claim(leases)
    # Those of a worker of an earlier version had no fence.
    for moment in (3, 7, 12):
        reports.progress(claim, [], None, moment)
    reports.progress(claim, [], None, 7)
    assert order.look(services, run_id).moments == [3, 7, 12]
    later = moments.at(8 / moments.MOST, claim.fence)
    reports.progress(claim, [], None, later)
    assert order.look(services, run_id).moments == [3, 7, later, 12]
    reports.rewind(claim, 5, part=8 / moments.MOST)
    assert order.look(services, run_id).moments == [3, 7, later]
    reports.rewind(claim, 5, part=7 / moments.MOST)
    assert order.look(services, run_id).moments == [3, 7]
    reports.rewind(claim, 0, part=0.0)
    assert order.look(services, run_id).moments == []


def test_the_page_shows_it_and_the_address_gives_it(person: Person) -> None:
    run_id = person.start()
    address = f"/runs/{run_id}/timelapse.webp"
    assert person.client.get(address).status_code == 404
    finish(person.app, run_id)
    page = person.open(f"/runs/{run_id}")
    assert address in page.pictures and address in page.links
    response = person.client.get(address)
    assert (response.status_code, response.mimetype) == (200, "image/webp")
    assert response.data[8:12] == b"WEBP"
    assert 'filename="cat-in-the-manner-of-fjord.webp"' in response.headers["Content-Disposition"]


def test_a_run_of_which_nothing_was_kept_has_none(person: Person) -> None:
    run_id = person.start()
    finish(person.app, run_id)
    with person.site.services.database.writing() as session:
        session.get_one(Run, run_id).moments = []
    assert "Watch how it came about" not in person.open(f"/runs/{run_id}").text
    assert person.client.get(f"/runs/{run_id}/timelapse.webp").status_code == 404


def test_it_is_made_once_for_all_who_ask_at_the_same_time(app: Flask, person: Person) -> None:
    run_id = person.start()
    finish(person.app, run_id)
    run = person.site.runs.find(person.id, run_id)
    films: list[bytes] = []
    askers = [
        threading.Thread(target=lambda: films.append(person.site.timelapses.of(run)))
        for _ in range(3)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert len(films) == 3 and len(set(films)) == 1


def test_what_cannot_be_read_is_answered_with_a_sentence(person: Person) -> None:
    run_id = person.start()
    finish(person.app, run_id)
    run = person.site.runs.find(person.id, run_id)
    media = person.site.services.media
    media.write(moments.key(f"runs/{run_id}", run.moments[0]), b"damaged")
    response = person.client.get(f"/runs/{run_id}/timelapse.webp")
    assert response.status_code == 503 and "try again" in response.text
    media.delete(str(run.result))
    with pytest.raises(NotFoundError):
        person.site.timelapses.of(run)
