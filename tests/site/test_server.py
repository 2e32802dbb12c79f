"""The whole site as its visitors meet it: a real server, a real worker, a real network."""

from __future__ import annotations

import base64
import io
import os
import signal
import threading
import time
from typing import Any

import pytest
import requests
import socketio  # type: ignore[import-untyped]
from PIL import Image

from tests.conftest import file_bytes
from tests.site import corpus, order
from tests.site.guest import Guest
from tests.site.page import Page
from tests.site.processes import decoder_of
from tests.site.server import Server, wait_for

PROGRESS = {
    "run",
    "seq",
    "step",
    "steps",
    "progress",
    "scale",
    "loss",
    "seconds_per_step",
    "eta_seconds",
    "frame",
}


@pytest.fixture
def guest(server: Server) -> Guest:
    """A new visitor of the running server."""
    return Guest(server.url)


def picture(frame: str) -> Image.Image:
    """The picture in a data URL."""
    kind, _, content = frame.partition(",")
    assert kind == "data:image/jpeg;base64"
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    image.load()
    return image


def picture_of(guest: Guest, run: dict[str, Any]) -> Image.Image:
    """The newest picture of a run."""
    return Image.open(io.BytesIO(guest.get(run["frame_url"]).content))


def test_a_visitor_watches_a_photo_turn_into_a_painting(guest: Guest) -> None:
    run_id = guest.start(steps="90")
    with guest.watching(run_id) as watch:
        assert watch.answer["ok"] is True
        assert watch.answer["run"].keys() >= order.SNAPSHOT
        watch.until_state("done")
    progress = watch.of("progress")
    assert len(progress) >= 2
    assert all(values.keys() >= PROGRESS for values in progress)
    seqs = [values["seq"] for values in progress]
    assert seqs == sorted(set(seqs)) and seqs[-1] == 90
    losses = [*watch.answer["run"]["losses"], *(loss for p in progress for loss in p["losses"])]
    assert [loss["step"] for loss in losses] == list(range(1, 91))
    frames = [picture(values["frame"]) for values in progress if values["frame"]]
    run = guest.run(run_id)
    assert {frame.size for frame in frames} == {(run["width"], run["height"])}
    assert len({frame.tobytes() for frame in frames}) == len(frames)
    assert progress[-1]["loss"]["total"] < losses[0]["total"]
    states = [values["state"] for values in watch.of("state")]
    assert states == [s for s in ("running", "done") if s in states] and states[-1] == "done"
    assert (run["state"], run["step"], run["attempts"]) == ("done", 90, 1)


def test_the_result_is_a_png_of_the_size_that_was_asked_for(guest: Guest) -> None:
    run_id = guest.start(steps="1", size="120")
    guest.wait(run_id, lambda run: run["state"] == "done")
    response = guest.get(f"/runs/{run_id}/result.png")
    assert response.headers["Content-Type"] == "image/png"
    result = Image.open(io.BytesIO(response.content))
    assert (result.format, max(result.size)) == ("PNG", 120)


def test_a_painting_is_found_again_in_a_new_browser_with_the_same_cookie(guest: Guest) -> None:
    run_id = guest.start(steps="2")
    guest.wait(run_id, lambda run: run["state"] == "done")
    again = Guest(guest.url, guest.cookie)
    assert f"/runs/{run_id}" in again.open("/gallery").links
    assert f"/runs/{run_id}/result.png" in again.open(f"/runs/{run_id}").links
    with again.watching(run_id) as watch:
        assert [loss["step"] for loss in watch.answer["run"]["losses"]] == [1, 2]
        assert watch.answer["run"]["state"] == "done"


def test_another_visitor_sees_nothing_of_a_run(guest: Guest) -> None:
    run_id = guest.start(steps="1")
    stranger = Guest(guest.url)
    assert f"/runs/{run_id}" not in stranger.open("/gallery").links
    assert stranger.get(f"/runs/{run_id}").status_code == 404
    assert stranger.get(f"/api/v1/runs/{run_id}").status_code == 404
    with stranger.watching(run_id) as watch, stranger.watching("0" * 32) as none:
        assert watch.answer == none.answer
        assert watch.answer["ok"] is False
        guest.wait(run_id, lambda run: run["state"] == "done")
    assert watch.events == []


@pytest.mark.parametrize(
    ("origin", "sentence"),
    [
        ("{url}", "Open a page of this site first, or show a valid token."),
        ("", "Expected the header `Origin` of a page of this site, or a token as `auth`."),
    ],
)
def test_nobody_listens_without_having_opened_a_page(
    origin: str, sentence: str, server: Server
) -> None:
    client = socketio.Client(reconnection=False)
    reasons: list[dict[str, str]] = []
    client.on("connect_error", reasons.append)
    with pytest.raises(socketio.exceptions.ConnectionError):
        headers = {"Origin": origin.format(url=server.url)} if origin else {}
        client.connect(server.url, headers=headers, wait_timeout=20)
    assert reasons == [{"message": sentence}]


@pytest.mark.parametrize("message", [None, "x", [], {"run": None}, {"run": 5, "since": "x"}])
def test_nonsense_over_the_socket_is_answered_as_no_run(message: object, guest: Guest) -> None:
    guest.open()
    with guest.watching("0" * 32) as watch:
        answer = watch.client.call("subscribe", message, timeout=10)
        assert (answer["ok"], answer["error"]) == (False, watch.answer["error"])


