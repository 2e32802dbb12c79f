"""What the tests of whole runs share: two small pictures, and a way to paint with them."""

from __future__ import annotations

import dataclasses

import pytest

from stransfer import folders, images
from stransfer.images import Picture
from stransfer.step import Step
from stransfer.subject import Subject
from stransfer.transfer import Transfer
from tests.engine.quick import QUICK, Run


@pytest.fixture(scope="module")
def content() -> Picture:
    """A photo."""
    picture = images.read(folders.DATA / "content" / "cat.jpg")
    return images.resize(picture, 150, 100)


@pytest.fixture(scope="module")
def style() -> Picture:
    """An artwork."""
    picture = images.read(folders.DATA / "style" / "night_wind.jpg")
    return images.resize(picture, 128, 128)


@pytest.fixture(scope="module")
def run(content: Picture, style: Picture) -> Run:
    """Return what paints with QUICK, changed by what it is given."""

    def run_with(**changes: object) -> list[Step]:
        settings = dataclasses.replace(QUICK, **changes)  # type: ignore[arg-type]
        return list(Transfer(Subject(content, (style,)), settings).start())

    return run_with
