"""What the figures were measured on."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
from typing import Any

from stransfer import processor

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
    flags = processor.flags() or frozenset()
    return {
        "processor": processor.name(),
        "cores": processor.cores(),
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


def _version(*names: str) -> str:
    for name in names:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "unknown"
