"""What `stransfer bench` measures with: counting, the peak, the textbook, and the judge."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stransfer import images
from stransfer.bench import duel, operations, peak
from stransfer.bench.duel import Contender, reached
from stransfer.bench.judge import Judge
from stransfer.bench.plan import CONTENT, STYLE
from stransfer.bench.textbook import EPSILON, FIRST_DECAY, LEARNING_RATE, SECOND_DECAY, Textbook
from stransfer.bench.yardstick import Yardstick
from stransfer.errors import BenchError
from stransfer.settings import Settings
from stransfer.subject import Subject
from stransfer.transfer import Transfer
from tests.engine.tiny import tiny_network, tiny_weights


def test_operations_are_those_one_counts_by_hand() -> None:
    network = tiny_network(tiny_weights())
    counted = operations.of_network(network, ["first", "second"], (1, 8, 10, 3))
    forwards = 2 * 80 * 9 * (3 * 4 + 4 * 5)
    assert counted.convolutions == 2 * forwards
    assert counted.gram_products == 2 * 2 * 80 * (4**2 + 5**2)
    assert counted.total == counted.convolutions + counted.gram_products
    twice = operations.of_network(network, ["first", "second"], (2, 8, 10, 3))
    assert twice.total == 2 * counted.total


def test_operations_of_strided_grouped_and_separable_convolutions() -> None:
    layers = keras.layers
    inputs = keras.Input((None, None, 4))
    strided = layers.Conv2D(6, 3, strides=2, padding="same", groups=2)(inputs)
    depthwise = layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2)(strided)
    pooled = layers.MaxPooling2D(2)(depthwise)
    separable = layers.SeparableConv2D(5, (1, 3), padding="same", name="last")(pooled)
    network = keras.Model(inputs, [separable])
    counted = operations.of_network(network, [], (1, 8, 12, 4))
    products = 4 * 6 * 9 * (4 // 2) * 6 + 4 * 6 * 9 * 12 + 2 * 3 * (3 * 12 + 12 * 5)
    assert counted.convolutions == 2 * 2 * products
    assert counted.gram_products == 0


def test_a_network_that_looks_twice_takes_twice_the_operations() -> None:
    settings = Settings(model="resnet50", weights="untrained", style_layers="conv1_relu",
                        content_layers="conv1_relu")  # fmt: skip
    counted = operations.of_step(settings, 64, 48)
    # A 7 × 7 convolution with stride 2 to 64 channels.
    assert counted.convolutions == 2 * 2 * 2 * (32 * 24 * 49 * 3 * 64)


def test_the_peak_multiplies_what_it_says_and_keeps_the_numbers_in_bounds() -> None:
    product = peak.MatrixProduct(64, "float32")
    factor, start = product._factor.numpy(), product._start.numpy()
    found = product._chain(product._factor, product._start, tf.constant(3)).numpy()
    np.testing.assert_allclose(found, factor @ factor @ factor @ start, rtol=1e-3, atol=1e-4)
    many = product._chain(product._factor, product._start, tf.constant(200)).numpy()
    assert 0 < np.abs(many).mean() < 1e6
    best = peak.measure([32, 128], ["float32"], samples=2)["float32"]
    assert best["flops"] >= best["median_flops"] > 0 and best["size"] in (32, 128)


def test_the_yardstick_measures_the_loss_that_the_engine_minimises(photo: Image.Image) -> None:
    rows = np.linspace(0, 1, 64 * 80 * 3, dtype=np.float32).reshape(64, 80, 3)
    subject = Subject.read(photo, rows)
    settings = Settings(
        size=100, scales=1, init="noise", content_weight=2.5, tv_weight=3.0, precision="float32"
    )
    yardstick, transfer = Yardstick(subject, settings), Transfer(subject, settings)
    assert yardstick.level == transfer.levels[-1]
    step = next(transfer.start())
    start = subject.start_at(yardstick.level, settings)
    assert yardstick.of(start) == pytest.approx(step.loss.total, rel=1e-4)
    assert yardstick.of(step.image) < step.loss.total


def test_there_is_no_yardstick_where_the_loss_would_be_another(photo: Image.Image) -> None:
    subject = Subject.read(photo, photo)
    for values in (
        {"model": "xception"},
        {"weights": "untrained"},
        {"preserve_color": "luminance"},
        {"size": 100, "output_size": 200},
    ):
        with pytest.raises(BenchError, match="Only a trained VGG network"):
            Yardstick(subject, Settings.parse(values))
        assert duel.measure(str(CONTENT), str(STYLE), values, textbook_steps=1) is None


class Slope:
    """A loss of which one knows the gradient: how far the image is from 0.3, weighed by place."""

    photo = tf.fill([1, 2, 2, 3], 0.9)
    place = tf.reshape(tf.range(12.0), [1, 2, 2, 3]) - 4.0

    def aim(self) -> None:
        """There is no target to compute."""

    def loss(self, image: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(self.place * tf.square(image - 0.3))


def test_the_textbook_updates_by_adam_within_the_range_of_pixels() -> None:
    slope = Slope()
    found = Textbook(slope).start()  # type: ignore[arg-type]
    image, place = slope.photo.numpy(), slope.place.numpy()
    first = second = np.zeros_like(image)
    for updates in range(1, 15):
        gradient = 2 * place * (image - 0.3)
        first = FIRST_DECAY * first + (1 - FIRST_DECAY) * gradient
        second = SECOND_DECAY * second + (1 - SECOND_DECAY) * gradient**2
        size = np.sqrt(second / (1 - SECOND_DECAY**updates)) + EPSILON
        change = LEARNING_RATE * first / (1 - FIRST_DECAY**updates) / size
        image = np.clip(image - change, 0, 1)
        np.testing.assert_allclose(next(found).numpy(), image, rtol=1e-4)
    assert image.max() == 1 and image.min() < 0.7


def test_a_contender_keeps_few_pictures_and_always_the_last() -> None:
    shown: list[int] = []

    def show(number: int) -> Any:
        def picture() -> Any:
            shown.append(number)
            return np.zeros((1, 1, 3), np.float32)

        return picture

    contender = Contender(show(number) for number in range(5000))
    contender.turn(1e-6)
    assert contender.steps >= 1 and not contender.ended
    contender.turn(math.inf)
    assert contender.ended and contender.steps == 5000
    assert shown[0] == 0 and shown[-1] == 4999
    assert len(contender.kept) == len(shown) == len(set(shown)) < 1000
    before = contender.seconds
    contender.turn(1.0)
    assert contender.seconds == before


def test_a_loss_is_reached_when_the_course_is_first_as_low() -> None:
    course = [[1.0, 0.5], [2.0, 0.3], [3.0, 0.35], [4.0, 0.2]]
    assert reached(course, 0.3) == 2.0
    assert reached(course, 0.25) == 4.0
    assert reached(course, 0.1) is None


def test_the_judge_finds_no_distance_where_there_is_none(photo: Image.Image) -> None:
    picture = images.to_picture(photo)
    artwork = np.ascontiguousarray(picture[::-1, :, ::-1]) ** 2
    judge = Judge(picture, artwork)
    same, painted = judge.distances(picture), judge.distances(artwork)
    assert same.content == 0 and same.style > 0.01
    assert painted.style == 0 and painted.content > 0.1
    between = judge.distances(0.5 * picture + 0.5 * artwork)
    assert 0 < between.content < painted.content
