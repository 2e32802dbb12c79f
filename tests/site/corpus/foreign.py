"""Files that are no picture, or one of a kind that is not read, whatever they are called."""

from __future__ import annotations

import io
import struct
import zipfile

from tests.conftest import file_bytes
from tests.site.corpus.pictures import plain

# Stands for what the owner of a file, or an attacker, hid in it.
SECRET = b"<script>alert('where I live')</script>"

_PNG, _JPEG, _WEBP = (file_bytes(plain(), kind) for kind in ("PNG", "JPEG", "WEBP"))


def packed_page() -> bytes:
    """A zip file with a page in it."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("index.html", SECRET)
    return file.getvalue()


NO_PICTURE = {
    "empty": b"",
    **{f"one byte, {byte:#04x}": bytes([byte]) for byte in (0x00, 0x0A, 0x89, 0xFF)},
    "only zeros": bytes(5000),
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg after an xml header": b'<?xml version="1.0"?><!DOCTYPE svg><svg/>',
    "html": b"<!doctype html>" + SECRET,
    "gif": file_bytes(plain(), "GIF"),
    "gif that is a script": b"GIF89a/*" + SECRET + b"*/=1;alert(1)",
    "tiff": file_bytes(plain(), "TIFF"),
    "bmp": file_bytes(plain(), "BMP"),
    "ico": file_bytes(plain(), "ICO"),
    "avif": file_bytes(plain(), "AVIF"),
    "jpeg 2000": file_bytes(plain(), "JPEG2000"),
    "pdf": file_bytes(plain(), "PDF"),
    "heic header": struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(200),
    "mp4 header": struct.pack(">I", 24) + b"ftypisom" + bytes(4) + b"isommp42" + bytes(200),
    "psd header": b"8BPS\0\1" + bytes(200),
    "zip": packed_page(),
    "zip before a png": packed_page() + _PNG,
    "program": b"\x7fELF\2\1\1" + bytes(200),
    "png after a blank": b" " + _PNG,
    "png with one wrong first byte": b"\x88" + _PNG[1:],
    "png with changed line ends": _PNG.replace(b"\r\n", b"\n", 1),
    "jpeg with one wrong first byte": b"\xfe" + _JPEG[1:],
    "riff that is a sound": _WEBP[:8] + b"WAVE" + _WEBP[12:],
    "webp in another order": b"RIFX" + _WEBP[4:],
}
