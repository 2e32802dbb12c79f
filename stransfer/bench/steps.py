"""The cost of a step of a run, as it is, at one size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from stransfer import precision
from stransfer.bench import operations
from stransfer.bench.peak import BURST_SECONDS, MatrixProduct
from stransfer.bench.samples import median, spread
from stransfer.footprint import peak_memory_mb
from stransfer.setting import AUTO
from stransfer.settings import BY_NAME, Settings
from stransfer.step import Step
from stransfer.subject import Subject
from stransfer.transfer import Transfer

# The first steps also compile, and fill the allocator's caches.
_WARM_UP = 3


def measure(
    content: str,
    style: str,
    settings: dict[str, Any],
    peak: dict[str, dict[str, Any]],
    samples: int,
) -> dict[str, Any]:
    """Return the seconds, the operations and the peak memory of a step of a run.

    Around each sample of steps stand bursts of matrix products of the same precision, of the size
    that was the fastest (`peak`, as `stransfer.bench.peak` found it), and the share of the peak is
    the median of their ratios. The peak memory is that of the whole process before it has
    multiplied any matrix.
    """
    most = BY_NAME["steps"].maximum
    alone = {"scales": 1, "output_size": AUTO, "optimizer": "adam", "steps": most}
    chosen = Settings.parse({**settings, **alone})
    transfer = Transfer(Subject.read(content, style), chosen)
    level = transfer.levels[-1]
    run = transfer.start()
    seconds = [_seconds(run, 1) for _ in range(_WARM_UP)][-1]
    together = max(1, round(BURST_SECONDS / seconds))
    _seconds(run, together)
    memory = peak_memory_mb()
    used = precision.chosen(chosen.precision)
    product = MatrixProduct(peak[used]["size"], used)
    beside = max(BURST_SECONDS, together * seconds / 4)
    timed = [_pair(run, together, product, beside) for _ in range(samples)]
    run.close()  # type: ignore[attr-defined]
    counted = operations.of_step(chosen, level.width, level.height)
    steps, peaks = zip(*timed, strict=True)
    shares = [counted.total / (step * peak) for step, peak in timed]
    return {
        "model": chosen.model,
        "size": chosen.size,
        "width": level.width,
        "height": level.height,
        "precision": used,
        "seconds_per_step": median(steps),
        "seconds_per_step_spread": spread(steps),
        "seconds_per_megapixel": median(steps) / (level.width * level.height / 1e6),
        "operations": counted.total,
        "operations_gram": counted.gram_products,
        "flops": counted.total / median(steps),
        "peak_flops": median(peaks),
        "share_of_peak": median(shares),
        "share_of_peak_spread": spread(shares),
        "peak_memory_mb": memory,
    }


def _pair(
    run: Iterator[Step], steps: int, product: MatrixProduct, beside: float
) -> tuple[float, float]:
    """Return the seconds of a step, and the operations a second of the bursts around it.

    Before and after the steps the matrices are multiplied for `beside` seconds, long enough to
    have met the same disturbances.
    """
    before = product.burst(beside)
    seconds = _seconds(run, steps)
    return seconds, (before + product.burst(beside)) / 2


def _seconds(run: Iterator[Step], steps: int) -> float:
    """Return the seconds of one step, measured over some steps of a run."""
    started = time.perf_counter()
    for _ in range(steps):
        next(run)
    return (time.perf_counter() - started) / steps
