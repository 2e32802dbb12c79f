"""What the figures were measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

_CPUINFO = Path("/proc/cpuinfo")

# The instruction sets that decide how fast matrix products are, as Linux names them.
_INSTRUCTION_SETS = (
    "avx2",
    "fma",
    "avx512f",
    "avx512_vnni",
    "avx512_bf16",
    "amx_bf16",
    "amx_tile",
    "asimd",
    "sve",
    "bf16",
)


def describe() -> dict[str, Any]:
    """Return the machine, what computes on it, and the date, as plain values.

    `memory_gb` is in GiB; `load` is the number of programs that wanted to run during the last
    minute, which should be near 0 before a measurement.
    """
    told = _cpuinfo()
    flags = set((told.get("flags") or told.get("Features") or "").split())
    return {
        "processor": told.get("model name") or _processor(),
        "cores": cores(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "tensorflow": _version("tensorflow", "tensorflow-cpu"),
        "keras": _version("keras"),
        "threads": {
            name: os.environ.get(name, "automatic")
            for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
        },
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "automatic"),
        "instruction_sets": [name for name in _INSTRUCTION_SETS if name in flags],
        "load": round(os.getloadavg()[0], 2),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def cores() -> int:
    """Return how many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpuinfo() -> dict[str, str]:
    """Return what Linux says of the first core."""
    if not _CPUINFO.is_file():
        return {}
    rows = _CPUINFO.read_text().split("\n\n")[0].splitlines()
    return {name.strip(): value.strip() for name, _, value in (row.partition(":") for row in rows)}


def _processor() -> str:
    if platform.system() == "Darwin":
        named = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(named, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor() or platform.machine()


def _version(*names: str) -> str:
    for name in names:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "unknown"
