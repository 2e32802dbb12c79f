"""Several artworks, masks, starting pictures and colours, in whole runs on VGG16."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stransfer import colors, folders, images, losses
from stransfer.errors import ImageError, SettingsError
from stransfer.images import Mask, Picture
from stransfer.settings import Settings
from stransfer.step import Step
from stransfer.subject import Subject
from stransfer.transfer import Transfer

QUICK = Settings(size=100, scales=1, steps=6)
SAMPLES = folders.DATA


def sample(role: str, name: str, width: int, height: int) -> Picture:
    return images.resize(images.read(SAMPLES / role / name), width, height)


@pytest.fixture(scope="module")
def content() -> Picture:
    return sample("content", "cat.jpg", 150, 100)


@pytest.fixture(scope="module")
def styles() -> tuple[Picture, Picture]:
    return sample("style", "fjord.jpg", 104, 128), sample("style", "great_swell.jpg", 128, 88)


@pytest.fixture(scope="module")
def right_half() -> Mask:
    mask = np.zeros((100, 150), np.float32)
    mask[:, 75:] = 1
    return mask


def last(subject: Subject, **changes: object) -> Step:
    settings = dataclasses.replace(QUICK, **changes)  # type: ignore[arg-type]
    *_, step = Transfer(subject, settings).start()
    return step


def style_distance(picture: Picture, style: Picture) -> float:
    grams = [losses.gram_matrix(image[np.newaxis]) for image in (picture, style)]
    return float(losses.style_distance(*grams))


def test_the_blend_decides_whose_manner_prevails(
    content: Picture, styles: tuple[Picture, Picture]
) -> None:
    subject = Subject(content, styles)
    first, second = (last(subject, style_weights=weights).image for weights in ("9,1", "1,9"))
    red, blue = styles
    assert style_distance(first, red) < style_distance(second, red)
    assert style_distance(second, blue) < style_distance(first, blue)


def test_a_blend_of_one_artwork_with_itself_is_that_artwork(
    content: Picture, styles: tuple[Picture, Picture]
) -> None:
    alone = last(Subject(content, styles[:1]), steps=2).image
    twice = last(Subject(content, (styles[0], styles[0])), steps=2).image
    np.testing.assert_allclose(alone, twice, atol=1e-3)


def test_luminance_mode_keeps_the_chroma_of_the_photo(
    content: Picture, styles: tuple[Picture, Picture]
) -> None:
    # A dull photo: its colours then fit any lightness, and nothing has to be clipped.
    dull = (0.5 + (content - 0.5) * 0.3).astype(np.float32)
    painted = last(Subject(dull, styles[:1]), preserve_color="luminance").image
    photo = images.resize(dull, 100, 67)
    for pair in ((0, 1), (1, 2)):
        found, expected = (image[..., pair[0]] - image[..., pair[1]] for image in (painted, photo))
        np.testing.assert_allclose(found, expected, atol=0.02)
    assert np.abs(colors.luminance(painted) - colors.luminance(photo)).mean() > 0.02


def test_histogram_mode_keeps_the_palette_of_the_photo(
    content: Picture, styles: tuple[Picture, Picture]
) -> None:
    subject = Subject(content, styles[:1])
    mean = content.mean(axis=(0, 1))
    kept, free = (
        np.abs(last(subject, preserve_color=mode).image.mean(axis=(0, 1)) - mean).max()
        for mode in ("histogram", "none")
    )
    assert kept < 0.5 * free


def test_a_content_mask_confines_the_painting(
    content: Picture, styles: tuple[Picture, Picture], right_half: Mask
) -> None:
    painted = last(Subject(content, styles[:1], content_mask=right_half)).image
    photo = images.resize(content, 100, 67)
    np.testing.assert_allclose(painted[:, :45], photo[:, :45], atol=0.02)
    assert np.abs(painted[:, 55:] - photo[:, 55:]).mean() > 0.05


def test_a_style_mask_chooses_what_counts_as_style(
    content: Picture, styles: tuple[Picture, Picture]
) -> None:
    """The artwork is an orange sky above a blue sea, of which one half is chosen."""
    fjord = styles[0]
    sky = np.zeros(fjord.shape[:2], np.float32)
    sky[:64] = 1
    warmth = []
    for mask in (sky, 1 - sky):
        mean = last(Subject(content, (fjord,), style_mask=mask), steps=12).image.mean(axis=(0, 1))
        warmth.append(mean[0] - mean[2])
    assert warmth[0] > warmth[1] + 0.1


def test_a_run_starts_from_what_was_asked_for(
    content: Picture, styles: tuple[Picture, Picture]
) -> None:
    result = np.full((100, 150, 3), 0.25, np.float32)
    subject = Subject(content, styles[:1], init=result)
    for init, expected in (
        ("content", images.resize(content, 100, 67)),
        ("result", images.resize(result, 100, 67)),
        ("style", images.resize(styles[0][29:99], 100, 67)),
    ):
        image = last(subject, init=init, steps=1, learning_rate=0.001).image
        assert np.abs(image - expected).mean() < 0.02, init


def test_pictures_that_do_not_fit_the_settings_are_refused(
    content: Picture, styles: tuple[Picture, Picture], right_half: Mask
) -> None:
    subject = Subject(content, styles)
    with pytest.raises(SettingsError, match="one weight for each artwork, but 3 were given for 2"):
        Transfer(subject, Settings(style_weights="1,2,3"))
    with pytest.raises(SettingsError, match="earlier result"):
        Transfer(subject, Settings(init="result"))
    with pytest.raises(ImageError, match="150 × 100, the mask 75 × 100"):
        Transfer(dataclasses.replace(subject, content_mask=right_half[:, :75]), QUICK)
    with pytest.raises(ImageError, match="black all over"):
        Transfer(dataclasses.replace(subject, content_mask=right_half * 0), QUICK)
    with pytest.raises(ImageError, match="single artwork"):
        Transfer(dataclasses.replace(subject, style_mask=np.ones((128, 104), np.float32)), QUICK)
    with pytest.raises(ImageError, match="at least one artwork"):
        Subject.read(content, [])


def test_masks_are_read_from_files(tmp_path: Path, content: Picture) -> None:
    path = tmp_path / "mask.png"
    Image.new("1", (40, 40), 1).save(path)
    assert images.read_mask(path).min() == 1.0
    subject = Subject.read(content, [content], content_mask=path, style_mask=path)
    assert subject.content_mask is not None and subject.content_mask.shape == (40, 40)


def test_an_earlier_result_of_other_proportions_is_refused() -> None:
    content, style = np.zeros((40, 60, 3), np.float32), np.ones((40, 40, 3), np.float32)
    square = Subject(content, (style,), init=np.ones((40, 40, 3), np.float32))
    with pytest.raises(ImageError, match="the photo is 60 × 40, the result 40 × 40"):
        square.check(Settings(init="result"))
