"""The machine's peak: how many floating-point operations a second a matrix product makes of it.

A convolution is a matrix product at heart, so this is what a step could reach at best.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from stransfer.bench.samples import median, spread

# One burst of products takes at least about this long: much longer than a clock's resolution, and
# than it takes to start one.
BURST_SECONDS = 0.3

# A processor without instructions for a precision would compute a single large product for
# minutes; sizes at which one is expected to take longer than this are left out.
_LONGEST_PRODUCT = 3.0


class MatrixProduct:
    """A chain of products of square matrices that never leaves TensorFlow.

    The factor is random with a spread of 1/√size, so that the numbers neither grow nor vanish.
    """

    def __init__(self, size: int, precision: str) -> None:
        """Make the matrices, [size, size] in `precision`, and time the first products."""
        generator = tf.random.Generator.from_seed(size)
        factor = generator.normal([size, size], stddev=1 / math.sqrt(size))
        self._factor = tf.cast(factor, precision)
        self._start = tf.cast(generator.normal([size, size]), precision)
        self._chain = tf.function(
            _chain,
            input_signature=[
                tf.TensorSpec([size, size], precision),
                tf.TensorSpec([size, size], precision),
                tf.TensorSpec([], tf.int32),
            ],
        )
        self._operations = 2 * size**3
        self._seconds(1)
        self._seconds_each = self._seconds(1)

    def burst(self, seconds: float = BURST_SECONDS) -> float:
        """Return the operations a second of a burst that takes about so many seconds.

        An addition and a multiplication are two operations.
        """
        products = max(1, round(seconds / self._seconds_each))
        taken = self._seconds(products)
        self._seconds_each = taken / products
        return products * self._operations / taken

    def _seconds(self, products: int) -> float:
        count = tf.constant(products)
        started = time.perf_counter()
        self._chain(self._factor, self._start, count)
        return time.perf_counter() - started


def measure(
    sizes: Sequence[int], precisions: Sequence[str], samples: int
) -> dict[str, dict[str, Any]]:
    """Return, by precision, the best burst of the size with the best median.

    `flops` is the best, `median_flops` the median, in operations a second; `size` is that of the
    matrices.
    """
    return {precision: _best(sizes, precision, samples) for precision in precisions}


def _best(sizes: Sequence[int], precision: str, samples: int) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for size in sorted(sizes):
        if found and 2 * size**3 / found[-1]["flops"] > _LONGEST_PRODUCT:
            break
        product = MatrixProduct(size, precision)
        bursts = [product.burst() for _ in range(samples)]
        found.append(
            {
                "flops": max(bursts),
                "median_flops": median(bursts),
                "spread": spread(bursts),
                "size": size,
            }
        )
    return max(found, key=lambda row: float(row["median_flops"]))


def _chain(factor: tf.Tensor, start: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    _, end = tf.while_loop(
        lambda index, _: index < count,
        lambda index, matrix: (index + 1, tf.matmul(factor, matrix)),
        (tf.constant(0), start),
    )
    return end
