"""Picture files that visitors might bring: sound, odd, damaged and hostile."""

from __future__ import annotations

import zlib

import numpy as np
from PIL import ExifTags, Image, ImageCms

from tests.conftest import file_bytes
from tests.site.corpus.containers import chunk, png

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)

Colour = tuple[int, int, int]


def plain(width: int = 120, height: int = 90, colour: Colour = RED) -> Image.Image:
    """A picture of one colour."""
    return Image.new("RGB", (width, height), colour)


def noisy(width: int, height: int) -> Image.Image:
    """A picture that no format makes small, the same every time."""
    values = np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(values, "RGB")


def photo_with_metadata() -> bytes:
    """A JPEG on its side, as phones make them: 90 px wide when upright, green on top."""
    image = plain(120, 90, RED)
    image.paste(GREEN, (0, 0, 60, 90))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Make] = "Camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (48.0, 51.0, 24.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return file_bytes(image, "JPEG", quality=95, exif=exif, icc_profile=profile, comment=b"at home")


def palette_with_transparency() -> bytes:
    """A PNG with a palette: blue on the left, transparent on the right."""
    image = Image.new("P", (120, 90), 0)
    image.putpalette([*BLUE, *RED])
    image.paste(1, (60, 0, 120, 90))
    return file_bytes(image, "PNG", transparency=1)


def half_transparent() -> bytes:
    """An RGBA picture: opaque red on the left, half transparent red on the right."""
    image = Image.new("RGBA", (120, 90), (255, 0, 0, 255))
    image.paste((255, 0, 0, 128), (60, 0, 120, 90))
    return file_bytes(image, "PNG")


def sixteen_bit() -> bytes:
    """A grayscale PNG with 16 bits: black on the left, middle gray on the right."""
    values = np.zeros((90, 120), np.uint16)
    values[:, 60:] = 32768
    return file_bytes(Image.fromarray(values), "PNG")


def vector() -> bytes:
    """An SVG picture with a script in it."""
    return (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">'
        b"<script>alert(1)</script></svg>"
    )


SOUND: dict[str, tuple[str, bytes]] = {
    "jpeg": ("a.jpg", file_bytes(plain(), "JPEG")),
    "png": ("a.png", file_bytes(plain())),
    "webp": ("a.webp", file_bytes(plain(), "WEBP")),
    "png named jpg": ("a.jpg", file_bytes(plain())),
    "jpeg without a name of its kind": ("photo", file_bytes(plain(), "JPEG")),
    "cmyk jpeg": ("a.jpg", file_bytes(plain().convert("CMYK"), "JPEG", quality=95)),
    "grayscale": ("a.png", file_bytes(plain().convert("L"))),
    "one bit": ("a.png", file_bytes(plain().convert("1"))),
    "gray with alpha": ("a.png", file_bytes(plain().convert("LA"))),
    "the smallest": ("a.png", file_bytes(plain(32, 32))),
    "the longest": ("a.png", file_bytes(plain(640, 32))),
    "24 megapixels": ("a.png", file_bytes(plain(6000, 4000).convert("1"))),
}

REFUSED: dict[str, tuple[str, bytes, str]] = {
    "no picture": ("a.jpg", b"Dear diary, today I " * 50, "is none"),
    "html": ("a.png", b"<!doctype html><script>alert(1)</script>" + b" " * 500, "is none"),
    "empty": ("a.jpg", b"", "empty"),
    "truncated jpeg": ("a.jpg", file_bytes(noisy(200, 150), "JPEG")[:5000], "damaged"),
    "truncated png": ("a.png", file_bytes(noisy(200, 150))[:5000], "damaged"),
    "truncated webp": ("a.webp", file_bytes(noisy(200, 150), "WEBP")[:2000], "damaged"),
    "only a jpeg's first bytes": ("a.jpg", file_bytes(plain(), "JPEG")[:20], ""),
    "gif": ("a.gif", file_bytes(plain(), "GIF"), "is none"),
    "gif named jpg": ("a.jpg", file_bytes(plain(), "GIF"), "is none"),
    "bmp": ("a.bmp", file_bytes(plain(), "BMP"), "is none"),
    "tiff": ("a.tiff", file_bytes(plain(), "TIFF"), "is none"),
    "svg": ("a.svg", vector(), "is none"),
    "pdf": ("a.pdf", file_bytes(plain(), "PDF"), "is none"),
    "64 megapixels in few bytes": (
        "a.png",
        file_bytes(Image.new("1", (8000, 8000))),
        "50 megapixels",
    ),
    "a header that promises 2 gigapixels": ("a.png", png(45_000, 45_000), "50 megapixels"),
    "one pixel high": ("a.png", file_bytes(plain(200, 1)), "at least 32 px"),
    "one pixel wide": ("a.png", file_bytes(plain(1, 200)), "at least 32 px"),
    "too long for its height": ("a.png", file_bytes(plain(700, 32)), "at most 20 times"),
    "too long": ("a.png", file_bytes(Image.new("1", (12_100, 700))), "at most 12000 px"),
    "a text chunk that unpacks to 64 megabytes": (
        "a.png",
        png(100, 100, chunk(b"zTXt", b"k\0\0" + zlib.compress(b"\0" * 2**26))),
        "damaged",
    ),
}
