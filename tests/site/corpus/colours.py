"""Files whose pixels are known, because they were written by hand or by arithmetic.

Each has one colour on its left half and one on its right, as red, green, blue and opacity.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from tests.conftest import file_bytes
from tests.site.corpus import profiles
from tests.site.corpus.containers import (
    GRAY,
    GRAY_ALPHA,
    PALETTE,
    RGB,
    RGBA,
    adobe,
    chunk,
    flat_jpeg,
    png,
    segment,
)
from tests.site.corpus.profiles import adobe_in_srgb, gray_in_srgb, ink_in_srgb

SIDE = 64

_CLEAR = 0
_COLOURS = chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255, 0, 255, 0]))
_CYAN, _MAGENTA = (255, 0, 0, 0), (0, 255, 0, 0)


@dataclass(frozen=True)
class Known:
    """A file, and what it shows; every value may be off by `tolerance`."""

    content: bytes
    left: tuple[int, ...]
    right: tuple[int, ...]
    tolerance: int = 1


def _bits(depth: int, left: Sequence[int], right: Sequence[int]) -> bytes:
    """A row of pixels whose samples have so many bits."""
    half = SIDE // 2
    bits = "".join(f"{value:0{depth}b}" for value in [*left] * half + [*right] * half)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _png(
    colour: int, depth: int, left: Sequence[int], right: Sequence[int], *chunks: bytes
) -> bytes:
    row = _bits(depth, left, right)
    return png(SIDE, SIDE, *chunks, depth=depth, colour=colour, row=row)


def _key(*values: int) -> bytes:
    return chunk(b"tRNS", struct.pack(f">{len(values)}H", *values))


def _profiled(mode: str, kind: str, profile: bytes, left: object, right: object) -> bytes:
    image = Image.new(mode, (SIDE, SIDE), left)  # type: ignore[arg-type]
    image.paste(right, (SIDE // 2, 0, SIDE, SIDE))  # type: ignore[arg-type]
    return file_bytes(
        image, kind, icc_profile=profile, **({"lossless": True} if kind == "WEBP" else {})
    )


def _painted(palette: Sequence[int], profile: bytes) -> bytes:
    image = Image.new("P", (SIDE, SIDE), 0)
    image.putpalette([*palette])
    image.paste(1, (SIDE // 2, 0, SIDE, SIDE))
    return file_bytes(image, "PNG", icc_profile=profile)


def _flat(content: bytes, colour: tuple[int, ...], tolerance: int = 1) -> Known:
    return Known(content, colour, colour, tolerance)


def _icc(profile: bytes) -> bytes:
    return segment(0xFFE2, b"ICC_PROFILE\0\1\1" + profile)


_WIDE = profiles.adobe_rgb()
_PRESS = profiles.cmyk()
_OLD_GRAY = profiles.gray()
_ORANGE, _SEA = (200, 100, 50), (40, 160, 150)
_WIDE_ORANGE, _WIDE_SEA = adobe_in_srgb(_ORANGE), adobe_in_srgb(_SEA)

KNOWN: dict[str, Known] = {
    # PNG, every kind and number of bits, without and with a colour that is clear.
    **{
        f"png gray {depth} bit": Known(
            _png(GRAY, depth, [2**depth - 1], [0]), (255, 255, 255, 255), (0, 0, 0, 255), 0
        )
        for depth in (1, 2, 4, 8, 16)
    },
    **{
        f"png gray {depth} bit, white is clear": Known(
            _png(GRAY, depth, [2**depth - 1], [0], _key(2**depth - 1)),
            (255, 255, 255, _CLEAR),
            (0, 0, 0, 255),
            0,
        )
        for depth in (1, 2, 4, 8, 16)
    },
    "png gray 16 bit, halves": Known(
        _png(GRAY, 16, [32768], [0x40FF]), (128, 128, 128, 255), (65, 65, 65, 255), 0
    ),
    "png gray 16 bit, only one of two near values is clear": Known(
        _png(GRAY, 16, [0x8001], [0x8000], _key(0x8001)),
        (128, 128, 128, _CLEAR),
        (128, 128, 128, 255),
        0,
    ),
    "png rgb 8 bit": Known(
        _png(RGB, 8, [1, 2, 3], [250, 0, 9]), (1, 2, 3, 255), (250, 0, 9, 255), 0
    ),
    "png rgb 8 bit, one colour is clear": Known(
        _png(RGB, 8, [1, 2, 3], [1, 2, 4], _key(1, 2, 3)), (1, 2, 3, _CLEAR), (1, 2, 4, 255), 0
    ),
    "png rgb 16 bit": Known(
        _png(RGB, 16, [65535, 0, 0x80FF], [0x1FF, 32768, 0x7FFF]),
        (255, 0, 128, 255),
        (2, 128, 127, 255),
    ),
    "png rgb 16 bit, one colour is clear": Known(
        _png(RGB, 16, [65535, 0, 0x80FF], [0, 32768, 0x7FFF], _key(65535, 0, 0x80FF)),
        (255, 0, 128, _CLEAR),
        (0, 128, 127, 255),
    ),
    **{
        f"png palette {depth} bit": Known(
            _png(PALETTE, depth, [0], [1], _COLOURS), (255, 0, 0, 255), (0, 0, 255, 255), 0
        )
        for depth in (1, 2, 4, 8)
    },
    **{
        f"png palette {depth} bit, half clear": Known(
            _png(PALETTE, depth, [0], [1], _COLOURS, chunk(b"tRNS", b"\x80")),
            (255, 0, 0, 128),
            (0, 0, 255, 255),
            0,
        )
        for depth in (1, 2, 4, 8)
    },
    "png palette, the first is clear": Known(
        _png(PALETTE, 8, [0], [1], _COLOURS, chunk(b"tRNS", b"\0")),
        (255, 0, 0, _CLEAR),
        (0, 0, 255, 255),
        0,
    ),
    "png gray with alpha": Known(
        _png(GRAY_ALPHA, 8, [200, 255], [10, 128]), (200, 200, 200, 255), (10, 10, 10, 128), 0
    ),
    "png gray with alpha 16 bit": Known(
        _png(GRAY_ALPHA, 16, [0xC8C8, 0xFFFF], [0x0A0A, 0x8080]),
        (200, 200, 200, 255),
        (10, 10, 10, 128),
    ),
    "png rgb with alpha": Known(
        _png(RGBA, 8, [9, 8, 7, 255], [9, 8, 7, 1]), (9, 8, 7, 255), (9, 8, 7, 1), 0
    ),
    "png rgb with alpha 16 bit": Known(
        _png(RGBA, 16, [0xFFFF, 0, 0x8080, 0xFFFF], [0, 0xFFFF, 0, 0x4040]),
        (255, 0, 128, 255),
        (0, 255, 0, 64),
    ),
    # JPEG, whose components are written by hand, so that no library undoes its own mistakes.
    "jpeg gray": _flat(flat_jpeg([100], SIDE), (100, 100, 100, 255)),
    "jpeg": _flat(flat_jpeg([76, 85, 255], SIDE), (254, 0, 0, 255), 2),
    "jpeg that says it is rgb": _flat(flat_jpeg([9, 90, 200], SIDE, adobe(0)), (9, 90, 200, 255)),
    # Adobe's programs write 255 for no ink.
    "jpeg cmyk": _flat(flat_jpeg([0, 255, 255, 255], SIDE, adobe(0)), (0, 255, 255, 255)),
    "jpeg cmyk with black": _flat(
        flat_jpeg([255, 0, 255, 155], SIDE, adobe(0)), (155, 0, 155, 255), 2
    ),
    "jpeg cmyk that does not say how": _flat(
        flat_jpeg([0, 255, 255, 255], SIDE), (0, 255, 255, 255)
    ),
    "jpeg ycck": _flat(flat_jpeg([76, 85, 255, 255], SIDE, adobe(2)), (0, 255, 255, 255), 2),
    "jpeg ycck with black": _flat(
        flat_jpeg([150, 44, 21, 155], SIDE, adobe(2)), (155, 0, 155, 255), 3
    ),
    # Colour profiles.
    **{
        f"{kind.lower()} in Adobe RGB": Known(
            _profiled("RGB", kind, _WIDE, _ORANGE, _SEA),
            (*_WIDE_ORANGE, 255),
            (*_WIDE_SEA, 255),
            4 if kind == "JPEG" else 2,
        )
        for kind in ("PNG", "JPEG", "WEBP")
    },
    # These three are the primaries of sRGB, as is known of Adobe RGB.
    "sRGB's red and green in Adobe RGB": Known(
        _profiled("RGB", "PNG", _WIDE, (219, 0, 0), (144, 255, 60)),
        (255, 0, 0, 255),
        (0, 255, 0, 255),
        4,
    ),
    "a green that sRGB has not": Known(
        _profiled("RGB", "PNG", _WIDE, (0, 255, 0), (0, 0, 250)),
        (0, 255, 0, 255),
        (0, 0, 255, 255),
        4,
    ),
    "palette in Adobe RGB": Known(
        _painted([*_ORANGE, *_SEA], _WIDE), (*_WIDE_ORANGE, 255), (*_WIDE_SEA, 255), 2
    ),
    "clear in Adobe RGB": Known(
        _profiled("RGBA", "PNG", _WIDE, (*_ORANGE, 255), (*_SEA, 60)),
        (*_WIDE_ORANGE, 255),
        (*_WIDE_SEA, 60),
        2,
    ),
    "gray in Adobe RGB": Known(
        _profiled("L", "PNG", _WIDE, 128, 30),
        (*adobe_in_srgb([128] * 3), 255),
        (*adobe_in_srgb([30] * 3), 255),
        2,
    ),
    "gray in a gray profile": Known(
        _profiled("L", "PNG", _OLD_GRAY, 128, 60),
        (*gray_in_srgb(128), 255),
        (*gray_in_srgb(60), 255),
        2,
    ),
    "gray with alpha in a gray profile": Known(
        _profiled("LA", "PNG", _OLD_GRAY, (128, 255), (60, 40)),
        (*gray_in_srgb(128), 255),
        (*gray_in_srgb(60), 40),
        2,
    ),
    "a gray profile on colours, which is ignored": Known(
        _profiled("RGB", "PNG", _OLD_GRAY, _ORANGE, _SEA), (*_ORANGE, 255), (*_SEA, 255), 0
    ),
    "a press's profile on rgb, which is ignored": Known(
        _profiled("RGB", "PNG", _PRESS, _ORANGE, _SEA), (*_ORANGE, 255), (*_SEA, 255), 0
    ),
    "no profile at all": Known(
        _profiled("RGB", "PNG", b"no profile", _ORANGE, _SEA), (*_ORANGE, 255), (*_SEA, 255), 0
    ),
    "half a profile": Known(
        _profiled("RGB", "PNG", _WIDE[: len(_WIDE) // 2], _ORANGE, _SEA),
        (*_ORANGE, 255),
        (*_SEA, 255),
        0,
    ),
    **{
        f"jpeg cmyk of a press, {ink}": _flat(
            flat_jpeg([*(0 if one else 255 for one in ink), 255], SIDE, adobe(0), _icc(_PRESS)),
            (*ink_in_srgb(ink), 255),
            3,
        )
        for ink in profiles.INKS
    },
}
