"""How it is told that a worker died, and of what.

A worker that crashes tells nobody; its supervisor sees with what its process ended, and passes
that on to the process that takes its place.
"""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from pathlib import Path

from webapp.lifeline import SUPERVISOR, predecessor
from webapp.runs.leases import ABANDONED

# Why a run has failed that gave no sign of life.
STALLED = (
    "A step of this run did not come to an end, every time it was tried; a smaller size or another "
    "model may work."
)

_BOOT = Path("/proc/sys/kernel/random/boot_id")
# In letters; with the rest of a name it has to fit the record.
_LONGEST_HOST = 40

# What memory that has run out looks like from outside: Linux kills, libraries abort or reach for
# memory that they did not get.
_OF_MEMORY = (signal.SIGKILL, signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT)


def name_of_this_process(mark: str) -> str:
    """Return a name for the owner of leases; `mark` tells it from others with its process id."""
    return f"{_place()}:{os.getpid()}:{mark}"


def cause_of_death(owner: str, name: str) -> str | None:
    """Return why the owner of a lease died, as a sentence for the run's owner.

    None if it lives, or may live: on another machine; and if the process that takes its place will
    tell. `name` is that of this process, which has taken the place of whoever had its process id
    before.
    """
    number = _dead_here(owner, name)
    before = predecessor()
    if number is None:
        return None
    if before is None or number == os.getpid():
        return ABANDONED
    # Whoever has started this process again does so with the others.
    return _told(before[1]) if before[0] == number else None


def is_dead(owner: str, name: str) -> bool:
    """Return whether an owner is known to be dead. `name` is that of this process."""
    return _dead_here(owner, name) is not None


def is_replaced(owner: str, name: str) -> bool:
    """Return whether another process takes the place of a dead owner, and is told of what it died.

    So it is where somebody supervises the workers of a machine. `name` is that of this process.
    """
    return SUPERVISOR in os.environ and is_dead(owner, name)


def _dead_here(owner: str, name: str) -> int | None:
    """Return the process id of an owner that was of this machine and is dead, None of any other."""
    place, _, rest = owner.partition(":")
    number = rest.partition(":")[0]
    if place != _place() or not number.isdecimal() or owner == name:
        return None
    return int(number) if int(number) == os.getpid() or not _lives(int(number)) else None


def _told(status: int) -> str:
    """Return what an exit status, negative for a signal, says of how a process ended."""
    for number in _OF_MEMORY:
        if status == -number:
            return (
                f"The program that painted this run was ended by the system ({number.name}) every "
                "time it was tried, most likely because memory ran out; choose a smaller size."
            )
    return ABANDONED


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    with suppress(OSError):
        # Of a dead process whose parent died as well, the number may be left: state Z.
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return True


def _place() -> str:
    """Return a name for where, and since when, process ids mean what they mean here.

    Several machines may have the same name and number of their processes' namespace.
    """
    started, space = "0", "0"
    with suppress(OSError):
        started = _BOOT.read_text()[:8]
        space = str(Path("/proc/self/ns/pid").stat().st_ino)
    return f"{socket.gethostname()[:_LONGEST_HOST]}-{started}-{space}"
