"""Reading whatever people have, and writing whole files or none."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from stransfer import images
from stransfer.errors import ImageError
from stransfer.images import Limits
from tests.conftest import file_bytes


def test_a_picture_becomes_floats_between_0_and_1(photo: Image.Image) -> None:
    picture = images.read(file_bytes(photo))
    assert picture.shape == (90, 120, 3) and picture.dtype == np.float32
    np.testing.assert_array_equal(np.uint8(picture * 255 + 0.5), np.asarray(photo))


@pytest.mark.parametrize("kind", images.FORMATS)
def test_every_format_is_read_by_its_content_whatever_its_name(
    photo: Image.Image, kind: str, tmp_path: Path
) -> None:
    path = tmp_path / "picture.txt"
    path.write_bytes(file_bytes(photo, kind, quality=95))
    assert np.abs(images.read(path) - images.to_picture(photo)).mean() < 0.02


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(photo: Image.Image, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = file_bytes(photo, "JPEG", quality=98, exif=exif)
    expected = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    picture = images.read(content)
    assert picture.shape[:2] == ((120, 90) if orientation > 4 else (90, 120))
    np.testing.assert_allclose(picture, images.to_picture(expected), atol=1e-6)


def test_transparency_lies_on_white() -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    assert images.read(file_bytes(clear)).min() == 1.0
    palette = Image.new("P", (40, 40), 3)
    palette.putpalette([value for index in range(256) for value in (index, 0, 0)])
    content = file_bytes(palette, "PNG", transparency=3)
    assert images.read(content).min() == 1.0


def test_sixteen_bits_keep_their_brightness() -> None:
    values = np.linspace(0, 65535, 40 * 40).astype(np.uint16).reshape(40, 40)
    content = file_bytes(Image.fromarray(values))
    picture = images.read(content)
    np.testing.assert_allclose(picture[..., 1], values / 65535, atol=1 / 255)


def test_cmyk_and_gray_become_rgb(photo: Image.Image) -> None:
    cmyk = images.read(file_bytes(photo.convert("CMYK"), "JPEG", quality=98))
    assert np.abs(cmyk - images.to_picture(photo)).mean() < 0.05
    gray = images.read(file_bytes(photo.convert("L")))
    np.testing.assert_array_equal(gray[..., 0], gray[..., 2])


def test_a_colour_profile_is_converted_to_srgb(photo: Image.Image) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    broken = file_bytes(photo, "PNG", icc_profile=b"nothing")
    assert np.array_equal(images.read(broken), images.to_picture(photo))
    mismatched = file_bytes(photo, "PNG", icc_profile=profile.tobytes())
    assert images.read(mismatched).shape == (90, 120, 3)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "ICO"])
def test_other_formats_are_refused(photo: Image.Image, kind: str) -> None:
    with pytest.raises(ImageError, match="Expected a JPEG, PNG or WebP picture"):
        images.read(file_bytes(photo, kind))


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"<svg/>", b"\xff\xd8\xff" * 9])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(ImageError, match="choose another file"):
        images.read(content)


@pytest.mark.parametrize("kind", images.FORMATS)
@pytest.mark.parametrize("part", [1 / 4, 1 / 2, 3 / 4])
def test_a_picture_cut_short_is_refused(photo: Image.Image, kind: str, part: float) -> None:
    content = file_bytes(photo.resize((300, 200)), kind)
    with pytest.raises(ImageError, match=r"cut short|Expected a"):
        images.read(content[: int(len(content) * part)])


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (Limits(pixels=10_000), "0.01 megapixels, and this one is 120 × 90"),
        (Limits(longest_side=100), "at most 100 px long"),
        (Limits(shortest_side=91), "at least 91 px"),
        (Limits(aspect=1.2), "1.2 times as long"),
    ],
)
def test_a_picture_outside_the_limits_is_refused(
    photo: Image.Image, limits: Limits, sentence: str
) -> None:
    with pytest.raises(ImageError, match=sentence):
        images.open_rgb(file_bytes(photo), limits)


@pytest.mark.parametrize("kind", images.FORMATS)
def test_a_file_can_be_read_smaller(photo: Image.Image, kind: str) -> None:
    large = photo.resize((1200, 900), Image.Resampling.BICUBIC)
    small = images.read(file_bytes(large, kind), longest_side=100)
    assert small.shape == (75, 100, 3)
    whole = images.resize(images.read(file_bytes(large, kind)), 100, 75)
    assert np.abs(small - whole).mean() < 0.01
    # None is made larger.
    assert images.read(file_bytes(photo, kind), longest_side=500).shape == (90, 120, 3)


def test_arrays_are_taken_as_they_are_and_checked() -> None:
    assert images.read(np.full((4, 4, 3), 1.2)).max() == 1.0
    with pytest.raises(ImageError, match="received uint8"):
        images.read(np.zeros((4, 4, 3), np.uint8))


def test_shrinking_keeps_the_mean_and_does_not_alias() -> None:
    board = np.repeat((np.indices((64, 64)).sum(axis=0) % 2)[..., np.newaxis], 3, axis=2)
    small = images.resize(board.astype(np.float32), 16, 16)
    np.testing.assert_allclose(small[2:-2, 2:-2], 0.5, atol=0.02)


def test_no_metadata_is_written(photo: Image.Image) -> None:
    photo.info["comment"] = "where I live"
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    for kind in images.FORMATS:
        tagged = Image.open(io.BytesIO(file_bytes(photo, "JPEG", exif=exif, comment="secret")))
        content = images.encode(tagged, kind)
        assert b"where I live" not in content and b"secret" not in content


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "result.png"
    images.write(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ImageError, match=r"No space left.*has room"):
        images.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_written_file_can_be_read_by_whom_the_user_lets_read(tmp_path: Path) -> None:
    path = tmp_path / "result.png"
    images.write(path, b"picture")
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="name a folder that exists"):
        images.write(tmp_path / "none" / "result.png", b"")


def test_an_array_of_bytes_as_floats_is_not_taken_for_a_white_picture() -> None:
    with pytest.raises(ImageError, match="divide by 255"):
        images.read(np.full((40, 40, 3), 128.0, np.float32))


def test_a_mask_may_be_a_plain_array() -> None:
    chosen = np.zeros((40, 50), bool)
    chosen[:20] = True
    np.testing.assert_array_equal(images.read_mask(chosen), chosen.astype(np.float32))
    np.testing.assert_array_equal(images.read_mask(chosen.astype(np.float64)), chosen)
