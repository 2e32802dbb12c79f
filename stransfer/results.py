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
_USER_COMMENT = 0x9286
_QUALITY = 95


def format_of(path: Path) -> str:
    """Return the format that a file name asks for; raise ImageError if it is none of ours."""
    try:
        return ENDINGS[path.suffix.lower()]
    except KeyError:
        raise ImageError(
            f"A result is a {FORMAT_NAMES} file, and {path.name} does not say which; "
            f"end its name in {', '.join(ENDINGS)}."
        ) from None


def encode(
    picture: Picture, settings: Settings, kind: str = "PNG", alpha: Mask | None = None
) -> bytes:
    """Return a result as the bytes of a file, with its settings and an sRGB profile inside.

    `picture` is [height, width, 3] in [0, 1]; `alpha` is the photo's own transparency, of the
    same size, which PNG and WebP keep.
    """
    image = images.to_image(picture)
    if alpha is not None and kind != "JPEG":
        image.putalpha(images.to_gray(alpha))
    told = json.dumps(settings.as_dict())
    options: dict[str, Any] = {"icc_profile": _srgb()}
    if kind == "PNG":
        chunks = PngImagePlugin.PngInfo()
        chunks.add_itxt(_CHUNK, told)
        options["pnginfo"] = chunks
    else:
        exif = Image.Exif()
        exif.get_ifd(0x8769)[_USER_COMMENT] = b"ASCII\0\0\0" + told.encode("ascii")
        options |= {"exif": exif, "quality": _QUALITY}
    if kind == "JPEG":
        options["subsampling"] = 0
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def read_settings(source: Path | bytes) -> Settings:
    """Return the settings that a result file was made with.

    Raises ImageError if it carries none, SettingsError if they are not valid any more.
    """
    content = source if isinstance(source, bytes) else images.read_file(source)
    try:
        with Image.open(io.BytesIO(content), formats=images.FORMATS) as image:
            values = json.loads(_told(image))
    except Exception as error:
        raise ImageError(
            "This picture does not carry the settings of a run; "
            "give a result as it was downloaded, not a copy that another program saved."
        ) from error
    return Settings.parse(values if isinstance(values, dict) else {})


def _told(image: Image.Image) -> str:
    if image.format == "PNG":
        return str(image.info[_CHUNK])
    comment = image.getexif().get_ifd(0x8769)[_USER_COMMENT]
    return bytes(comment)[8:].decode("ascii")


def _srgb() -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The profile holds the time at which it was made, and equal runs shall give equal files.
    return profile[:24] + bytes([7, 224, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0]) + profile[36:]
