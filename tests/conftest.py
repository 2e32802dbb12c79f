"""What all tests share."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

SKIPS_FAIL = "STRANSFER_SKIPS_FAIL"

ROOT = Path(__file__).resolve().parents[1]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Where everything is installed, a skipped test is a test that somebody forgot."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get(SKIPS_FAIL):
        return
    if skipped := len(reporter.stats.get("skipped", [])):
        reporter.write_line(f"{skipped} tests were skipped, and none may be here.", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def photo() -> Image.Image:
    """A small picture with colours, edges and gradients, the same in every run."""
    rows, columns = np.mgrid[0:90, 0:120]
    picture = np.stack(
        [columns * 2, rows * 2, 127 + 100 * np.sin(columns / 9) * np.cos(rows / 7)], axis=-1
    )
    return Image.fromarray(np.uint8(np.clip(picture, 0, 255)), "RGB")


def file_bytes(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """Return an image as the bytes of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()
