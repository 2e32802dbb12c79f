"""Many workers that want the same runs, and fall asleep in the middle of painting them."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter

import pytest
from sqlalchemy import select

from tests.conftest import ROOT
from tests.site import contenders, order
from tests.site.contenders import STEPS
from webapp.records import Loss, RunState
from webapp.runs.belongings import folder
from webapp.runs.leases import Leases
from webapp.services import Services

BOTH_DATABASES = True

# How wrong the clocks of four hosts are, in seconds: no two agree.
OFF = {"one": 0, "two": 3600, "three": -3600, "four": 7}


def compete(services: Services) -> list[tuple[str, str, str, int]]:
    """Let workers paint all that waits; return what each said: name, event, run and fence."""
    config = services.config
    shared = not config.database_url
    processes = {
        name: subprocess.Popen(
            [
                *(sys.executable, "-m", contenders.__name__, name, config.instance_path),
                # Whoever shares a file shares a machine, and its clock.
                *(config.database_url, "0" if shared else str(off)),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, off in OFF.items()
    }
    for process in processes.values():
        assert process.stdout and process.stdout.readline() == "ready\n"
    for process in processes.values():
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    said = []
    for name, process in processes.items():
        rows, _ = process.communicate(timeout=100)
        assert process.returncode == 0
        for row in rows.splitlines():
            event, run_id, fence = row.split()
            said.append((name, event, run_id, int(fence)))
    return said


def test_no_run_is_written_by_two_and_none_is_forgotten_however_many_fall_asleep(
    services: Services,
) -> None:
    placed = [order.place(services, f"{visitor:032x}") for visitor in range(24)]
    said = compete(services)
    claims = {(run, fence): name for name, event, run, fence in said if event == "claimed"}
    ends = Counter((event, run) for _, event, run, _ in said if event == "done")
    lost = [(run, fence) for _, event, run, fence in said if event == "lost"]
    # Each run was begun by one worker at a time, done by one, and some of them had slept too long.
    assert len(claims) == len([1 for _, event, *_ in said if event == "claimed"])
    assert ends == {("done", run): 1 for run in placed}
    assert len(lost) > 3 and len(claims) == len(placed) + len(lost)
    done = {run: fence for _, event, run, fence in said if event == "done"}
    for run_id in placed:
        run = order.look(services, run_id)
        assert (run.state, run.step, run.fence) == (RunState.DONE, STEPS, done[run_id])
        assert run.result == f"{folder(run_id)}/result-{run.fence}.png"
        assert run.frame is not None and services.media.exists(run.frame)
        with services.database.reading() as session:
            rows = select(Loss).where(Loss.run_id == run_id).order_by(Loss.seq)
            losses = list(session.scalars(rows))
        # Every step is there once, and nobody wrote one after another had taken over.
        assert [loss.step for loss in losses] == list(range(1, STEPS + 1))
        fences = [int(loss.total) for loss in losses]
        assert fences == sorted(fences) and fences[-1] <= run.fence
        owner = claims[run_id, run.fence].encode()
        assert services.media.read(run.result or "") == owner


@pytest.mark.parametrize("hours", [-2.0, 2.0])
def test_a_host_whose_clock_is_wrong_neither_loses_its_run_nor_takes_another_ones(
    hours: float, services: Services, leases: Leases, monkeypatch: pytest.MonkeyPatch
) -> None:
    order.place(services)
    claim = order.claim(leases)
    right = time.time
    if services.config.database_url:
        # Whoever shares a file of SQLite's shares a machine, and its clock.
        monkeypatch.setattr(time, "time", lambda: right() + 3600 * hours)
    assert leases.sweep().again == []
    leases.renew(claim)
    monkeypatch.setattr(time, "time", right)
    assert leases.sweep().again == []
    with services.database.reading() as session:
        assert services.database.moment(session) == pytest.approx(right(), abs=30)
