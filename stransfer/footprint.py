"""How much memory a process has needed."""

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
    if _STATUS.is_file():
        rows = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
        if "VmHWM" in rows:
            return int(rows["VmHWM"].split()[0]) / 2**10
    # Linux counts in KiB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
