"""Result files and timelapses."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin

import stransfer
from stransfer import images, results
from stransfer.errors import ImageError
from stransfer.images import Picture
from stransfer.settings import Settings
from stransfer.timelapse import ENDINGS, Timelapse, format_of
from tests.conftest import file_bytes

SETTINGS = Settings(steps=7, size=333, style_layers="block1_conv1:2", preserve_color="luminance")


class Shown:
    """A step that notes when its picture is made."""

    def __init__(self, picture: Picture, made: list[Picture] | None = None) -> None:
        self._picture = picture
        self._made = [] if made is None else made

    @property
    def image(self) -> Picture:
        self._made.append(self._picture)
        return self._picture


@pytest.fixture
def picture(photo: Image.Image) -> Picture:
    return images.to_picture(photo)


@pytest.mark.parametrize("kind", images.FORMATS)
def test_a_result_carries_its_settings_and_an_srgb_profile(picture: Picture, kind: str) -> None:
    content = results.encode(picture, SETTINGS, kind)
    assert results.read_settings(content) == SETTINGS
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == kind and image.size == (120, 90)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
        assert "sRGB" in ImageCms.getProfileDescription(profile)
    assert np.abs(images.read(content) - picture).mean() < 0.02


@pytest.mark.parametrize("ending", results.ENDINGS)
def test_what_is_saved_carries_its_settings_if_they_are_told(
    picture: Picture, ending: str, tmp_path: Path
) -> None:
    path = tmp_path / f"result{ending}"
    stransfer.save(picture, path, SETTINGS)
    assert results.read_settings(path) == SETTINGS
    with Image.open(path) as image:
        assert image.format == results.ENDINGS[ending] and "icc_profile" in image.info
    stransfer.save(picture, str(path))
    with pytest.raises(ImageError, match="does not carry"):
        results.read_settings(path)
    assert np.abs(images.read(path) - picture).mean() < 0.02


def test_a_picture_is_not_saved_under_a_name_that_says_another_kind(
    picture: Picture, tmp_path: Path
) -> None:
    with pytest.raises(ImageError, match=r"end its name in .png"):
        stransfer.save(picture, tmp_path / "result.gif")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "told", ["[1]", "7", "{", '{"steps": ' + "[" * 100_000, json.dumps({"steps": "x" * 10**5})]
)
def test_what_is_told_in_place_of_settings_is_not_taken_for_some(
    told: str, photo: Image.Image
) -> None:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_itxt("stransfer", told)
    with pytest.raises(ImageError, match="does not carry"):
        results.read_settings(file_bytes(photo, pnginfo=chunks))


def test_equal_results_are_equal_files(picture: Picture) -> None:
    assert results.encode(picture, SETTINGS) == results.encode(picture, SETTINGS)


def test_the_photos_transparency_is_kept_where_the_format_can(photo: Image.Image) -> None:
    clear = photo.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(photo.size))
    source = file_bytes(clear)
    alpha = images.read_with_alpha(source)[1]
    assert alpha is not None and images.read_with_alpha(file_bytes(photo))[1] is None
    for kind, mode in (("PNG", "RGBA"), ("WEBP", "RGBA"), ("JPEG", "RGB")):
        content = results.encode(images.read(source), SETTINGS, kind, alpha)
        with Image.open(io.BytesIO(content)) as image:
            assert image.mode == mode
            if mode == "RGBA":
                found = np.asarray(image.getchannel("A"), float) / 255
                np.testing.assert_allclose(found, alpha, atol=0.02)


def test_a_picture_without_settings_is_refused(photo: Image.Image, tmp_path: Path) -> None:
    for content in (file_bytes(photo), file_bytes(photo, "JPEG"), b"nothing"):
        with pytest.raises(ImageError, match="does not carry the settings"):
            results.read_settings(content)
    with pytest.raises(ImageError, match=r"Cannot read none.png"):
        results.read_settings(tmp_path / "none.png")


def test_a_file_name_says_the_format() -> None:
    assert results.format_of(Path("a.JPEG")) == "JPEG"
    with pytest.raises(ImageError, match=r"end its name in .png"):
        results.format_of(Path("a.tiff"))
    assert format_of(Path("a.gif")) == "GIF"
    with pytest.raises(ImageError, match=r"end its name in .webp"):
        format_of(Path("a.avi"))


@pytest.mark.parametrize("kind", ["WEBP", "GIF"])
def test_a_timelapse_shows_the_steps_in_order_and_ends_with_the_result(kind: str) -> None:
    timelapse = Timelapse(40, 30)
    for step in range(5):
        timelapse.see(Shown(np.full((15, 20, 3), step / 10, np.float32)))
    content = timelapse.encode(kind, np.ones((30, 40, 3), np.float32))
    with Image.open(io.BytesIO(content)) as film:
        assert (film.format, film.size, getattr(film, "n_frames", 1)) == (kind, (40, 30), 6)
        levels, durations = [], []
        for frame in range(6):
            film.seek(frame)
            levels.append(np.asarray(film.convert("RGB")).mean())
            durations.append(film.info["duration"])
    assert levels == sorted(levels) and levels[-1] > 250
    assert durations[-1] == 2500 and max(durations[:-1]) < 100


def test_a_long_run_gives_a_short_film_that_covers_all_of_it() -> None:
    timelapse = Timelapse(16, 16)
    made: list[Picture] = []
    for number in range(1000):
        timelapse.see(Shown(np.full((16, 16, 3), number / 1000, np.float32), made))
    with Image.open(io.BytesIO(timelapse.encode("GIF", np.ones((16, 16, 3), np.float32)))) as film:
        assert 40 < getattr(film, "n_frames", 1) <= 97
        film.seek(1)
        early = np.asarray(film.convert("L")).mean()
        assert early < 20
    assert len(made) < 300


def test_an_mp4_is_made_by_the_encoder() -> None:
    pytest.importorskip("imageio_ffmpeg", reason="stransfer[video] is not installed")
    timelapse = Timelapse(65, 33)
    for step in range(3):
        timelapse.see(Shown(np.full((33, 65, 3), step / 3, np.float32)))
    content = timelapse.encode("MP4", np.ones((33, 65, 3), np.float32))
    assert content[4:8] == b"ftyp" and len(content) > 500
    assert ENDINGS[".mp4"] == "MP4"
