"""Every setting changes the picture in the way that its help text says, on VGG16."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from stransfer import colors, folders, images, losses
from stransfer.images import Picture
from stransfer.program import program_of
from stransfer.settings import SETTINGS, Settings
from stransfer.step import Step
from stransfer.subject import Subject
from stransfer.tiled_evaluation import gram_matrices
from stransfer.transfer import Transfer

# Without the deeper layers, which are most of the work and show nothing else.
LAYERS: dict[str, Any] = {
    "content_layers": "block3_conv1",
    "style_layers": "block1_conv1, block2_conv1, block3_conv1",
}
OWN: dict[str, Any] = {"content_layers": "", "style_layers": ""}
QUICK = Settings(size=100, scales=1, steps=6, **LAYERS)

# Those that have a file of tests to themselves.
ELSEWHERE = {"precision", "output_size"}


def sample(role: str, name: str) -> Picture:
    return images.resize(images.read(folders.DATA / role / name), 120, 60)


CONTENT = sample("content", "cat.jpg")
STYLES = sample("style", "fjord.jpg"), sample("style", "great_swell.jpg")


def steps_of(subject: Subject | None = None, **changes: object) -> list[Step]:
    settings = dataclasses.replace(QUICK, **changes)  # type: ignore[arg-type]
    return list(Transfer(subject or Subject(CONTENT, STYLES[:1]), settings).start())


def painted(subject: Subject | None = None, **changes: object) -> Picture:
    return steps_of(subject, **changes)[-1].image


def photo(width: int = 100, height: int = 50) -> Picture:
    return images.resize(CONTENT, width, height)


def distances(picture: Picture, **changes: object) -> tuple[float, float]:
    """How far a picture is from the photo and from the first artwork, measured by VGG16."""
    program = program_of(dataclasses.replace(QUICK, **changes))  # type: ignore[arg-type]
    height, width = picture.shape[:2]
    found, content, style = (
        tf.constant(image[np.newaxis])
        for image in (picture, photo(width, height), images.resize(STYLES[0], width, height))
    )
    contents = zip(program.content_targets(found), program.content_targets(content), strict=True)
    grams = zip(*(gram_matrices(program.tiled, one) for one in (found, style)), strict=True)
    return (
        float(np.mean([losses.content_distance(*maps) for maps in contents])),
        float(np.mean([losses.style_distance(*pair) for pair in grams])),
    )


def difference(first: Picture, second: Picture) -> float:
    return float(np.abs(first - second).mean())


def variation(picture: Picture) -> float:
    return float(losses.total_variation(picture[np.newaxis]))


def fineness(picture: Picture) -> float:
    """The mean spatial frequency of a picture's lightness, in cycles a pixel."""
    lightness = colors.luminance(picture)[..., 0]
    spectrum = np.abs(np.fft.rfft2(lightness - lightness.mean())) ** 2
    rows, columns = np.fft.fftfreq(lightness.shape[0]), np.fft.rfftfreq(lightness.shape[1])
    frequency = np.hypot(rows[:, np.newaxis], columns)
    return float((spectrum * frequency).sum() / spectrum.sum())


def palette(picture: Picture) -> Picture:
    """The values of each channel in order, wherever they are in the picture."""
    return np.sort(images.resize(picture, 50, 25).reshape(-1, 3), axis=0)


def pixels_moved(steps: Sequence[Step], start: Picture) -> list[float]:
    pictures = [start, *(step.image for step in steps)]
    return [difference(*pair) for pair in itertools.pairwise(pictures)]


def the_network_is_the_one_that_measures() -> None:
    chosen: dict[str, Any] = {"model": "xception", **OWN}
    xception, vgg16 = (distances(painted(**changes), **chosen)[1] for changes in (chosen, {}))
    assert xception < 0.8 * distances(photo(), **chosen)[1]
    assert xception < vgg16


