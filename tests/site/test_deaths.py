"""How it is told that a worker died, and of what."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from webapp.lifeline import PREDECESSOR, SUPERVISOR
from webapp.runs.deaths import cause_of_death, is_replaced, name_of_this_process
from webapp.runs.leases import ABANDONED

HERE = name_of_this_process("me")
PLACE = HERE.partition(":")[0]

FROZEN = """
import ctypes, threading
from webapp.runs.vigil import end_after
end_after(0.5)
# The interpreter is held, as by native code that never returns.
ctypes.PyDLL(None).sleep(60)
"""


@pytest.fixture
def dead() -> int:
    """The id of a process that there was."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_a_worker_whose_process_is_gone_has_died(dead: int) -> None:
    assert cause_of_death(f"{PLACE}:{dead}:x", HERE) == ABANDONED


def test_a_worker_that_lives_or_may_live_has_not(dead: int) -> None:
    for owner in (HERE, f"{PLACE}:{os.getppid()}:x", f"other-host-1:{dead}:x", "worker", ""):
        assert cause_of_death(owner, HERE) is None


def test_whoever_had_the_number_of_this_process_has_died() -> None:
    assert cause_of_death(f"{PLACE}:{os.getpid()}:before", HERE) == ABANDONED


def test_a_process_that_nobody_has_buried_has_died_all_the_same() -> None:
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert cause_of_death(f"{PLACE}:{zombie.pid}:x", HERE) == ABANDONED
    zombie.wait()


@pytest.mark.parametrize(
    ("status", "word"),
    [
        (-signal.SIGKILL, "(SIGKILL)"),
        (-signal.SIGSEGV, "(SIGSEGV)"),
        (-signal.SIGBUS, "(SIGBUS)"),
        (-signal.SIGABRT, "(SIGABRT)"),
        (-signal.SIGTERM, "unexpectedly"),
        (1, "unexpectedly"),
    ],
)
def test_with_what_a_process_ended_says_whether_memory_ran_out(
    status: int, word: str, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PREDECESSOR, f"{dead}:{int(status)}")
    reason = cause_of_death(f"{PLACE}:{dead}:x", HERE)
    assert reason and word in reason
    assert ("memory ran out" in reason) == (word != "unexpectedly")
    # Of another one the process knows that takes its place.
    monkeypatch.setenv(PREDECESSOR, f"1:{int(status)}")
    assert cause_of_death(f"{PLACE}:{dead}:x", HERE) is None


def test_where_workers_are_supervised_a_dead_one_is_replaced(
    dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_replaced(f"{PLACE}:{dead}:x", HERE)
    monkeypatch.setenv(SUPERVISOR, str(os.getppid()))
    assert is_replaced(f"{PLACE}:{dead}:x", HERE)
    for owner in (HERE, f"{PLACE}:{os.getppid()}:x", f"other-host-1:{dead}:x", "worker", ""):
        assert not is_replaced(owner, HERE)


def test_a_process_ends_even_if_its_interpreter_is_held() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", FROZEN], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "most recent call first" in ended.stderr
