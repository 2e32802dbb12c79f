"""Two workers on two hosts, of which one loses its network, and comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, select

from tests.conftest import ROOT
from tests.site import order
from tests.site.order import BOB
from tests.site.postgres import NEEDED, Postgres
from tests.site.proxy import Proxy
from tests.site.sabotage import SHALLOW
from tests.site.server import wait_for
from webapp.config import Config
from webapp.records import Loss, Run, RunState
from webapp.services import Services

pytestmark = NEEDED

KEYS = {"LEASE_SECONDS": "3", "HEARTBEAT_SECONDS": "0.5", "CHECKPOINT_STEPS": "20"}


class Host:
    """A worker with an instance folder and a network of its own; three addresses are shared."""

    def __init__(self, folder: Path, address: str, media: str) -> None:
        folder.mkdir()
        self._log = folder / "log"
        url = make_url(address)
        self.network = Proxy(url.port or 0)
        behind = url.set(port=self.network.port).render_as_string(hide_password=False)
        keys = {"INSTANCE_PATH": str(folder), "MEDIA_URL": media}
        keys |= {"DATABASE_URL": behind, "QUEUE_URL": behind}
        keys |= {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "webapp", "worker"],
                cwd=ROOT,
                env={**keys, **KEYS},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def owns(self, run: Run) -> bool:
        """Whether this worker has claimed a run."""
        return f":{self.process.pid}:" in (run.lease_owner or "")

    @property
    def log(self) -> str:
        """What the worker has said."""
        return self._log.read_text()


@pytest.fixture
def services(postgres: Postgres, tmp_path: Path) -> Iterator[Services]:
    """What the hosts share."""
    address = postgres.database(template="empty")
    config = Config(
        instance_path=str(tmp_path / "web"),
        database_url=address,
        queue_url=address,
        media_url=str(tmp_path / "media"),
        max_queued_per_visitor=100,
    )
    services = Services.of(config)
    yield services
    services.database.close()


def test_a_worker_that_loses_its_network_finishes_nothing_and_comes_back_by_itself(
    services: Services, tmp_path: Path
) -> None:
    config = services.config
    endless = order.place(services, steps=9000, **SHALLOW)
    # A worker that was called by a message does not look into the queue until it is done with that.
    services.queue.huey.flush()
    hosts = [
        Host(tmp_path / name, config.database_url, config.media_url) for name in ("one", "two")
    ]
    try:
        begun = wait_for(lambda: at(services, endless, 3), "a worker to begin", 150)
        first, second = sorted(hosts, key=lambda host: not host.owns(begun))
        first.network.cut()
        taken = wait_for(lambda: at(services, endless, 1, second), "the other worker")
        wait_for(lambda: at(services, endless, taken.step + 10, second), "its steps")
        assert first.process.poll() is None
        first.network.mend()
        wait_for(lambda: f"{endless}: taken away, stopped" in first.log, "the first to let go")
        # The second one is busy, so this is for the first.
        other = order.place(services, BOB, steps=2, **SHALLOW)
        wait_for(lambda: order.look(services, other).state == RunState.DONE, "another run")
        assert f"{other}: done" in first.log
        for host in hosts:
            host.process.send_signal(signal.SIGTERM)
        assert [host.process.wait(30) for host in hosts] == [0, 0]
    finally:
        for host in hosts:
            host.process.kill()
            host.process.wait()
            host.network.stop()
    for host in hosts:
        assert "Traceback" not in host.log, host.log
    # However often it was tried.
    assert first.log.count("trying again until it does") == 1
    assert first.log.count("housekeeping failed") == 1
    check(services, endless)


def at(services: Services, run_id: str, step: int, owner: Host | None = None) -> Run | None:
    """A run that is painted, by this host if one is named, once it has got to a step."""
    run = order.look(services, run_id)
    owned = run.lease_owner is not None and (owner is None or owner.owns(run))
    return run if owned and run.step >= step else None


def check(services: Services, run_id: str) -> None:
    """A run was handed back as it stood, with no step missing, and none recorded twice."""
    run = order.look(services, run_id)
    # That of the first worker, which never came to an end. The second one has handed it back.
    assert (run.state, run.attempts, run.fruitless) == (RunState.QUEUED, 1, 0)
    assert run.checkpoint and services.media.exists(run.checkpoint)
    assert run.checkpoint.endswith(f"-{run.step}.npz")
    with services.database.reading() as session:
        steps = session.scalars(select(Loss.step).where(Loss.run_id == run_id).order_by(Loss.seq))
        assert list(steps) == list(range(1, run.step + 1))
