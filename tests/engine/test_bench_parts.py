"""What `stransfer bench` is made of: counting, comparing, drawing, judging."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from stransfer import images
from stransfer.bench import chart, comparison, operations, peak, samples, table
from stransfer.bench.duel import Contender, reached
from stransfer.bench.judge import Judge
from stransfer.bench.textbook import EPSILON, FIRST_DECAY, LEARNING_RATE, SECOND_DECAY, Textbook
from stransfer.bench.yardstick import Yardstick
from stransfer.errors import BenchError
from stransfer.settings import Settings
from stransfer.subject import Subject
from stransfer.transfer import Transfer
from tests.engine.tiny import tiny_network, tiny_weights


def figures(**changed: Any) -> dict[str, Any]:
    """A report in which every figure is a round number."""
    step = {
        "model": "vgg16", "size": 200, "width": 200, "height": 100, "precision": "float32",
        "seconds_per_step": 0.5, "seconds_per_step_spread": [0.4, 0.6], "flops": 4e10,
        "share_of_peak": 0.8, "operations": 2e10, "seconds_per_megapixel": 25.0,
        "peak_memory_mb": 800.0,
    }  # fmt: skip
    times = {
        "seconds": 10.0, "seconds_spread": [9.0, 11.0],
        "first_frame_seconds": 2.0, "first_frame_seconds_spread": [1.5, 2.5],
    }  # fmt: skip
    course = [[1.0, 0.5], [2.0, 0.3], [4.0, 0.2]]
    side = {"steps": 3, "seconds": 4.0, "loss": 0.2, "seconds_to_others_loss": 4.0}
    report: dict[str, Any] = {
        "machine": {"processor": "Abacus & Sons", "cores": 2, "memory_gb": 8,
                    "instruction_sets": ["avx2"], "tensorflow": "2.21.0", "python": "3.12.1",
                    "date": "2026-01-02T03:04:05+00:00", "load": 0.1},
        "peak": {"float32": {"flops": 6e10, "median_flops": 5e10, "size": 512}},
        "steps": [step],
        "runs": {"model": "vgg16", "width": 200, "height": 100, "steps": 60,
                 "precision": "float32", "peak_memory_mb": 900.0, "cold": times, "warm": times},
        "textbook": {"model": "vgg16", "width": 200, "height": 100, "precision": "float32",
                     "stransfer": {**side, "course": course},
                     "textbook": {**side, "course": course}},
        "race": None, "settings": {}, "content": "photo.jpg", "style": "artwork.jpg",
    }  # fmt: skip
    return report | changed


def slower(report: dict[str, Any], factor: float) -> dict[str, Any]:
    """The same report with steps that take so many times as long on the same machine."""
    (step,) = report["steps"]
    seconds, share = step["seconds_per_step"] * factor, step["share_of_peak"] / factor
    return report | {"steps": [{**step, "seconds_per_step": seconds, "share_of_peak": share}]}


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


def test_median_and_spread_are_of_the_middle_half() -> None:
    assert samples.median([9, 1, 2]) == 2
    assert samples.spread([1, 2, 3, 4, 5]) == [2, 4]
    assert samples.spread([3]) == [3, 3]


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


def test_a_time_is_compared_by_what_the_machine_could_do_meanwhile() -> None:
    then = figures()
    for change in comparison.changes(then, figures()):
        assert change.ratio == 1 and not change.worse(0.0)
    (step, *_) = comparison.changes(then, slower(then, 1.5))
    assert step.name == "a step of vgg16 200 × 100 px float32"
    assert (step.then, step.now, step.ratio) == (0.5, 0.75, 1.5)
    assert step.worse(0.4) and not step.worse(0.6)
    # On a day when the machine is slower by the same factor, it is no regression; nor is a run.
    slow = slower(then, 1.5)
    slow["steps"][0]["share_of_peak"] *= 1.5
    (step, *_) = comparison.changes(then, slow)
    assert step.now > step.then and step.ratio == pytest.approx(1)
    slow["runs"] = then["runs"] | {"cold": {**then["runs"]["cold"], "seconds": 15.0}}
    slow["peak"] = {"float32": {**then["peak"]["float32"], "median_flops": 5e10 / 1.5}}
    (run,) = [c for c in comparison.changes(then, slow) if c.name == "a cold run, whole"]
    assert (run.then, run.now) == (10, 15) and run.ratio == pytest.approx(1)


def test_runs_are_judged_and_memory_is_only_shown() -> None:
    then, now = figures(), figures()
    now["runs"] = now["runs"] | {
        "warm": {**now["runs"]["warm"], "seconds": 13.0},
        "peak_memory_mb": 9000.0,
    }
    worse = [change for change in comparison.changes(then, now) if change.worse(0.15)]
    assert [(change.name, change.ratio) for change in worse] == [("a warm run, whole", 1.3)]
    (memory,) = [c for c in comparison.changes(then, now) if c.name == "memory of a run"]
    assert memory.ratio == 10 and not memory.judged
    assert "WORSE" in table.comparison(worse, 0.15)
    assert "WORSE" not in table.comparison([memory], 0.15)


def test_what_was_measured_otherwise_is_not_compared() -> None:
    other = figures(settings={"steps": "5"})
    names = [change.name for change in comparison.changes(figures(), other)]
    assert names and not [name for name in names if "run" in name]
    # Another pair of other proportions, and another precision.
    for changed in ({"height": 150}, {"precision": "bfloat16"}, {"model": "vgg19"}):
        other = figures(steps=[{**figures()["steps"][0], **changed}])
        names = [change.name for change in comparison.changes(figures(), other)]
        assert names and not [name for name in names if "step" in name]
    with pytest.raises(BenchError, match="no figure in common"):
        comparison.changes(figures(), figures(steps=[], runs=None))


@pytest.mark.parametrize("content", ["", "[]", "3", "{}", '{"steps": 3, "peak": {}}', "\xff"])
def test_a_file_without_figures_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "earlier.json"
    path.write_text(content, encoding="latin-1")
    with pytest.raises(BenchError, match=r"earlier\.json holds no figures"):
        comparison.read(path)
    path.write_text(json.dumps(figures()))
    assert comparison.read(path) == figures()


def test_a_chart_falls_where_the_loss_does() -> None:
    drawn = chart.encoder(Path("chart.svg"))(figures())
    root = ElementTree.fromstring(drawn)
    lines = [line.get("points", "").split() for line in root.iter() if "polyline" in line.tag]
    (course, _) = [line for line in lines if len(line) == 3]
    points = [tuple(map(float, point.split(","))) for point in course]
    assert points == sorted(points), "to the right and, as y points down, downwards"
    # Both axes are logarithmic: from 1 to 2 s is as far as from 2 to 4 s.
    assert points[1][0] - points[0][0] == pytest.approx(points[2][0] - points[1][0], abs=0.2)
    words = " ".join(root.itertext())
    for part in ("Abacus & Sons, 2 cores, 2026-01-02", "200 by 100 px", "0.200 after 4 s", "2 s"):
        assert part in words


def test_a_chart_is_also_a_picture_of_pixels() -> None:
    with Image.open(io.BytesIO(chart.encoder(Path("chart.PNG"))(figures()))) as image:
        assert image.format == "PNG" and image.width > 2 * 800 * image.height / image.width
        colours = {colour for _, colour in image.convert("RGB").getcolors(2**24) or []}
    assert {(0xC2, 0x41, 0x0C), (0x25, 0x63, 0xA8)} <= colours


def test_a_chart_needs_a_name_that_says_its_kind_and_a_course() -> None:
    with pytest.raises(BenchError, match=r"chart\.gif does not say which"):
        chart.encoder(Path("chart.gif"))
    with pytest.raises(BenchError, match="needs the course of a loss"):
        chart.encoder(Path("chart.svg"))(figures(textbook=None))


def test_the_table_says_what_a_megapixel_costs_at_each_size() -> None:
    report = figures()
    larger = {**report["steps"][0], "size": 400, "seconds_per_megapixel": 26.0}
    shown = table.report(report | {"steps": [*report["steps"], larger], "textbook": None})
    assert "seconds per megapixel by size in px: 25.00 at 200, 26.00 at 400" in shown
    assert "80%" in shown and "textbook" not in shown
    assert "programs were running" not in shown
    busy = table.report(report | {"machine": report["machine"] | {"load": 3.5}})
    assert "3.5 programs were running" in busy
