"""Where the project keeps its files."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "data"


def instance() -> Path:
    """Return the folder for everything this installation makes: `INSTANCE_PATH` or `instance/`."""
    return Path(os.environ.get("INSTANCE_PATH") or ROOT / "instance").resolve()


def weights() -> tuple[Path, ...]:
    """Return the folders that may hold weight files, the operator's own first."""
    return instance() / "weights", DATA / "weights"


def keras_cache() -> Path:
    """Return the folder where Keras keeps the weights it has downloaded; `KERAS_HOME` moves it."""
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "models"
