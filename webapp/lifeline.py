"""Ties a supervised process to its supervisor, so that none outlives it, however it ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

# Set for the processes that somebody starts and that are to end with it, to its own process id.
SUPERVISOR = "STRANSFER_SUPERVISOR"
# Set by it for a process that takes the place of another: `PID:STATUS` of that one.
PREDECESSOR = "STRANSFER_PREDECESSOR"

_PR_SET_PDEATHSIG = 1


def follow_supervisor() -> None:
    """Ask the kernel to end this process when its supervisor dies; only Linux can."""
    supervisor = os.environ.get(SUPERVISOR)
    if supervisor is None or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):
        # It died before we could ask.
        sys.exit(0)


def predecessor() -> tuple[int, int] | None:
    """Return the id of the process whose place this one has taken, and with what it ended.

    The status is negative for a signal. None if there was no such process.
    """
    number, _, status = os.environ.get(PREDECESSOR, "").partition(":")
    return (int(number), int(status)) if number else None
