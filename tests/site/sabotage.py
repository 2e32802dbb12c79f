"""The site with a saboteur among its workers: `python -m tests.site.sabotage serve`.

The real supervisor starts the real site, and workers that are real except that named methods of
theirs look for orders first. An order is a file `RUN.STAGE` in the folder SABOTAGE, with an action
in it; RUN is the id of a run, or `any`. It is carried out once; `always` before it keeps it.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

FOLDER = "SABOTAGE"
MODULE = "tests.site.sabotage"

# Where a worker can be met, in the order in which it gets there.
IMPORTING = "importing"
CLAIMED = "claimed"
LOADING = "loading"
FIRST_STEP = "step1"
# When the first picture of an attempt is there for all to see.
SHOWN = "shown"
BETWEEN_CHECKPOINTS = "step7"
ENCODING = "encoding"
WRITING = "writing"
COMMITTING = "committing"

KILLABLE = (
    CLAIMED,
    LOADING,
    FIRST_STEP,
    BETWEEN_CHECKPOINTS,
    ENCODING,
    WRITING,
    COMMITTING,
)

# Every new worker builds the network before anything else, so as little of it as there can be.
SHALLOW = {"content_layers": "block1_conv2:1", "style_layers": "block1_conv1:1"}

_MET = ".met"


class Saboteur:
    """Gives orders to the workers of a server whose environment names the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()

    @property
    def keys(self) -> dict[str, str]:
        """What the environment of the server needs."""
        return {FOLDER: str(self._folder)}

    def order(self, stage: str, action: str, run_id: str = "any") -> None:
        """Have something done at a stage of a run: kill, crash, hang or hold."""
        # Whole or not at all: a worker may be looking for it just now.
        made = self._folder / f"{run_id}.new"
        made.write_text(action)
        made.rename(self._folder / f"{run_id}.{stage}")

    def met(self, stage: str, run_id: str = "any") -> bool:
        """Whether a worker has come to a stage for which something was ordered once."""
        return (self._folder / f"{run_id}.{stage}{_MET}").exists()

    def release(self, stage: str, run_id: str = "any") -> None:
        """Let whoever is held there go on."""
        order = self._folder / f"{run_id}.{stage}"
        for path in (order, Path(f"{order}{_MET}")):
            path.unlink(missing_ok=True)


def _meet(stage: str, run_id: str = "any") -> None:
    """Do what is ordered for this stage, if anything is."""
    folder = Path(os.environ[FOLDER])
    for order in (folder / f"{run_id}.{stage}", folder / f"any.{stage}"):
        try:
            action = order.read_text()
            if not action.startswith("always "):
                order = order.rename(f"{order}{_MET}")
        except FileNotFoundError:
            continue
        _ACTIONS[action.removeprefix("always ")](order)
        return


def _die(number: int) -> Callable[[Path], None]:
    return lambda order: os.kill(os.getpid(), number)


def _hang(order: Path) -> None:
    """As a call into native code does that never returns, and lets other threads go on."""
    threading.Event().wait()


def _hold(order: Path) -> None:
    while order.exists():
        time.sleep(0.02)


_ACTIONS: dict[str, Callable[[Path], None]] = {
    "kill": _die(signal.SIGKILL),
    "crash": _die(signal.SIGSEGV),
    "hang": _hang,
    "hold": _hold,
}


def _before(owner: Any, name: str, meet: Callable[..., None]) -> None:
    """Have `meet` called with the arguments of a function before it."""
    function = getattr(owner, name)

    def sabotaged(*arguments: Any, **named: Any) -> Any:
        meet(*arguments, **named)
        return function(*arguments, **named)

    setattr(owner, name, sabotaged)


def _infiltrate() -> None:
    """Place the stages of what the worker loads first."""
    from stransfer import loading
    from webapp.runs import draining
    from webapp.runs.leases import Leases
    from webapp.runs.reports import Reports

    load, claim, progress = loading.load, Leases.claim, Reports.progress

    def loaded(device: str = "auto") -> None:
        _meet(IMPORTING)
        load(device)
        _infiltrate_painter()

    def claimed(self: Leases, owner: str, now: float | None = None) -> Any:
        found = claim(self, owner, now)
        if found is not None:
            _meet(CLAIMED, found.run_id)
        return found

    def shown(self: Reports, claim: Any, steps: Any, frame: str | None, *moment: Any) -> bool:
        finish_wanted = progress(self, claim, steps, frame, *moment)
        if frame is not None:
            _meet(SHOWN, claim.run_id)
        return finish_wanted

    # Nobody has to watch for as long as an operator may.
    draining.PATIENCE_SECONDS = 1.5
    loading.load = loaded
    Leases.claim = claimed  # type: ignore[method-assign]
    Reports.progress = shown  # type: ignore[method-assign, assignment]
    _before(Reports, "done", lambda self, claim, result: _meet(COMMITTING, claim.run_id))


def _infiltrate_painter() -> None:
    """Place the stages of a run, which all happen in the thread that paints or its reporter's."""
    from stransfer import program, results, transfer
    from stransfer.settings import Settings
    from webapp.runs.painter import Painter
    from webapp.runs.reporter import Reporter

    run_id = "any"

    def begin(self: Painter, claim: Any) -> None:
        nonlocal run_id
        run_id = claim.run_id

    def flushed(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path.name.startswith(".result-"):
            _meet(WRITING, path.parent.name)

    prepare = program.prepare
    program.prepare = lambda settings: prepare(Settings.parse(SHALLOW))
    _before(Painter, "paint", begin)
    _before(transfer, "program_of", lambda settings: _meet(LOADING, run_id))
    _before(Reporter, "step", lambda self, step: _meet(f"step{step.step}", run_id))
    _before(results, "encode", lambda *picture, **alpha: _meet(ENCODING, run_id))
    _before(os, "fsync", flushed)


def main() -> None:
    """Serve, or work, as the first argument says."""
    if sys.argv[1] == "worker":
        from webapp.cli import main as run_command

        _infiltrate()
        run_command()
        return
    from webapp import config as configuration
    from webapp import logs, supervisor

    config = configuration.load()
    logs.configure(config.log_format)
    supervisor._RECONCILE_SECONDS = 5.0
    serving = supervisor.Supervisor(config)
    for child in serving.children:
        if child.name.startswith("worker"):
            child.command = [sys.executable, "-m", MODULE, "worker"]
    sys.exit(serving.run())


if __name__ == "__main__":
    main()
