"""Every kind of picture becomes upright sRGB: against colours that were computed by hand."""

from __future__ import annotations

import pytest
from PIL import Image

from stransfer import images, srgb
from tests.site.corpus.colours import KNOWN, SIDE
from tests.site.corpus.damage import KINDS, ORIENTATIONS, corners

# One quarter of a picture with an orientation: what it shows when it is stored there.
_STORED = {("first", "first"): "red", ("first", "last"): "lime"}
_STORED |= {("last", "first"): "blue", ("last", "last"): "white"}
_OPPOSITE = {"top": "bottom", "bottom": "top", "left": "right", "right": "left"}
_PLAIN = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


@pytest.mark.parametrize("name", KNOWN)
def test_the_colours_are_those_that_the_file_says(name: str) -> None:
    known = KNOWN[name]
    image = images.open_srgb(known.content)
    assert image.mode == ("RGBA" if {known.left[3], known.right[3]} != {255} else "RGB")
    found = image.convert("RGBA")
    for place, colour in ((8, known.left), (SIDE - 8, known.right)):
        pixel = found.getpixel((place, SIDE // 2))
        assert isinstance(pixel, tuple)
        off = [abs(a - b) for a, b in zip(pixel, colour, strict=True)]
        assert max(off) <= known.tolerance, (pixel, colour)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("kind", ["jpeg RGB", "png RGB", "png RGBA", "lossless webp RGB"])
def test_a_picture_is_turned_so_that_its_first_row_and_column_are_where_they_belong(
    kind: str, orientation: int
) -> None:
    row, column = ORIENTATIONS[orientation]
    image = images.open_rgb(corners(kind, orientation))
    assert image.size == ((64, 96) if orientation > 4 else (96, 64))
    for (at_row, at_column), colour in _STORED.items():
        sides = {
            row if at_row == "first" else _OPPOSITE[row],
            column if at_column == "first" else _OPPOSITE[column],
        }
        place = (
            10 if "left" in sides else image.width - 10,
            10 if "top" in sides else image.height - 10,
        )
        pixel = image.getpixel(place)
        assert isinstance(pixel, tuple)
        assert max(abs(a - b) for a, b in zip(pixel, _PLAIN[colour], strict=True)) < 8, sides


def test_nothing_that_a_picture_says_of_itself_is_left() -> None:
    for kind in KINDS:
        image = images.open_srgb(corners(kind, 6))
        assert image.info == {} and not image.getexif()


def test_a_picture_that_is_read_is_not_changed() -> None:
    given = Image.new("L", (40, 40), 9)
    given.info["transparency"] = 9
    assert srgb.upright(given).mode == "RGBA"
    assert given.mode == "L" and given.info == {"transparency": 9}
