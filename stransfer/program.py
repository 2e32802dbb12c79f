"""The compiled computations of a run, made once and used for pictures of every size."""

from __future__ import annotations

import functools
import threading

import tensorflow as tf

from stransfer import precision
from stransfer.models import MODELS
from stransfer.networks import FeatureExtractor
from stransfer.objective import Losses, Objective, Targets, Weights
from stransfer.optimizers import OPTIMIZERS
from stransfer.settings import Settings
from stransfer.tiled_evaluation import gram_matrices
from stransfer.tiled_objective import TiledObjective


def prepare(settings: Settings) -> None:
    """Do now what takes seconds before the first step of a run with these settings.

    Builds the network, loads its weights and compiles the computations, all of which stay for
    later runs with the same model and layers, whatever the size of their pictures.
    """
    side = settings.minimum_size
    program = program_of(settings)
    image = tf.fill([1, side, side, 3], 0.5)
    targets = Targets(program.content_targets(image), gram_matrices(program.tiled, image))
    losses, gradient = program.evaluate(image, targets, Weights.of(settings))
    OPTIMIZERS[settings.optimizer].update(
        OPTIMIZERS[settings.optimizer].start(image), lambda _: (losses, gradient), 0.0
    )


def program_of(settings: Settings) -> Program:
    """Return the program for the model, layers and precision that the settings choose.

    It is made only once. With `precision=auto` the first call on a machine measures, see
    `stransfer.precision`.
    """
    computed_in = precision.chosen(settings.precision)
    with _MAKING[settings.model]:
        return _compiled(
            settings.model,
            tuple(settings.content_layer_weights.items()),
            tuple(settings.style_layer_weights.items()),
            settings.untrained_seed,
            computed_in,
        )


class Program:
    """The compiled computations for one choice of layers, for images of any size.

    What is only needed with a mask is traced when the first mask comes.
    """

    def __init__(self, objective: Objective) -> None:
        """Declare what is compiled, each on its first use."""
        image = tf.TensorSpec([1, None, None, 3], tf.float32)
        mask = tf.TensorSpec([1, None, None, 1], tf.float32)
        scalar = tf.TensorSpec([], tf.float32)
        arguments = [image, objective.targets_signature, Weights(scalar, scalar, scalar)]
        self._objective = objective
        self.content_targets = tf.function(objective.content_targets, input_signature=[image])
        self.tiled = TiledObjective(objective)
        self._evaluate = tf.function(objective.losses_and_gradient, input_signature=arguments)
        self._masked_evaluate = tf.function(
            self._evaluated_where_painted, input_signature=[*arguments, mask, image]
        )

    def evaluate(
        self, image: tf.Tensor, targets: Targets, weights: Weights, *guide: tf.Tensor
    ) -> tuple[Losses, tf.Tensor]:
        """Return the losses of an image and their gradient.

        The `guide`, if any, is a mask and the photo that is seen where the mask is black.
        """
        compiled = self._masked_evaluate if guide else self._evaluate
        found: tuple[Losses, tf.Tensor] = compiled(image, targets, weights, *guide)
        return found

    def _evaluated_where_painted(
        self,
        image: tf.Tensor,
        targets: Targets,
        weights: Weights,
        mask: tf.Tensor,
        photo: tf.Tensor,
    ) -> tuple[Losses, tf.Tensor]:
        seen = mask * image + (1.0 - mask) * photo
        losses, gradient = self._objective.losses_and_gradient(seen, targets, weights, mask)
        return losses, mask * gradient


# Of two threads that want the same network the second one waits for what the first one makes.
_MAKING = {name: threading.Lock() for name in MODELS}


# Building and tracing a network takes seconds, and a worker meets the same few again and again.
@functools.lru_cache(maxsize=4)
def _compiled(
    model: str,
    content: tuple[tuple[str, float], ...],
    style: tuple[tuple[str, float], ...],
    untrained_seed: int | None,
    computed_in: str,
) -> Program:
    layers = tuple(dict([*content, *style]))
    extractor = FeatureExtractor.of(MODELS[model], layers, untrained_seed, computed_in)
    return Program(Objective(extractor, dict(content), dict(style)))