def test_a_reader_may_ask_since_any_number(guest: Guest) -> None:
    run_id = guest.start(steps="2")
    guest.wait(run_id, lambda run: run["state"] == "done")
    for since, expected in ((1, [2]), (10**30, []), (-(10**30), [1, 2])):
        with guest.watching(run_id, since) as watch:
            assert [loss["seq"] for loss in watch.answer["run"]["losses"]] == expected


def test_a_slow_phone_gets_one_picture_at_a_time_and_misses_no_loss(guest: Guest) -> None:
    run_id = guest.start(steps="30")
    with guest.watching(run_id) as watch:
        watch.attentive.clear()
        guest.wait(run_id, lambda run: run["seq"] >= 12)
        assert len(watch.of("progress")) <= 1
        watch.attentive.set()
        watch.until_state("done")
    losses = [loss["seq"] for values in watch.of("progress") for loss in values["losses"]]
    assert losses == list(range(watch.answer["run"]["seq"] + 1, 31))


def test_a_run_waits_for_its_turn_and_moves_up_when_the_one_before_is_cancelled(
    guest: Guest,
) -> None:
    long, short = guest.start(steps="9000"), guest.start(steps="2")
    guest.wait(long, lambda run: run["seq"] > 0)
    with guest.watching(short) as watch, guest.watching(long) as other:
        assert watch.answer["run"]["queue_position"] == 1
        assert guest.press(f"/runs/{long}/cancel").status_code == 200
        other.until_state("cancelled")
        watch.until_state("done")
    assert watch.of("state")[-1]["queue_position"] is None
    stopped = guest.run(long)["seq"]
    assert guest.run(long)["state"] == "cancelled"
    time.sleep(0.5)
    assert guest.run(long)["seq"] == stopped


def test_a_run_that_is_finished_early_keeps_its_picture(guest: Guest) -> None:
    run_id = guest.start(steps="9000")
    guest.wait(run_id, lambda run: run["seq"] > 0)
    told = guest.press(f"/runs/{run_id}/finish").text
    assert "The picture is kept as it is after the step that was being painted." in told
    run = guest.wait(run_id, lambda run: run["state"] == "done")
    assert 0 < run["step"] < 9000
    assert guest.get(f"/runs/{run_id}/result.png").ok


def test_an_own_photo_is_painted(guest: Guest) -> None:
    photo = {"content": ("garden.jpg", corpus.photo_with_metadata())}
    run_id = guest.send(photo, steps="1").headers["Location"].rpartition("/")[2]
    run = guest.wait(run_id, lambda run: run["state"] == "done")
    assert (run["width"], run["height"]) == (75, 100)
    assert run["content"].startswith("image:")


def test_the_site_answers_everybody_while_an_upload_is_decoded(
    guest: Guest, server: Server
) -> None:
    large = {"style": ("a.png", file_bytes(corpus.plain(6000, 4500).convert("1")))}
    other = Guest(guest.url)
    other.open()
    answers: list[requests.Response] = []
    sent = threading.Thread(target=lambda: answers.append(guest.send(large, steps="1")))
    sent.start()
    decoder = wait_for(lambda: decoder_of(server.process("web")), "a decoder")
    # Halted, it takes as long as we like.
    os.kill(decoder, signal.SIGSTOP)
    try:
        assert other.get("/").ok and other.get("/gallery").ok and other.get("/healthz").ok
        run_id = other.start(steps="1")
        with other.watching(run_id) as watch:
            watch.until_state("done")
        assert answers == []
    finally:
        os.kill(decoder, signal.SIGCONT)
    sent.join(60)
    assert [answer.status_code for answer in answers] == [303]


def test_a_request_above_the_limit_gets_an_answer_that_can_be_read(guest: Guest) -> None:
    response = guest.send({"style": ("a.png", bytes(129 * 2**20))})
    assert response.status_code == 413
    assert "choose a smaller one" in Page(response.text).text


def test_a_draft_gives_way_to_somebody_elses_run_and_is_painted_after_it(guest: Guest) -> None:
    other = Guest(guest.url)
    other.open()
    draft = guest.draft()
    with guest.watching(draft) as watch:
        guest.wait(draft, lambda run: run["seq"] > 0)
        run_id = other.start(steps="40")
        other.wait(run_id, lambda run: run["state"] == "done")
        watch.until_state("done")
    states = [values["state"] for values in watch.of("state")]
    # It was put back while the other one was painted, and its watcher was told so.
    assert states[-3:] == ["queued", "running", "done"]
    assert other.run(run_id)["attempts"] == guest.run(draft)["attempts"] == 1


def test_another_choice_takes_the_draft_away_from_the_worker_that_paints_it(guest: Guest) -> None:
    first = guest.draft()
    with guest.watching(first) as watch:
        guest.wait(first, lambda run: run["seq"] > 0)
        second = guest.draft(style_weight="2")
        watch.until_state("cancelled")
    assert guest.get(f"/api/v1/runs/{first}").status_code == 404
    run = guest.wait(second, lambda run: run["state"] == "done")
    assert picture_of(guest, run).size == (run["width"], run["height"])