def untrained_filters_are_others_than_trained_ones() -> None:
    assert difference(painted(), painted(weights="untrained")) > 0.01


def more_steps_give_a_stronger_style() -> None:
    styles = [distances(painted(steps=steps))[1] for steps in (2, 6, 18)]
    assert styles[0] > 1.1 * styles[1] and styles[1] > 1.1 * styles[2]


def the_size_is_that_of_the_long_side_and_the_aspect_ratio_is_kept() -> None:
    assert painted(size=100, steps=1).shape == (50, 100, 3)
    assert painted(size=130, steps=1).shape == (65, 130, 3)
    upright = Subject(np.rot90(CONTENT).copy(), STYLES[:1])
    assert painted(upright, size=100, steps=1).shape == (100, 50, 3)


def more_content_weight_keeps_more_of_the_photo() -> None:
    weak, strong = (distances(painted(content_weight=weight))[0] for weight in (0.2, 20))
    assert strong < 0.8 * weak


def more_style_weight_paints_more_boldly() -> None:
    weak, strong = (distances(painted(style_weight=weight))[1] for weight in (0.05, 5))
    assert strong < 0.8 * weak


def more_total_variation_weight_is_smoother_and_0_is_off() -> None:
    off, some, strong = (steps_of(tv_weight=weight) for weight in (0, 5, 50))
    assert variation(strong[-1].image) < 0.9 * variation(some[-1].image)
    assert variation(some[-1].image) < variation(off[-1].image)
    last = off[-1].loss
    assert last.total == pytest.approx(last.style + 0.06 * last.content, rel=1e-5) and last.tv > 0


def coarse_levels_lay_out_broader_strokes() -> None:
    """What they change is still there when the picture is seen from afar."""
    single, several = (images.resize(painted(scales=scales, size=140), 12, 6) for scales in (1, 2))
    assert difference(several, photo(12, 6)) > 1.2 * difference(single, photo(12, 6))
    assert [step.scale for step in steps_of(scales=2, size=140, steps=1)] == [1] * 25 + [2]


def a_smaller_artwork_gives_finer_strokes() -> None:
    artwork = images.resize(images.read(folders.DATA / "style" / "glass_window.jpg"), 240, 320)
    small, large = (
        painted(Subject(CONTENT, (artwork,)), style_scale=scale, content_weight=0, steps=25)
        for scale in (0.5, 2)
    )
    assert fineness(small) > 1.05 * fineness(large)


def the_picture_is_nearer_to_the_artwork_with_the_greater_weight() -> None:
    subject = Subject(CONTENT, STYLES)
    towards = [distances(painted(subject, style_weights=blend))[1] for blend in ("9,1", "", "1,9")]
    assert towards == sorted(towards) and towards[0] < 0.9 * towards[2]


def kept_colours_are_those_of_the_photo() -> None:
    free, luminance, histogram = (
        painted(preserve_color=mode, steps=10) for mode in ("none", "luminance", "histogram")
    )
    own = palette(photo())
    assert difference(palette(histogram), own) < 0.5 * difference(palette(free), own)
    # Chroma is what is left when each pixel's lightness is taken off.
    chroma = [image - colors.luminance(image) for image in (free, luminance, photo())]
    assert difference(chroma[1], chroma[2]) < 0.2 * difference(chroma[0], chroma[2])
    assert difference(colors.luminance(luminance), colors.luminance(photo())) > 0.02


def the_chosen_content_layer_is_the_one_that_is_kept() -> None:
    """A shallow one keeps the pixels, a deep one only what they show."""
    shallow, deep = "block1_conv1", "block4_conv1"
    kept = {layer: painted(content_layers=layer, content_weight=20) for layer in (shallow, deep)}
    lost = painted(content_weight=0)
    for layer, picture in kept.items():
        own, free = (distances(image, content_layers=layer)[0] for image in (picture, lost))
        assert own < 0.8 * free, layer
    assert difference(kept[shallow], photo()) < difference(kept[deep], photo())


