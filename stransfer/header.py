"""What the first bytes of a picture file say of it, before any library has seen them.

Libraries may reserve memory for a whole canvas as soon as they open a file, so limits on its size
are checked against what is read here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

Kind = Literal["JPEG", "PNG", "WEBP"]

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"

# JPEG markers that begin a frame, and so tell its size: all of C0 to CF but three.
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_START_OF_SCAN = 0xDA
_END_OF_IMAGE = 0xD9
# Markers without a length after them: TEM, and the restart markers.
_BARE = {0x01, *range(0xD0, 0xD8)}


@dataclass(frozen=True)
class Header:
    """The format of a file and the size, in pixels, that it declares."""

    kind: Kind
    width: int
    height: int


def kind_of(content: bytes) -> Kind | None:
    """Return the format that a file begins like, or None if it is none that is read here."""
    if content.startswith(_PNG):
        return "PNG"
    if content.startswith(_JPEG):
        return "JPEG"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return None


def read_header(content: bytes) -> Header | None:
    """Return what a file declares, or None if it breaks off or breaks the rules before that."""
    kind = kind_of(content)
    if kind is None:
        return None
    try:
        return Header(kind, *_SIZES[kind](content))
    except (struct.error, IndexError, ValueError):
        return None


def _png_size(content: bytes) -> tuple[int, int]:
    kind, width, height = struct.unpack_from(">4sII", content, 12)
    if kind != b"IHDR":
        raise ValueError("a PNG file begins with its header")
    return width, height


def _webp_size(content: bytes) -> tuple[int, int]:
    match content[12:16]:
        case b"VP8X":
            narrow, low = (
                struct.unpack_from("<HB", content, 24),
                struct.unpack_from("<HB", content, 27),
            )
            return 1 + narrow[0] + (narrow[1] << 16), 1 + low[0] + (low[1] << 16)
        case b"VP8L":
            signature, bits = struct.unpack_from("<BI", content, 20)
            if signature == 0x2F:
                return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 ":
            start, width, height = struct.unpack_from("<3sHH", content, 23)
            if start == b"\x9d\x01\x2a":
                return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no picture where a WebP file begins with one")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    place = 2
    while True:
        # Between segments there may be anything up to the next marker, which fill bytes precede.
        place = content.index(b"\xff", place)
        while content[place] == 0xFF:
            place += 1
        marker = content[place]
        place += 1
        if marker == 0 or marker in _BARE:
            continue
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            raise ValueError("pixels before their size")
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, place + 3)
            return width, height
        place += struct.unpack_from(">H", content, place)[0]


_SIZES = {"PNG": _png_size, "JPEG": _jpeg_size, "WEBP": _webp_size}
