"""The losses once more, in NumPy and from the papers' formulas, to check the engine against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def convolve(image: Array, kernel: Array, bias: Array) -> Array:
    """Return a 'same' convolution with zero padding, then ReLU; image [H, W, C]."""
    height, width, _ = image.shape
    size = kernel.shape[0]
    margin = size // 2
    padded = np.pad(image, ((margin, margin), (margin, margin), (0, 0)))
    total = np.zeros((height, width, kernel.shape[3]))
    for row in range(size):
        for column in range(size):
            window = padded[row : row + height, column : column + width]
            total += window @ kernel[row, column]
    features: Array = np.maximum(total + bias, 0)
    return features


def gram(features: Array) -> Array:
    """Return the mean over positions of the products of every two channels."""
    height, width, channels = features.shape
    matrix = np.zeros((channels, channels))
    for first in range(channels):
        for second in range(channels):
            matrix[first, second] = np.sum(features[..., first] * features[..., second])
    mean: Array = matrix / (height * width)
    return mean


def relative_distance(found: Array, target: Array) -> float:
    """Return the squared distance, relative to the target's squared norm."""
    return float(((found - target) ** 2).sum() / (target**2).sum())


def total_variation(image: Array) -> float:
    """Return the mean squared step down plus the mean squared step right."""
    down = [(image[row + 1] - image[row]) ** 2 for row in range(image.shape[0] - 1)]
    right = [(image[:, column + 1] - image[:, column]) ** 2 for column in range(image.shape[1] - 1)]
    return float(np.mean(down) + np.mean(right))


def two_layers(image: Array, weights: Sequence[Array]) -> tuple[Array, Array]:
    """Return the feature maps of two convolutions after each other."""
    first = convolve(image, weights[0], weights[1])
    return first, convolve(first, weights[2], weights[3])