def the_chosen_style_layer_is_the_one_that_is_brought_closer() -> None:
    layers = ("block1_conv1", "block5_conv1")
    pictures = [painted(style_layers=layer, content_weight=0) for layer in layers]
    for index, layer in enumerate(layers):
        own, other = (
            distances(picture, style_layers=layer)[1]
            for picture in (pictures[index], pictures[1 - index])
        )
        assert own < 0.8 * other, layer


def adam_is_quick_and_lbfgs_gets_closer_in_a_long_run() -> None:
    names = ("adam", "lbfgs")
    first = [steps_of(optimizer=name, steps=4, **OWN)[-1].loss.total for name in names]
    last = [steps_of(optimizer=name, steps=40)[-1].loss.total for name in names]
    assert first[0] < first[1] and last[1] < 0.95 * last[0]


def the_first_update_moves_a_pixel_as_far_as_the_rate_says_and_later_ones_less() -> None:
    for rate in (0.01, 0.05):
        steps = steps_of(learning_rate=rate, steps=8)
        moved = pixels_moved(steps, photo())
        assert np.abs(steps[0].image - photo()).max() == pytest.approx(rate, rel=0.01)
        assert moved[-1] < 0.6 * moved[0]


def a_run_starts_from_what_was_asked_for() -> None:
    earlier = np.full((60, 120, 3), 0.25, np.float32)
    subject = Subject(CONTENT, STYLES[:1], init=earlier)
    noise = np.random.default_rng(0).random((50, 100, 3), np.float32)
    for init, expected in (
        ("content", photo()),
        ("noise", noise),
        ("style", images.resize(STYLES[0], 100, 50)),
        ("result", images.resize(earlier, 100, 50)),
    ):
        first = painted(subject, init=init, steps=1, learning_rate=0.001)
        assert difference(first, expected) < 0.01, init


def the_same_seed_gives_the_same_noise_and_filters() -> None:
    drawn: list[dict[str, Any]] = [{"init": "noise"}, {"weights": "untrained"}]
    for changes in drawn:
        first, again, other = (painted(steps=1, seed=seed, **changes) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert difference(first, other) > 0.001


EFFECTS: dict[str, Callable[[], None]] = {
    "model": the_network_is_the_one_that_measures,
    "weights": untrained_filters_are_others_than_trained_ones,
    "steps": more_steps_give_a_stronger_style,
    "size": the_size_is_that_of_the_long_side_and_the_aspect_ratio_is_kept,
    "content_weight": more_content_weight_keeps_more_of_the_photo,
    "style_weight": more_style_weight_paints_more_boldly,
    "tv_weight": more_total_variation_weight_is_smoother_and_0_is_off,
    "scales": coarse_levels_lay_out_broader_strokes,
    "style_scale": a_smaller_artwork_gives_finer_strokes,
    "style_weights": the_picture_is_nearer_to_the_artwork_with_the_greater_weight,
    "preserve_color": kept_colours_are_those_of_the_photo,
    "content_layers": the_chosen_content_layer_is_the_one_that_is_kept,
    "style_layers": the_chosen_style_layer_is_the_one_that_is_brought_closer,
    "optimizer": adam_is_quick_and_lbfgs_gets_closer_in_a_long_run,
    "learning_rate": the_first_update_moves_a_pixel_as_far_as_the_rate_says_and_later_ones_less,
    "init": a_run_starts_from_what_was_asked_for,
    "seed": the_same_seed_gives_the_same_noise_and_filters,
}


@pytest.mark.parametrize("name", EFFECTS)
def test_the_effect_of(name: str) -> None:
    EFFECTS[name]()


def test_no_setting_is_without_a_test_of_what_it_does() -> None:
    assert {setting.name for setting in SETTINGS} <= EFFECTS.keys() | ELSEWHERE
