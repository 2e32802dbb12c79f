"""How much memory a process holds, how much it has needed, and how much a run will need."""

from __future__ import annotations

import contextlib
import resource
import sys
from collections.abc import Sequence
from pathlib import Path

from stransfer import tiles
from stransfer.models import MODELS
from stransfer.pyramid import Level

_STATUS = Path("/proc/self/status")
_MEMINFO = Path("/proc/meminfo")
# Where a container, or a unit of systemd, is told what it may use.
_GROUP = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")

# What a process with a small picture needs, and what each megapixel adds that a network computes at
# once, in MiB: measured in float32 at 250 and 1000 px, by the module of the network. In bfloat16
# it is less, but which of the two it will be is only known where it is computed.
_PROCESS_MB = 850
_MEGAPIXEL_MB = {
    "vgg16": 1550,
    "vgg19": 1750,
    "inception_v3": 950,
    "xception": 2300,
    "densenet": 1600,
    "resnet": 1850,
    "resnet_v2": 1450,
}
# What each megapixel of the result adds, for the image and what is remembered of it.
_RESULT_MB = 200


def estimated_mb(model: str, levels: Sequence[Level]) -> int:
    """Return about how much memory, in MiB, a process needs at most that paints these levels."""
    pixels = max(level.width * level.height for level in levels)
    at_once = min(pixels, tiles.LONGEST**2)
    needed = _MEGAPIXEL_MB[MODELS[model].module] * at_once + _RESULT_MB * pixels
    return _PROCESS_MB + round(needed / 1e6)


def machine_mb() -> float | None:
    """Return how much memory this process could get at most, with what can be swapped out, in MiB.

    None where Linux does not tell it.
    """
    told = [_row(_MEMINFO, "MemTotal"), _row(_MEMINFO, "SwapTotal")]
    if told[0] is None:
        return None
    whole = sum(part or 0.0 for part in told)
    with contextlib.suppress(OSError, ValueError, StopIteration):
        # There is one of these rows, and no number if there is no limit.
        row = next(row for row in _GROUP.read_text().splitlines() if row.startswith("0::"))
        limit = _GROUPS / row[3:].lstrip("/") / "memory.max"
        return min(whole, int(limit.read_text()) / 2**20)
    return whole


def peak_memory_mb() -> float:
    """Return the most memory that this process has held at once, in MiB.

    Where Linux tells it, this is the process's own peak: `getrusage` also counts what the process
    held that this one was started from.
    """
    told = _row(_STATUS, "VmHWM")
    if told is not None:
        return told
    # Linux counts in KiB, macOS in bytes.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def memory_mb() -> float | None:
    """Return the memory that this process holds now, in MiB; None where Linux does not tell it."""
    return _row(_STATUS, "VmRSS")


def _row(path: Path, row: str) -> float | None:
    """Return what Linux tells in a row of a file, in MiB."""
    if not path.is_file():
        return None
    rows = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    return int(rows[row].split()[0]) / 2**10 if row in rows else None
