"""How an image of one level is evaluated: against what, and whether at once or in tiles."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from stransfer.images import Picture
from stransfer.objective import Losses, Targets, Weights
from stransfer.optimizers import Evaluate
from stransfer.program import Program
from stransfer.pyramid import Level
from stransfer.settings import Settings
from stransfer.subject import Subject
from stransfer.tiled_evaluation import TiledEvaluation, gram_matrices


def evaluation(
    program: Program,
    subject: Subject,
    level: Level,
    settings: Settings,
    proceed: Callable[[], None] = lambda: None,
) -> Evaluate:
    """Return what gives the losses and the gradient of an image of a level.

    An image that is too large to be measured at once is measured in tiles. Between them `proceed`
    is called, which may raise to stop.
    """
    photo = batch(subject.content_at(level))
    style = _style_targets(program, subject, level, settings)
    weights = Weights.of(settings)
    mask = subject.content_mask_at(level)
    guide = None if mask is None else batch(mask[..., np.newaxis])
    if len(program.tiled.cut(level.height, level.width)) > 1:
        return TiledEvaluation(program.tiled, photo, style, weights, guide, proceed)
    targets = Targets(program.content_targets(photo), style)
    guides = () if guide is None else (guide, photo)

    def evaluate(image: tf.Tensor) -> tuple[Losses, tf.Tensor]:
        return program.evaluate(image, targets, weights, *guides)

    return evaluate


def batch(picture: Picture) -> tf.Tensor:
    """Return a picture [height, width, channels] as a batch of one."""
    return tf.constant(picture[np.newaxis], tf.float32)


def _style_targets(
    program: Program, subject: Subject, level: Level, settings: Settings
) -> tuple[tf.Tensor, ...]:
    """Return the blend of the artworks' Gram matrices.

    Gram matrices are means over positions, so those of a blend are the mean of its parts'.
    """
    mask = subject.style_mask_at(level, settings)
    guide = None if mask is None else batch(mask[..., np.newaxis])
    grams = [
        gram_matrices(program.tiled, batch(style), guide)
        for style in subject.styles_at(level, settings)
    ]
    blend = settings.style_blend or (1.0,) * len(grams)
    shares = [weight / sum(blend) for weight in blend]
    return tuple(
        tf.add_n([share * gram for share, gram in zip(shares, layer, strict=True)])
        for layer in zip(*grams, strict=True)
    )
