"""How much memory a run will need, and how much there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from stransfer import footprint, pyramid
from stransfer.models import MODELS
from stransfer.settings import Settings

# The peak of `render` of a square picture of 1000 px in float32, in MiB, on two cores of an Intel
# Xeon on 2026-11-24, with two steps and untrained weights.
MEASURED = {
    "vgg16": 2586,
    "vgg19": 2719,
    "inception_v3": 1935,
    "xception": 3204,
    "densenet121": 1978,
    "densenet201": 2225,
    "resnet50": 2770,
    "resnet50v2": 2364,
}


def estimated(model: str, width: int, height: int, **settings: object) -> int:
    plan = pyramid.plan(width, height, Settings.parse({"model": model, **settings}))
    return footprint.estimated_mb(model, plan)


@pytest.mark.parametrize("model", MEASURED)
def test_an_estimate_is_a_little_more_than_what_was_measured(model: str) -> None:
    assert 1 < estimated(model, 1000, 1000, size=1000) / MEASURED[model] < 1.4


def test_every_model_has_an_estimate_that_grows_with_the_picture() -> None:
    for model in MODELS:
        sizes = [estimated(model, 300, 200, size=size) for size in (100, 500, 1000)]
        assert 800 < sizes[0] < sizes[1] < sizes[2] < 4000
    # 4.9 GB were measured for this one, which is painted piece by piece.
    large = estimated("vgg16", 4000, 3000, size=1000, output_size=4000)
    assert 4600 < large < 5300


def test_a_machine_has_what_linux_says_and_a_group_of_processes_no_more_than_it_may_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, group = tmp_path / "meminfo", tmp_path / "cgroup"
    monkeypatch.setattr(footprint, "_MEMINFO", memory)
    monkeypatch.setattr(footprint, "_GROUP", group)
    monkeypatch.setattr(footprint, "_GROUPS", tmp_path)
    assert footprint.machine_mb() is None
    memory.write_text("MemTotal:  2048000 kB\nMemFree:  9 kB\nSwapTotal:  1024000 kB\n")
    assert footprint.machine_mb() == 3000
    group.write_text("0::/paint.slice\n")
    limit = tmp_path / "paint.slice" / "memory.max"
    limit.parent.mkdir()
    for told, expected in (("max\n", 3000), (f"{700 * 2**20}\n", 700)):
        limit.write_text(told)
        assert footprint.machine_mb() == expected
