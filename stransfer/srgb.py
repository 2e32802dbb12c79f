"""Brings images of every mode, colour profile and orientation to upright sRGB."""

from __future__ import annotations

import io

import numpy as np
from PIL import ExifTags, Image, ImageCms

# What an EXIF orientation asks for; 1 is upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# The modes that a colour profile of a kind can be applied to, the first of them as it is.
_PROFILED = {"RGB": ("RGB", "L"), "GRAY": ("L",), "CMYK": ("CMYK",)}

# What the samples of a PNG file with few bits are multiplied with to have eight of them.
_EIGHT_BITS = {"L;2": 85, "L;4": 17}

# How many rows are computed with at once.
_BLOCK = 256

# The colour that stands for what is transparent, in the image's own mode.
Key = int | tuple[int, ...]


def upright(image: Image.Image) -> Image.Image:
    """Return an image upright, in sRGB, 8 bits a channel: RGBA if it is transparent anywhere.

    What else the image says of itself is left behind.
    """
    # First, because its scale is only known until the pixels are loaded.
    key = _key(image)
    image.load()
    profile = image.info.get("icc_profile")
    turn = _TURNS.get(_orientation(image))
    alpha = _alpha(image, key)
    if key is not None:
        image = image.copy()
        # Pillow would carry the colour along, and its scale is not always that of the pixels.
        del image.info["transparency"]
    image = _to_srgb(_plain(image), profile)
    image.info = {}
    if alpha is not None and alpha.getextrema()[0] != 255:
        image.putalpha(alpha)
    return image if turn is None else image.transpose(turn)


def _orientation(image: Image.Image) -> int:
    try:
        orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    # What a camera says of a photo may be damaged while the photo is not.
    except Exception:
        return 1
    return orientation if isinstance(orientation, int) else 1


def _key(image: Image.Image) -> Key | None:
    """Return the colour that is transparent, if it is one colour, on the scale of the pixels."""
    key = image.info.get("transparency")
    tiles = getattr(image, "tile", None)
    raw = str(tiles[0].args) if tiles else ""
    if image.mode in ("1", "L", "I;16") and isinstance(key, int):
        return key * _EIGHT_BITS.get(raw, 1)
    if image.mode == "RGB" and isinstance(key, tuple):
        return tuple(value >> 8 for value in key) if raw == "RGB;16B" else key
    return None


def _alpha(image: Image.Image, key: Key | None) -> Image.Image | None:
    """Return how opaque an image is, as "L", or None if it says nothing of transparency."""
    if key is not None:
        values = np.asarray(image.convert("L") if image.mode == "1" else image)
        clear = values == np.asarray(key)
        clear = clear.all(axis=-1) if clear.ndim == 3 else clear
        return Image.fromarray(np.where(clear, np.uint8(0), np.uint8(255)), "L")
    if not image.has_transparency_data:
        return None
    return image.convert("RGBA").getchannel("A")


def _plain(image: Image.Image) -> Image.Image:
    """Return an image as "L", "RGB" or "CMYK" with 8 bits, whatever is transparent."""
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(image)
    if image.mode in ("1", "LA", "La"):
        return image.convert("L")
    # A palette with several degrees of transparency can only become RGBA.
    return image.convert("RGBA" if image.has_transparency_data else "RGB").convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    # Integer modes hold 16-bit samples; a float image has no fixed white, so its own peak is it.
    white = 65535.0 if image.mode.startswith("I") else max(1.0, float(values.max(initial=0)))
    scaled = np.empty(values.shape, np.uint8)
    # In blocks, because a large image as floats takes more memory than its decoder is granted.
    for row in range(0, len(values), _BLOCK):
        block = values[row : row + _BLOCK].astype(np.float64)
        scaled[row : row + _BLOCK] = np.clip(block / white, 0, 1) * 255 + 0.5
    return Image.fromarray(scaled, "L")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            return _converted(image, ImageCms.ImageCmsProfile(io.BytesIO(profile)))
        # A broken or mismatched profile is common in the wild and no reason to refuse the photo.
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert("RGB")


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """Return an image in sRGB; raise ValueError if the profile is of another kind of image."""
    modes = _PROFILED.get(profile.profile.xcolor_space.strip(), ())
    if image.mode not in modes:
        raise ValueError(f"a profile for {modes} on an image of mode {image.mode}")
    if image.mode != modes[0]:
        image = image.convert(modes[0])
    target = ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, profile, target, outputMode="RGB")
    if converted is None:
        raise ValueError("a conversion that is none")
    return converted
