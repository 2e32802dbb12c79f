"""Convolutions in bfloat16: close to float32, and chosen only where they are faster."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from stransfer import folders, images, networks, precision
from stransfer import processor as linux
from stransfer.models import MODELS
from stransfer.networks import FeatureExtractor
from stransfer.objective import Losses, Objective, Targets, Weights
from stransfer.precision import BFLOAT16, FLOAT32, Verdict
from stransfer.program import program_of
from stransfer.settings import Settings
from stransfer.subject import Subject
from stransfer.tiled_evaluation import gram_matrices
from stransfer.transfer import Transfer
from tests.engine.tiny import LAYERS, style_targets, tiny_network, tiny_weights

WITHOUT = "processor : 0\nmodel name : Some CPU\nflags : fpu avx2 avx512f\n"
WITH = "processor : 0\nmodel name : Some CPU\nflags : fpu avx2 avx512_bf16\n"


def sample(role: str, name: str, width: int, height: int) -> tf.Tensor:
    picture = images.resize(images.read(folders.DATA / role / name), width, height)
    return tf.constant(picture[np.newaxis])


def tiny(computed_in: str) -> Objective:
    network = tiny_network(tiny_weights())
    if computed_in == BFLOAT16:
        network = networks.in_bfloat16(network)
    extractor = FeatureExtractor(network, lambda image: image / 255.0, LAYERS)
    return Objective(extractor, {"second": 1.0}, {"first": 1.0, "second": 1.0})


def vgg16(computed_in: str) -> Objective:
    model = MODELS["vgg16"]
    layers = tuple({**model.style_layers, **model.content_layers})
    extractor = FeatureExtractor.of(model, layers, precision=computed_in)
    return Objective(extractor, model.content_layers, model.style_layers)


def measured_with(objective: Objective) -> tuple[Losses, tf.Tensor]:
    """The losses of a noisy photo and their gradient, its targets in the same precision."""
    content, style = sample("content", "cat.jpg", 48, 32), sample("style", "fjord.jpg", 40, 48)
    noise = tf.random.stateless_normal(content.shape, [1, 2], stddev=0.05)
    targets = Targets(objective.content_targets(content), style_targets(objective, style))
    weights = Weights.of(Settings())
    return objective.losses_and_gradient(tf.clip_by_value(content + noise, 0, 1), targets, weights)


@pytest.mark.parametrize("build", [tiny, vgg16])
def test_losses_and_gradient_in_bfloat16_are_those_of_float32_but_for_some_percent(
    build: object,
) -> None:
    (exact, gradient), (found, rounded) = (
        measured_with(build(computed_in))  # type: ignore[operator]
        for computed_in in (FLOAT32, BFLOAT16)
    )
    assert float(found.tv) == float(exact.tv)
    for part in ("total", "content", "style"):
        assert float(getattr(found, part)) == pytest.approx(float(getattr(exact, part)), rel=0.02)
        assert getattr(found, part) != getattr(exact, part)
    assert rounded.dtype == tf.float32
    assert float(tf.norm(rounded - gradient) / tf.norm(gradient)) < 0.12


def test_weights_are_rounded_once_and_statistics_are_not() -> None:
    network = networks.in_bfloat16(networks.cut(networks.build(MODELS["resnet50"]), ["conv1_relu"]))
    kinds = {variable.path.split("/")[0]: variable.dtype for variable in network.weights}
    assert kinds == {"conv1_conv": "bfloat16", "conv1_bn": "float32"}


def test_a_run_in_bfloat16_ends_within_one_percent_of_one_in_float32() -> None:
    """Both results are judged in float32."""
    subject = Subject(
        sample("content", "cat.jpg", 100, 50).numpy()[0],
        (sample("style", "night_wind.jpg", 100, 50).numpy()[0],),
    )
    plain = Settings(size=100, scales=1, steps=5, precision=FLOAT32)
    totals = []
    for computed_in in (FLOAT32, BFLOAT16):
        settings = dataclasses.replace(plain, precision=computed_in)
        *_, last = Transfer(subject, settings).start()
        judge = program_of(plain)
        image = tf.constant(last.image[np.newaxis])
        targets = Targets(
            judge.content_targets(tf.constant(subject.content[np.newaxis])),
            gram_matrices(judge.tiled, tf.constant(subject.styles[0][np.newaxis])),
        )
        losses, _ = judge.evaluate(image, targets, Weights.of(plain))
        totals.append(float(losses.total))
    assert totals[1] == pytest.approx(totals[0], rel=0.01)
    assert totals[1] != totals[0]


@pytest.fixture
def processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What Linux tells about the processor, and an instance folder in which nothing is kept yet."""
    path = tmp_path / "cpuinfo"
    monkeypatch.setattr(linux, "_CPUINFO", path)
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path / "instance"))
    precision.verdict.cache_clear()
    yield path
    precision.verdict.cache_clear()


