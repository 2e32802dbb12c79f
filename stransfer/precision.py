"""Which number format convolutions run in, and which of them this device is faster with.

In bfloat16 only the convolutions and what lies between them are computed with fewer digits; image,
preprocessing, Gram matrices, statistics and losses stay float32. Where a device has instructions
for it that is more than twice as fast, elsewhere many times slower, so `auto` measures. What was
measured is kept in the instance folder, for each kind of machine and graphics card that shares it.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stransfer import devices, measurements
from stransfer.setting import AUTO

FLOAT32 = "float32"
BFLOAT16 = "bfloat16"

# How many times faster bfloat16 must have been. A smaller gain may be chance, and costs digits.
MARGIN = 1.2

_FILE = "precision.json"

# One of VGG's middle layers, at a size at which it takes some hundredths of a second.
_SIDE, _CHANNELS = 56, 128
# Another measurement than this one counts for nothing.
_MEASURED = "mirrored filters in float32"
# After this many seconds no further round is begun.
_PATIENCE = 0.7
_ROUNDS = 12


@dataclass(frozen=True)
class Verdict:
    """What `auto` stands for on this machine, and why.

    `seconds` are those of a convolution and its gradient by format, infinite for one that it cannot
    be computed in; or empty if the `device` has no instructions for bfloat16 and nothing had to be
    measured.
    """

    precision: str
    seconds: dict[str, float]
    device: str = "processor"

    @classmethod
    def of(cls, seconds: dict[str, float]) -> Verdict:
        """Return what follows from the measured seconds."""
        wins = MARGIN * seconds[BFLOAT16] < seconds[FLOAT32]
        return cls(BFLOAT16 if wins else FLOAT32, seconds)

    def __str__(self) -> str:
        """The verdict with its reason, as a phrase."""
        if not self.seconds:
            return f"{self.precision}, because this {self.device} has no bfloat16 instructions"
        times = " and ".join(f"{1000 * s:.1f} ms in {name}" for name, s in self.seconds.items())
        return f"{self.precision}, because a convolution took {times}"


def chosen(setting: str) -> str:
    """Return the format that a value of the setting `precision` stands for on this machine."""
    return verdict().precision if setting == AUTO else setting


@functools.cache
def verdict() -> Verdict:
    """Return what `auto` stands for; the first call on a machine measures, for about a second."""
    device = devices.current()
    if device.has_bfloat16 is False:
        return Verdict(FLOAT32, {}, "graphics card" if device.gpu else "processor")
    seconds = measurements.kept(_FILE, machine(), FLOAT32, BFLOAT16)
    if seconds is None:
        seconds = measured()
        measurements.keep(_FILE, machine(), seconds)
    return Verdict.of(seconds)


def machine() -> str:
    """Return what the speed depends on, and what was measured."""
    return f"{measurements.machine()}, {_MEASURED}"


def measured() -> dict[str, float]:
    """Return the seconds of a VGG-like convolution and its gradient, the best of some, by format.

    The formats take turns, so that whatever else the machine does slows down both.
    """
    started = time.monotonic()
    # The first call of each also compiles it.
    attempts = {name: _convolution(name) for name in (FLOAT32, BFLOAT16)}
    seconds = {name: _time(attempt) for name, attempt in attempts.items()}
    for number in range(_ROUNDS):
        if number > 0 and time.monotonic() - started > _PATIENCE:
            break
        for name, attempt in attempts.items():
            seconds[name] = min(seconds[name], _time(attempt))
    return seconds


def _convolution(name: str) -> Callable[[], Any]:
    """Return what computes a convolution, its activation, and the gradient of its input."""
    import tensorflow as tf

    from stransfer.convolution import convolved, mirror

    image = tf.random.stateless_uniform([1, _SIDE, _SIDE, _CHANNELS], [0, 1])
    kernel = tf.random.stateless_normal([3, 3, _CHANNELS, _CHANNELS], [0, 2], stddev=0.04)
    kernel, bias = tf.cast(kernel, name), tf.zeros([_CHANNELS], name)
    mirrored = mirror(kernel)

    def convolve(image: tf.Tensor) -> tf.Tensor:
        if name == FLOAT32:
            return convolved(image, kernel, mirrored)
        return tf.nn.conv2d(tf.cast(image, name), kernel, 1, "SAME")

    def gradient(image: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(image)
            features = tf.nn.relu(tf.nn.bias_add(convolve(image), bias))
            loss = tf.reduce_sum(tf.square(tf.cast(features, tf.float32)))
        return tape.gradient(loss, image)

    compiled = tf.function(gradient)
    return lambda: compiled(image).numpy()


def _time(attempt: Callable[[], Any]) -> float:
    import tensorflow as tf

    started = time.perf_counter()
    try:
        attempt()
    except tf.errors.OpError:
        # As on a graphics card whose libraries know no convolution in this format.
        return math.inf
    return time.perf_counter() - started
