"""Whether a picture that was made from an upload is nothing but a picture."""

from __future__ import annotations

import io

from PIL import Image

from tests.site.corpus.containers import (
    PNG_SIGNATURE,
    jpeg_segments,
    png_chunks,
    png_of,
    webp_chunks,
    webp_of,
)
from tests.site.corpus.foreign import SECRET
from webapp.decoding import Decoded

# The markers of a JPEG file that has pixels, and how to read them, and says nothing else.
_PLAIN_JPEG = {0xD8, 0xE0, 0xDB, 0xC0, 0xC4, 0xDA, 0xD9}
# What Pillow says of every JPEG and WebP file.
_PLAIN_INFO = {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
_PLAIN_INFO |= {"loop", "background", "timestamp", "duration"}
_PLAIN_PNG = {b"IHDR", b"IDAT", b"IEND"}


def check_clean(decoded: Decoded, about: str) -> None:
    """Fail unless the files are whole pictures of their kind and size, without anything more."""
    for file in filter(None, (decoded.picture, decoded.preview, decoded.thumbnail)):
        check_clean_file(file, about)
    with Image.open(io.BytesIO(decoded.picture)) as image:
        assert image.size == (decoded.width, decoded.height), about
        assert image.format == {"jpg": "JPEG", "png": "PNG"}[decoded.ending], about
    with Image.open(io.BytesIO(decoded.thumbnail)) as image:
        assert image.format == "JPEG" and max(image.size) <= 480, about


def check_clean_file(file: bytes, about: str) -> None:
    """Fail unless a file is a JPEG, PNG or WebP picture and nothing more."""
    assert SECRET not in file, about
    if file.startswith(PNG_SIGNATURE):
        parts = png_chunks(file)
        assert {kind for kind, _ in parts} <= _PLAIN_PNG, about
        assert png_of(parts) == file, about
    elif file.startswith(b"RIFF"):
        webp = webp_chunks(file)
        assert {kind for kind, _ in webp} == {b"VP8 "} and webp_of(webp) == file, about
    else:
        segments = jpeg_segments(file)
        assert {segment[1] for segment in segments} <= _PLAIN_JPEG, about
        assert segments[-1] == b"\xff\xd9", about
    with Image.open(io.BytesIO(file)) as image:
        image.load()
        assert not image.getexif(), about
        assert set(image.info) <= _PLAIN_INFO, about
