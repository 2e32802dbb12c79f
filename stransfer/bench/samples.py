"""Repeated measurements of one thing, and what is said of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def median(samples: Sequence[float]) -> float:
    """Return the middle sample."""
    return statistics.median(samples)


def spread(samples: Sequence[float]) -> list[float]:
    """Return the first and third quartile: between them lies the middle half of the samples."""
    if len(samples) == 1:
        return [samples[0], samples[0]]
    quartiles = statistics.quantiles(samples, n=4, method="inclusive")
    return [quartiles[0], quartiles[2]]
