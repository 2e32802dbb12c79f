"""What happens to runs when processes die, and when the installation is stopped."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from pathlib import Path

from tests.site.guest import Guest
from tests.site.server import Server, wait_for


def test_a_run_whose_worker_is_killed_is_finished_by_the_next_one(server: Server) -> None:
    guest = Guest(server.url)
    run_id = guest.start(steps="40")
    with guest.watching(run_id) as watch:
        reached = guest.wait(run_id, lambda run: run["step"] >= 3)["step"]
        worker = server.process("worker")
        os.kill(worker, signal.SIGKILL)
        watch.until_state("done")
    assert server.process("worker") != worker
    run = guest.run(run_id)
    assert (run["state"], run["attempts"], run["step"]) == ("done", 2, 40)
    assert guest.get(f"/runs/{run_id}/result.png").ok
    heard = [values["state"] for values in watch.of("state")]
    assert heard[-3:] == ["queued", "running", "done"]
    # It went on from a checkpoint: hardly a step was painted twice, and none is missing.
    assert [loss["step"] for loss in run["losses"]] == list(range(1, 41))
    assert reached <= run["losses"][-1]["seq"] < 40 + 15


def test_the_web_process_is_started_again_and_everybody_is_still_known(server: Server) -> None:
    guest = Guest(server.url)
    run_id = guest.start(steps="1")
    web = server.process("web")
    os.kill(web, signal.SIGKILL)
    wait_for(lambda: not server.answers(), "the site to be gone")
    wait_for(server.answers, "the site to be back")
    assert server.process("web") != web
    assert guest.wait(run_id, lambda run: run["state"] == "done")["attempts"] == 1


def test_an_idle_worker_gives_back_what_a_run_has_taken_and_paints_the_next_one(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path, REST_SECONDS="1", HEARTBEAT_SECONDS="0.5")
    server.start()
    try:
        guest = Guest(server.url)
        wait_for(lambda: ": ready" in server.log.read_text(), "the worker")
        worker, was_ready = server.process("worker"), time.monotonic()
        done = guest.start(size="500", steps="1", scales="1")
        guest.wait(done, lambda run: run["state"] == "done")
        needed = memory_mb(worker)
        wait_for(lambda: "start afresh" in server.log.read_text(), "the end of its rest")
        wait_for(lambda: server.log.read_text().count(": ready") == 2, "the fresh worker")
        assert server.process("worker") == worker
        assert memory_mb(worker) < needed - 80
        # It has not just come: whom it missed before its rest it waits for no longer than before.
        assert there_since(worker) < was_ready
        again = guest.start(size="100", steps="1", scales="1")
        assert guest.wait(again, lambda run: run["state"] == "done")["attempts"] == 1
        # Runs so short tell nothing of its speed, so it measures that itself.
        wait_for(lambda: guest.get("/api/v1/presets").json()[0]["seconds"], "an estimate")
    finally:
        server.stop()


def test_without_eventlet_a_run_is_served_and_a_stop_hands_back_the_next_one(
    tmp_path: Path,
) -> None:
    server = Server(tmp_path, ASYNC_MODE="threading", FRAMES_PER_SECOND="5")
    server.start()
    try:
        guest = Guest(server.url)
        run_id = guest.start(steps="10")
        with guest.watching(run_id) as watch:
            watch.until_state("done")
        assert [p["seq"] for p in watch.of("progress")][-1] == 10
        assert guest.get(f"/runs/{run_id}/result.png").ok

        endless = guest.start(steps="9000")
        reached = guest.wait(endless, lambda run: run["step"] >= 2)["step"]
    finally:
        stopping = time.monotonic()
        status = server.stop()
    assert status == 0
    assert time.monotonic() - stopping < 15
    with sqlite3.connect(server.instance / "stransfer.sqlite") as database:
        state, attempts, step, checkpoint = database.execute(
            "SELECT state, attempts, step, checkpoint FROM runs WHERE id = ?", [endless]
        ).fetchone()
    assert (state, attempts) == ("queued", 0)
    assert step >= reached
    assert (server.instance / "media" / checkpoint).is_file()
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


def test_an_installation_can_be_stopped_before_its_worker_is_ready(tmp_path: Path) -> None:
    server = Server(tmp_path)
    server.start()
    assert len(server.processes()) >= 3  # itself, the site and the worker; theirs may be there too
    assert server.stop() == 0
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


def memory_mb(pid: int) -> float:
    """The memory that a process holds."""
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    held = next(row for row in rows if row.startswith("VmRSS"))
    return int(held.split()[1]) / 2**10


def there_since(pid: int) -> float:
    """From when on a worker that was started afresh counts as being there."""
    told = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return float(next(row for row in told if row.startswith("STRANSFER_THERE_SINCE")).split("=")[1])
