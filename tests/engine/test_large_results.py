"""Results larger than the size at which a picture is painted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from stransfer import folders, images, pyramid, tiles
from stransfer.checkpoint import Checkpoint
from stransfer.errors import SettingsError
from stransfer.pyramid import Level
from stransfer.settings import Settings
from stransfer.subject import Subject
from stransfer.transfer import Transfer

# Shallow layers see little, so that small tiles have small margins.
LARGE = Settings(
    size=100,
    scales=1,
    steps=4,
    output_size=220,
    content_layers="block2_conv2",
    style_layers="block1_conv1, block2_conv1",
)


@pytest.fixture(scope="module")
def subject() -> Subject:
    photo = images.read(folders.DATA / "content" / "cat.jpg")
    artwork = images.read(folders.DATA / "style" / "night_wind.jpg")
    return Subject(images.resize(photo, 451, 300), (images.resize(artwork, 160, 160),))


@pytest.fixture
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(tiles, "LONGEST", 100)
    yield


def test_the_plan_goes_on_beyond_the_size_with_ever_fewer_updates() -> None:
    levels = pyramid.plan(2000, 1500, Settings(size=500, steps=40, scales=1, output_size=4000))
    assert levels == (
        Level(500, 375, 500, 40),
        Level(1000, 750, 1000, 10),
        Level(2000, 1500, 2000, 3),
        Level(4000, 3000, 4000, 3),
    )
    between = pyramid.plan(2000, 1500, Settings(size=500, scales=1, output_size=1125))
    assert [level.long_side for level in between] == [500, 750, 1125]
    assert len(pyramid.plan(2000, 1500, Settings(size=500, scales=1, output_size=500))) == 1


def test_an_output_smaller_than_the_size_is_refused() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings(size=500, output_size=400)
    assert "at least the size, 500 px" in refused.value.fields["output_size"]


def test_where_the_tiles_are_cut_cannot_be_seen(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = list(Transfer(subject, LARGE).start())[-1]
    monkeypatch.setattr(tiles, "LONGEST", 100)
    tiled = list(Transfer(subject, LARGE).start())[-1]
    assert tiled.image.shape == whole.image.shape == (146, 220, 3)
    assert tiled.loss.total == pytest.approx(whole.loss.total, rel=1e-3)
    # Adam moves a pixel by the same amount however small its gradient, so rounding may show.
    assert np.abs(tiled.image - whole.image).mean() < 0.002


def test_the_finishing_updates_bring_the_style_closer(subject: Subject, small_tiles: None) -> None:
    steps = list(Transfer(subject, LARGE).start())
    finishing = [step for step in steps if step.scale == 3]
    assert len(finishing) == 3
    assert finishing[-1].loss.style < 0.9 * finishing[0].loss.style


def test_a_resumed_large_run_equals_one_that_never_stopped(
    subject: Subject, small_tiles: None
) -> None:
    whole = list(Transfer(subject, LARGE).start())
    checkpoint = Checkpoint.from_bytes(whole[-2].checkpoint().to_bytes())
    rest = list(Transfer(subject, LARGE).start(checkpoint))
    assert len(rest) == 1
    np.testing.assert_array_equal(rest[-1].image, whole[-1].image)


def test_any_optimizer_can_go_before(subject: Subject, small_tiles: None) -> None:
    settings = dataclasses.replace(LARGE, optimizer="lbfgs")
    whole = list(Transfer(subject, settings).start())
    assert whole[-1].image.shape == (146, 220, 3)
    assert whole[-1].loss.style < whole[0].loss.style
    for stopped_after in (2, 7):
        checkpoint = whole[stopped_after - 1].checkpoint()
        rest = list(Transfer(subject, settings).start(checkpoint))
        np.testing.assert_array_equal(rest[-1].image, whole[-1].image)


def test_a_mask_keeps_the_photo_in_a_large_result_too(subject: Subject, small_tiles: None) -> None:
    mask = np.zeros((300, 451), np.float32)
    mask[:, 225:] = 1
    masked = dataclasses.replace(subject, content_mask=mask)
    transfer = Transfer(masked, LARGE)
    image = list(transfer.start())[-1].image
    photo = masked.content_at(transfer.levels[-1])
    np.testing.assert_allclose(image[:, :100], photo[:, :100], atol=1e-6)
    assert np.abs(image[:, 120:] - photo[:, 120:]).mean() > 0.02


def test_the_detail_of_an_earlier_large_result_is_not_lost(
    subject: Subject, small_tiles: None
) -> None:
    earlier = list(Transfer(subject, LARGE).start())[-1].image
    again = dataclasses.replace(subject, init=earlier)
    # So small a rate that nothing is painted: what is left is what was carried over.
    settings = dataclasses.replace(LARGE, init="result", steps=1, learning_rate=0.001)
    image = list(Transfer(again, settings).start())[-1].image
    assert np.abs(image - earlier).mean() < 0.01


def test_it_stops_in_the_middle_of_a_step(subject: Subject, small_tiles: None) -> None:
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 30

    steps = list(Transfer(subject, LARGE).start(stopped=stopped))
    assert 0 < len(steps) < 10
    assert asked == 31


def test_an_artwork_is_not_enlarged_beyond_its_own_size(subject: Subject) -> None:
    level = Transfer(subject, LARGE).levels[-1]
    assert subject.styles_at(level, LARGE)[0].shape == (160, 160, 3)
    within = Settings(size=220)
    assert subject.styles_at(level, within)[0].shape == (220, 220, 3)
