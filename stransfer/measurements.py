"""What was measured on this machine, kept in the instance folder so that it is done once.

Each file holds some seconds by name for every kind of machine that shares the folder.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from stransfer import devices, folders, processor
from stransfer.files import write_atomically


def machine() -> str:
    """Return what speed depends on: device, threads, and TensorFlow."""
    import tensorflow as tf

    device = devices.current()
    threads = "a graphics card" if device.gpu else f"{processor.cores()} threads"
    return f"{device.name}, {threads}, TensorFlow {tf.__version__}"


def kept(file: str, key: str, *names: str) -> dict[str, float] | None:
    """Return the seconds of these names, or None if they are not there or make no sense."""
    seconds = _read(file).get(key)
    sound = isinstance(seconds, dict) and all(
        isinstance(seconds.get(name), float) and seconds[name] > 0 for name in names
    )
    return seconds if sound else None


def keep(file: str, key: str, seconds: Mapping[str, float]) -> None:
    """Keep seconds by name; where nothing can be kept, the next process measures again."""
    path = folders.instance() / file
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(_read(file) | {key: seconds}, indent=2).encode())


def _read(file: str) -> dict[str, Any]:
    try:
        found = json.loads((folders.instance() / file).read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
