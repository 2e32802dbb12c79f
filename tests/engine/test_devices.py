"""What is computed on. There is no graphics card here, so only that it is not there can be real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from stransfer import devices, folders, loading, precision, processor
from stransfer.commands.render import render
from stransfer.devices import Device
from stransfer.errors import DeviceError
from stransfer.precision import BFLOAT16, FLOAT32

CARDS = ["First card", "Second card"]


@pytest.mark.parametrize(
    ("wanted", "cards", "number"),
    [
        ("auto", [], None),
        ("auto", CARDS, 0),
        ("cpu", CARDS, None),
        ("gpu", CARDS, 0),
        ("gpu:0", CARDS, 0),
        ("gpu:1", CARDS, 1),
    ],
)
def test_one_card_is_taken_if_there_is_any_and_the_processor_if_that_is_wanted(
    wanted: str, cards: list[str], number: int | None
) -> None:
    assert devices.chosen(wanted, cards) == number


@pytest.mark.parametrize("wanted", ["gpu", "gpu:0"])
def test_a_card_is_refused_where_there_is_none(wanted: str) -> None:
    with pytest.raises(DeviceError, match=f"no {wanted} here: .* only the processor"):
        devices.use(wanted)


def test_a_card_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(DeviceError) as refused:
        devices.chosen("gpu:2", CARDS)
    assert str(refused.value) == (
        "There is no gpu:2 here: TensorFlow finds gpu:0 (First card), gpu:1 (Second card); choose "
        "one of these."
    )


@pytest.mark.parametrize("wanted", ["", "GPU", "tpu", "gpu:", "gpu:-1", "gpu:x", "cpu:0", "auto "])
def test_what_is_no_device_is_refused(wanted: str) -> None:
    with pytest.raises(DeviceError, match="must be auto, cpu, gpu, or"):
        devices.check(wanted)
    with pytest.raises(DeviceError):
        devices.chosen(wanted, CARDS)


def test_a_process_computes_on_the_processor_and_can_be_told_so_again() -> None:
    loading.load("cpu")
    tf.constant(1.0)
    loading.load("auto")
    used = devices.current()
    assert str(used) == f"processor {processor.name()}".strip() and not used.gpu
    assert tf.config.get_visible_devices("GPU") == []


def test_rendering_on_a_card_that_is_not_there_writes_nothing(tmp_path: Path) -> None:
    pictures = [str(folders.DATA / name) for name in ("content/cat.jpg", "style/fjord.jpg")]
    output = tmp_path / "out.png"
    for wanted, told in (("gpu:1", "no gpu:1 here"), ("abacus", "must be auto")):
        with pytest.raises(DeviceError, match=told):
            render.main([*pictures, "-o", str(output), "--device", wanted], standalone_mode=False)
    assert not output.exists()


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Has the process say that it computes on a graphics card, in a folder of its own."""
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))
    precision.verdict.cache_clear()

    def say(name: str, has_bfloat16: bool | None) -> None:
        precision.verdict.cache_clear()
        device = Device(name, gpu=True, has_bfloat16=has_bfloat16)
        monkeypatch.setattr(devices, "current", lambda: device)

    yield say
    precision.verdict.cache_clear()


def test_every_card_is_measured_by_itself(card: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {"Fast": 0.01, "Slow": 0.1}
    for name, bfloat16 in seconds.items():
        card(name, None)
        found = {FLOAT32: 0.05, BFLOAT16: bfloat16}
        monkeypatch.setattr(precision, "measured", lambda found=found: found)
        assert precision.chosen("auto") == (BFLOAT16 if name == "Fast" else FLOAT32)
    kept = json.loads((folders.instance() / "precision.json").read_text())
    assert [key.split(", ")[:2] for key in kept] == [[name, "a graphics card"] for name in seconds]


def test_a_card_without_instructions_for_bfloat16_is_not_measured(card: Any) -> None:
    card("Old", False)
    assert str(precision.verdict()) == (
        "float32, because this graphics card has no bfloat16 instructions"
    )


def test_a_format_that_cannot_be_computed_in_is_not_chosen(
    card: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    card("Odd", None)
    convolution = precision._convolution

    def convolve(name: str) -> Any:
        attempt = convolution(name)

        def refused() -> None:
            raise tf.errors.UnimplementedError(None, None, "no convolution in this format")

        return refused if name == BFLOAT16 else attempt

    monkeypatch.setattr(precision, "_convolution", convolve)
    assert precision.chosen("auto") == FLOAT32
    # What was found is kept like any other measurement.
    monkeypatch.setattr(precision, "measured", lambda: pytest.fail("measured again"))
    precision.verdict.cache_clear()
    assert precision.chosen("auto") == FLOAT32
