"""Brings images of every mode and colour profile to sRGB."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageCms, ImageOps


def upright(image: Image.Image) -> Image.Image:
    """Return an image upright, in sRGB, 8 bits a channel: RGBA if it is transparent anywhere."""
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        image = _eight_bits(image)
    if not image.has_transparency_data:
        return _to_srgb(image, profile)
    image = image.convert("RGBA")
    alpha = image.getchannel("A")
    opaque = _to_srgb(image.convert("RGB"), profile)
    if np.asarray(alpha).min() < 255:
        opaque.putalpha(alpha)
    return opaque


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image, np.float64)
    # Integer modes hold 16-bit samples; a float image has no fixed white, so its own peak is it.
    white = 65535.0 if image.mode.startswith("I") else max(1.0, float(values.max(initial=0)))
    return Image.fromarray(np.uint8(np.clip(values / white, 0, 1) * 255 + 0.5), "L")


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                image, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
            if converted is not None:
                return converted
        # A broken or mismatched profile is common in the wild and no reason to refuse the photo.
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass
    return image.convert("RGB")
