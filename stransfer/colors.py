"""Keeping the photo's own colours. Pictures are float32 [height, width, 3], sRGB in [0, 1]."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from stransfer.images import Picture

Matrix = npt.NDArray[np.float64]

# From RGB to luma and the two chroma axes of NTSC's YIQ, the space of Gatys et al. 2016a.
_YIQ: Matrix = np.array(
    [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
)
_RGB: Matrix = np.linalg.inv(_YIQ).astype(np.float64)

# Keeps the covariance of a picture of one colour invertible, and a gray one from being inflated.
_RIDGE = 1e-5


def luminance(picture: Picture) -> Picture:
    """Return the picture in shades of gray, with three equal channels."""
    luma = picture @ _YIQ[0].astype(np.float32)
    return np.repeat(luma[..., np.newaxis], 3, axis=-1).clip(0, 1)


def match_luminance(style: Picture, content: Picture) -> Picture:
    """Return a gray artwork with the mean and spread of the gray photo's luminance.

    Gatys, Bethge, Hertzmann, Shechtman 2016: Preserving Color in Neural Artistic Style Transfer,
    equation 10.
    """
    scale = content.std() / max(float(style.std()), 1e-6)
    matched: Picture = ((style - style.mean()) * scale + content.mean()).clip(0, 1)
    return matched.astype(np.float32)


def with_chroma_of(picture: Picture, content: Picture) -> Picture:
    """Return the luminance of `picture` in the colours of `content`, which has the same size."""
    combined = content @ _YIQ.T
    combined[..., 0] = picture @ _YIQ[0]
    return _picture(combined @ _RGB.T)


def match_colors(style: Picture, content: Picture) -> Picture:
    """Return the artwork with the mean and covariance of the photo's colours.

    The same paper, section 3, with its symmetric square root ("image analogies" form). The
    photo keeps its palette, and the artwork gives only its structure.
    """
    style_mean, style_covariance = _moments(style)
    content_mean, content_covariance = _moments(content)
    transform = _root(content_covariance, 0.5) @ _root(style_covariance, -0.5)
    return _picture((style - style_mean) @ transform.T + content_mean)


def _moments(picture: Picture) -> tuple[Any, Matrix]:
    colours = picture.reshape(-1, 3).astype(np.float64)
    return colours.mean(axis=0), np.cov(colours, rowvar=False) + _RIDGE * np.eye(3)


def _root(covariance: Matrix, power: float) -> Matrix:
    values, vectors = np.linalg.eigh(covariance)
    root: Matrix = (vectors * values**power) @ vectors.T
    return root


def _picture(values: npt.NDArray[Any]) -> Picture:
    picture: Picture = values.clip(0, 1).astype(np.float32)
    return picture
