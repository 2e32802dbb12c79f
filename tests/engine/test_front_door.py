"""The package as Python programs see it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import stransfer
from tests.conftest import ROOT

# Wall time would also count what else the machine does.
_TIMED = "import time\nimport stransfer\nprint(time.process_time())"


def test_importing_it_takes_less_than_three_tenths_of_a_second() -> None:
    """All of the process, Python's own start included; the best of some."""
    seconds = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", _TIMED], cwd=ROOT, capture_output=True, text=True, check=True
        )
        seconds.append(float(done.stdout))
    assert min(seconds) < 0.3


@pytest.mark.parametrize(
    "name", [name for name in stransfer.__all__ if name not in ("MODELS", "SETTINGS")]
)
def test_what_it_offers_is_there_and_says_what_it_is(name: str) -> None:
    assert getattr(stransfer, name).__doc__


def test_what_it_does_not_offer_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'paint'"):
        stransfer.paint  # noqa: B018
    assert stransfer.MODELS and stransfer.SETTINGS
