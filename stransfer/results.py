"""Result files, which carry the settings they were made with."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin

from stransfer import images
from stransfer.errors import ImageError
from stransfer.images import FORMAT_NAMES, Mask, Picture
from stransfer.settings import Settings

# The file name endings that a result can have, and the format each stands for.
ENDINGS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}

_CHUNK = "stransfer"
_EXIF = 0x8769
_USER_COMMENT = 0x9286
_ASCII = b"ASCII\0\0\0"
_QUALITY = 95

# In characters, many times what all settings take.
_LONGEST_TOLD = 65_536


def format_of(path: Path) -> str:
    """Return the format that a file name asks for; raise ImageError if it is none of ours."""
    try:
        return ENDINGS[path.suffix.lower()]
    except KeyError:
        raise ImageError(
            f"A result is a {FORMAT_NAMES} file, and {path.name} does not say which; "
            f"end its name in {', '.join(ENDINGS)}."
        ) from None


def save(picture: Picture, path: str | Path, settings: Settings | None = None) -> None:
    """Write a picture as a file of the kind its name ends in, whole or not at all.

    With the `settings` that it was made with, it carries them, as the results of `render` do.
    Raises ImageError if the name has another ending, or the file cannot be written.
    """
    path = Path(path)
    images.write(path, encode(picture, settings, format_of(path)))


def encode(
    picture: Picture, settings: Settings | None, kind: str = "PNG", alpha: Mask | None = None
) -> bytes:
    """Return a result as the bytes of a file, with its settings, if any, and an sRGB profile.

    `picture` is [height, width, 3] in [0, 1]; `alpha` is the photo's own transparency, of the
    same size, which PNG and WebP keep.
    """
    image = images.to_image(picture)
    if alpha is not None and kind != "JPEG":
        image.putalpha(images.to_gray(alpha))
    options: dict[str, Any] = {"icc_profile": _srgb()}
    if kind != "PNG":
        options["quality"] = _QUALITY
    if kind == "JPEG":
        options["subsampling"] = 0
    if settings is not None:
        options |= _telling(json.dumps(settings.as_dict()), kind)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def read_settings(source: Path | bytes) -> Settings:
    """Return the settings that a result file was made with.

    Raises ImageError if it carries none, SettingsError if they are not valid any more.
    """
    return Settings.parse(read_values(source))


def read_values(source: Path | bytes) -> dict[str, object]:
    """Return what a result file says of its settings, by name, unchecked: it may say anything.

    Raises ImageError if it says nothing.
    """
    content = source if isinstance(source, bytes) else images.read_file(source)
    try:
        with Image.open(io.BytesIO(content), formats=images.FORMATS) as image:
            told = _told(image)
        values = json.loads(told) if len(told) <= _LONGEST_TOLD else None
    except Exception:
        values = None
    if not isinstance(values, dict):
        raise ImageError(
            "This picture does not carry the settings of a run; "
            "give a result as it was downloaded, not a copy that another program saved."
        )
    return values


def _telling(told: str, kind: str) -> dict[str, Any]:
    """Return the options that put a text into a file."""
    if kind == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt(_CHUNK, told)
        return {"pnginfo": chunks}
    exif = Image.Exif()
    exif.get_ifd(_EXIF)[_USER_COMMENT] = _ASCII + told.encode("ascii")
    return {"exif": exif}


def _told(image: Image.Image) -> str:
    if image.format == "PNG":
        return str(image.info[_CHUNK])
    comment = bytes(image.getexif().get_ifd(_EXIF)[_USER_COMMENT])
    return comment.removeprefix(_ASCII).decode("ascii")


def _srgb() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The profile holds the time at which it was made, and equal runs shall give equal files.
    return profile[:24] + bytes([7, 224, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]) + profile[36:]
