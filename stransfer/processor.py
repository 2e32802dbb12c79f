"""The processor that this process runs on."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")

# One of these is what Linux calls the instructions for bfloat16, on x86 and on ARM.
_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "avx_ne_convert", "bf16", "svebf16"})


def name() -> str:
    """Return what the processor is called, as well as the system tells."""
    told = _told()
    # Linux on ARM knows no name, but the number of the part.
    return told.get("model name") or told.get("CPU part") or _named_by_system()


def flags() -> frozenset[str] | None:
    """Return Linux's names of the instruction sets, or None where the system does not tell them."""
    told = _told()
    found = told.get("flags", told.get("Features"))
    return None if found is None else frozenset(found.split())


def has_bfloat16() -> bool | None:
    """Return whether there are instructions for bfloat16, or None where nobody tells."""
    told = flags()
    return None if told is None else not _BFLOAT16.isdisjoint(told)


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _told() -> dict[str, str]:
    """Return what Linux says of the first core."""
    try:
        rows = _CPUINFO.read_text().split("\n\n")[0].splitlines()
    except OSError:
        return {}
    return {name.strip(): value.strip() for name, _, value in (row.partition(":") for row in rows)}


def _named_by_system() -> str:
    if platform.system() == "Darwin":
        named = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(named, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()