class Bench:
    """Stands in for a measurement, and counts how often there is one."""

    def __init__(self, bfloat16: float) -> None:
        self.seconds = {FLOAT32: 0.1, BFLOAT16: bfloat16}
        self.runs = 0

    def __call__(self) -> dict[str, float]:
        self.runs += 1
        return dict(self.seconds)


def decided_by_a_new_process(setting: str = "auto") -> str:
    precision.verdict.cache_clear()
    return precision.chosen(setting)


def test_a_processor_without_bfloat16_is_not_measured(
    processor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor.write_text(WITHOUT)
    bench = Bench(bfloat16=0.01)
    monkeypatch.setattr(precision, "measured", bench)
    assert precision.chosen("auto") == FLOAT32 and bench.runs == 0
    assert str(precision.verdict()) == (
        "float32, because this processor has no bfloat16 instructions"
    )
    assert precision.chosen(BFLOAT16) == BFLOAT16


def test_a_machine_is_measured_once(processor: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    processor.write_text(WITH)
    bench = Bench(bfloat16=0.04)
    monkeypatch.setattr(precision, "measured", bench)
    assert [decided_by_a_new_process() for _ in range(3)] == [BFLOAT16] * 3
    assert bench.runs == 1
    assert str(precision.verdict()) == (
        "bfloat16, because a convolution took 100.0 ms in float32 and 40.0 ms in bfloat16"
    )
    # Another machine that shares the folder is measured as well, and forgets nothing.
    processor.write_text(WITH.replace("Some CPU", "Other CPU"))
    bench.seconds[BFLOAT16] = 0.2
    assert decided_by_a_new_process() == FLOAT32 and bench.runs == 2
    processor.write_text(WITH)
    assert decided_by_a_new_process() == BFLOAT16 and bench.runs == 2
    monkeypatch.setattr(linux, "cores", lambda: 64)
    assert decided_by_a_new_process() == FLOAT32 and bench.runs == 3


@pytest.mark.parametrize("damage", ["", "[]", "{", '{"HERE": {"float32": 0}}'])
def test_what_was_kept_and_is_damaged_is_measured_again(
    processor: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    processor.write_text(WITH)
    bench = Bench(bfloat16=0.04)
    monkeypatch.setattr(precision, "measured", bench)
    assert decided_by_a_new_process() == BFLOAT16
    path = folders.instance() / "precision.json"
    path.write_text(damage.replace("HERE", precision.machine()))
    assert decided_by_a_new_process() == BFLOAT16 and bench.runs == 2
    assert json.loads(path.read_text()) == {precision.machine(): bench.seconds}


def test_a_folder_that_cannot_be_written_keeps_nobody_from_painting(
    processor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor.write_text(WITH)
    monkeypatch.setattr(precision, "measured", Bench(bfloat16=0.04))
    folders.instance().write_text("a file where the folder should be")
    assert decided_by_a_new_process() == BFLOAT16


def test_bfloat16_must_win_clearly() -> None:
    assert Verdict.of({FLOAT32: 1.0, BFLOAT16: 0.9}).precision == FLOAT32
    assert Verdict.of({FLOAT32: 1.0, BFLOAT16: 0.8}).precision == BFLOAT16


def test_the_measurement_itself_is_short_and_is_kept(processor: Path) -> None:
    processor.write_text(WITH)
    started = time.monotonic()
    found = precision.verdict()
    # Some times what it takes on an idle machine that has to emulate the instructions.
    assert time.monotonic() - started < 6
    assert all(0 < found.seconds[name] < 2 for name in (FLOAT32, BFLOAT16))
    assert found == Verdict.of(found.seconds)
    precision.verdict.cache_clear()
    assert precision.verdict() == found


def test_without_what_linux_tells_the_processor_may_have_instructions(processor: Path) -> None:
    assert not processor.exists() and linux.has_bfloat16() is None
    assert "threads, TensorFlow" in precision.machine()


def test_the_verdict_is_made_once_in_a_process(
    processor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    processor.write_text(WITH)
    bench = Bench(bfloat16=0.04)
    monkeypatch.setattr(precision, "measured", bench)
    precision.chosen("auto")
    (folders.instance() / "precision.json").unlink()
    precision.chosen("auto")
    assert bench.runs == 1


def test_the_same_seed_and_precision_give_the_same_losses() -> None:
    first, again = (measured_with(tiny(BFLOAT16)) for _ in range(2))
    assert float(first[0].total) == float(again[0].total)
    np.testing.assert_array_equal(first[1], again[1])
