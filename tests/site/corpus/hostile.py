"""Files that are made to do harm, to be read by two programs in two ways, or simply broken.

Each is named by what it is. ACCEPTED are those of which a clean picture is left, REFUSED those of
which none is, with words of the sentence that says why.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from functools import cache

from PIL import Image

from tests.conftest import file_bytes
from tests.site.corpus.containers import (
    PALETTE,
    PNG_SIGNATURE,
    RGB,
    chunk,
    flat_jpeg,
    png,
    png_chunks,
    png_header,
    segment,
    webp_chunks,
    webp_of,
)
from tests.site.corpus.foreign import SECRET, packed_page
from tests.site.corpus.pictures import noisy, plain

MEBIBYTE = 2**20

_ROW = bytes([200, 100, 50]) * 64
_PNG = png(64, 64, row=_ROW)
_JPEG = file_bytes(plain(), "JPEG")
_WEBP = file_bytes(plain(), "WEBP")


@cache
def _zeros(mebibytes: int) -> bytes:
    """So many MiB, made a thousand times smaller."""
    packer = zlib.compressobj()
    block = bytes(MEBIBYTE)
    return b"".join(packer.compress(block) for _ in range(mebibytes)) + packer.flush()


def _inflating_pixels() -> bytes:
    """A small picture whose pixels go on for 256 MiB."""
    return b"".join(
        [PNG_SIGNATURE, png_header(64, 64), chunk(b"IDAT", _zeros(256)), chunk(b"IEND")]
    )


def _text(kind: bytes) -> bytes:
    """What a PNG file says in words, in one of the three ways."""
    return {
        b"tEXt": b"Comment\0" + SECRET,
        b"zTXt": b"Comment\0\0" + zlib.compress(SECRET),
        b"iTXt": b"Comment\0\0\0\0\0" + SECRET,
    }[kind]


def _wide_webp(width: int, height: int) -> bytes:
    """A WebP file that promises a canvas, and has a picture of 120 × 90 for it."""
    sizes = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return webp_of([(b"VP8X", bytes(4) + sizes), *webp_chunks(_WEBP)])


def _wide_lossless_webp(width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return webp_of([(b"VP8L", b"\x2f" + struct.pack("<I", bits) + bytes(64))])


def _animation(kind: str, frames: int) -> bytes:
    """An animation that begins with red."""
    colours = ["red", *("blue", "green") * frames]
    first, *others = (Image.new("RGB", (64, 64), colour) for colour in colours[:frames])
    return file_bytes(first, kind, save_all=True, append_images=others, duration=20)


def _with_chunk(kind: bytes, content: bytes, before: bytes = b"IDAT") -> bytes:
    parts = png_chunks(_PNG)
    place = next(index for index, (name, _) in enumerate(parts) if name == before)
    parts.insert(place, (kind, content))
    return PNG_SIGNATURE + b"".join(chunk(*part) for part in parts)


def _with_segment(*segments: bytes) -> bytes:
    return _JPEG[:2] + b"".join(segments) + _JPEG[2:]


def _bad_sum(kind: bytes) -> bytes:
    """A PNG file in which the checksum of one kind of chunk is wrong."""
    file = bytearray(_with_chunk(b"tEXt", _text(b"tEXt")))
    place = file.index(kind)
    length = struct.unpack_from(">I", file, place - 4)[0]
    file[place + 4 + length] ^= 0xFF
    return bytes(file)


def _without(kind: bytes, file: bytes = _PNG) -> bytes:
    return PNG_SIGNATURE + b"".join(chunk(*one) for one in png_chunks(file) if one[0] != kind)


def _endless_exif() -> bytes:
    """A directory of one entry that names itself as the next one, and as its own GPS directory."""
    entry = struct.pack("<HHII", 0x8825, 4, 1, 8)
    return (
        b"Exif\0\0II*\0"
        + struct.pack("<I", 8)
        + struct.pack("<H", 1)
        + entry
        + struct.pack("<I", 8)
    )


def _wrong_exif() -> Iterator[tuple[str, bytes]]:
    yield "not one", b"Exif\0\0" + b"\xff" * 40
    yield "empty", b"Exif\0\0"
    yield "cut short", b"Exif\0\0II*\0" + struct.pack("<IH", 8, 900)
    yield "endless", _endless_exif()
    orientation = struct.pack("<HHI", 0x0112, 2, 4) + b"6\0\0\0"
    yield (
        "an orientation in words",
        b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + orientation + bytes(4),
    )
    many = struct.pack("<HHII", 0x0112, 3, 2**31, 8)
    yield "too many of them", b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + many + bytes(4)


TOO_LARGE = {
    "png header of 2 gigapixels": png(45_000, 45_000),
    "png header with the largest sides": png(2**31 - 1, 2**31 - 1),
    "png of 100 megapixels in 1 bit": file_bytes(Image.new("1", (10_000, 10_000))),
    "jpeg header of 4 gigapixels": flat_jpeg([1, 2, 3]).replace(
        struct.pack(">HH", 64, 64), struct.pack(">HH", 65_500, 65_500)
    ),
    "webp canvas of 100 megapixels": _wide_webp(10_000, 10_000),
    "webp canvas of 268 megapixels": _wide_webp(16_384, 16_384),
    "webp canvas with the largest sides": _wide_webp(2**24, 2**24),
    "lossless webp of 100 megapixels": _wide_lossless_webp(10_000, 10_000),
    "lossless webp of 268 megapixels": _wide_lossless_webp(16_384, 16_384),
}

WRONG_SHAPE = {
    **{
        f"{width} × {height} {kind.lower()}": (
            file_bytes(plain(width, height), kind),
            "at least 32 px",
        )
        for kind in ("PNG", "JPEG", "WEBP")
        for width, height in ((1, 1), (1, 5000), (5000, 1), (31, 31))
    },
    "no width": (png(0, 64), "at least 32 px"),
    "no height": (png(64, 0, row=_ROW), "at least 32 px"),
    **{
        f"much too long {kind.lower()}": (file_bytes(plain(681, 34), kind), "at most 20 times")
        for kind in ("PNG", "JPEG", "WEBP")
    },
    "too long": (file_bytes(Image.new("1", (12_001, 700))), "at most 12000 px"),
}

DAMAGED = {
    "only a png's signature": PNG_SIGNATURE,
    "only a png's header": PNG_SIGNATURE + png_header(64, 64),
    "only a jpeg's beginning": b"\xff\xd8\xff",
    "only a jpeg's beginning and end": b"\xff\xd8\xff\xd9",
    "only fill bytes after a jpeg's beginning": b"\xff\xd8" + b"\xff" * 5000,
    "only restarts after a jpeg's beginning": b"\xff\xd8" + b"\xff\xd0" * 5000,
    "only a webp's header": b"RIFF\x04\0\0\0WEBP",
    "webp of an unknown kind": webp_of([(b"VP9 ", bytes(64))]),
    "png without pixels": png(64, 64),
    "png of 50 megapixels without pixels": png(8000, 6000),
    "png without a pixel chunk": _without(b"IDAT"),
    "png without a header": _without(b"IHDR"),
    "png whose header comes second": PNG_SIGNATURE
    + chunk(b"tEXt", _text(b"tEXt"))
    + _PNG[len(PNG_SIGNATURE) :],
    "png palette without colours": png(64, 64, colour=PALETTE, row=bytes(64)),
    "png of a colour type that is none": png(64, 64, colour=5, row=_ROW),
    "png of 3 bits": png(64, 64, depth=3, row=_ROW),
    "png with a wrong sum in its header": _bad_sum(b"IHDR"),
    "png with a wrong sum in a comment": _bad_sum(b"tEXt"),
    "png whose chunk has no end": PNG_SIGNATURE
    + png_header(64, 64)
    + struct.pack(">I", 2**31 - 1)
    + b"IDAT"
    + bytes(500),
    "png whose pixels are noise": PNG_SIGNATURE
    + png_header(64, 64)
    + chunk(b"IDAT", noisy(40, 40).tobytes())
    + chunk(b"IEND"),
    "png of an unknown filter": b"".join(
        [
            PNG_SIGNATURE,
            png_header(64, 64, 8, RGB),
            chunk(b"IDAT", zlib.compress((b"\x09" + _ROW) * 64)),
            chunk(b"IEND"),
        ]
    ),
    "jpeg without its tables": flat_jpeg([1, 2, 3])[:2] + _JPEG[_JPEG.index(b"\xff\xc0") :],
    "jpeg whose segment ends outside": _JPEG[:20] + b"\xff\xe5\xff\xff" + b"x" * 100,
    "jpeg of 9 components": flat_jpeg([1] * 9),
    "compressed comment of 64 MiB": _with_chunk(b"zTXt", b"k\0\0" + _zeros(64)),
    "international comment of 64 MiB": _with_chunk(b"iTXt", b"k\0\1\0\0\0" + _zeros(64)),
    "a hundred comments of 1 MiB": png(
        64, 64, *[chunk(b"zTXt", b"k\0\0" + _zeros(1))] * 100, row=_ROW
    ),
    "colour profile of 256 MiB": _with_chunk(b"iCCP", b"p\0\0" + _zeros(256)),
    "canvas of another size than the picture": _wide_webp(640, 480),
}

# What comes of them is a clean picture, which nothing of the rest has got into.
ACCEPTED = {
    "pixels that go on for 256 MiB": _inflating_pixels(),
    "comment after the end": _PNG + SECRET,
    "zip after a png": _PNG + packed_page(),
    "zip after a jpeg": _JPEG + packed_page(),
    "pdf after a jpeg": _JPEG + b"%PDF-1.7\n" + SECRET,
    "html after a webp": _WEBP + SECRET,
    **{
        f"html in a png's {kind.decode()}": _with_chunk(kind, _text(kind))
        for kind in (b"tEXt", b"zTXt", b"iTXt")
    },
    "html in an unknown chunk": _with_chunk(b"prVt", SECRET),
    "html in a png's exif": _with_chunk(b"eXIf", SECRET),
    "html in a jpeg's comment": _with_segment(segment(0xFFFE, SECRET)),
    "html in a jpeg's xmp": _with_segment(
        segment(0xFFE1, b"http://ns.adobe.com/xap/1.0/\0" + SECRET)
    ),
    "html in a jpeg's photoshop block": _with_segment(
        segment(0xFFED, b"Photoshop 3.0\x008BIM\x04\x04\0\0" + SECRET)
    ),
    "comments of 1 MiB in a jpeg": _with_segment(*[segment(0xFFFE, bytes(65_000))] * 16),
    "a hundred thousand chunks": png(64, 64, *[chunk(b"prVt")] * 100_000, row=_ROW),
    "png with a wrong sum in its pixels": _bad_sum(b"IDAT"),
    "png with noise for a colour profile": _with_chunk(b"iCCP", b"p\0\0" + bytes(range(256))),
    "webp with noise for a colour profile": file_bytes(
        plain(), "WEBP", icc_profile=bytes(range(256))
    ),
    "jpeg with noise for a colour profile": _with_segment(
        segment(0xFFE2, b"ICC_PROFILE\0\1\1" + bytes(range(256)))
    ),
    "jpeg with a colour profile in too few parts": _with_segment(
        segment(0xFFE2, b"ICC_PROFILE\0\2\5" + bytes(200))
    ),
    **{
        f"exif that is {name}, in a {kind}": content
        for name, exif in _wrong_exif()
        for kind, content in (
            ("jpeg", _with_segment(segment(0xFFE1, exif))),
            ("png", _with_chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))),
            ("webp", file_bytes(plain(), "WEBP", exif=exif)),
        )
    },
    "jpeg with an index of pictures that are not there": _with_segment(
        segment(
            0xFFE2, b"MPF\0MM\0*" + struct.pack(">IHHHII", 8, 1, 0xB001, 4, 1, 2**31) + bytes(4)
        )
    ),
    "apng of 50 frames": _animation("PNG", 50),
    "webp of 50 frames": _animation("WEBP", 50),
    "jpeg of 2 pictures": _animation("MPO", 2),
}
