"""How much memory a process holds, and how much it has needed."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_memory_mb() -> float:
    """Return the most memory that this process has held at once, in MiB.

    Where Linux tells it, this is the process's own peak: `getrusage` also counts what the process
    held that this one was started from.
    """
    told = _told("VmHWM")
    if told is not None:
        return told
    # Linux counts in KiB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def memory_mb() -> float | None:
    """Return the memory that this process holds now, in MiB; None where Linux does not tell it."""
    return _told("VmRSS")


def _told(row: str) -> float | None:
    if not _STATUS.is_file():
        return None
    rows = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
    return int(rows[row].split()[0]) / 2**10 if row in rows else None
