"""Pictures in and out: one loader for everything that is read, one way to write.

Inside the engine a picture is a float32 array [height, width, 3] of sRGB values in [0, 1].
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from stransfer import srgb
from stransfer.errors import ImageError
from stransfer.files import write_atomically
from stransfer.header import kind_of, read_header
from stransfer.limits import Limits as Limits

Picture = npt.NDArray[np.float32]
Mask = npt.NDArray[np.float32]
Source = str | Path | bytes | Image.Image | Picture

FORMATS = ("JPEG", "PNG", "WEBP")
FORMAT_NAMES = "JPEG, PNG or WebP"

_MASK_DIMENSIONS = 2

# What resizing and sharpening may add beyond black and white.
_OVERSHOOT = 0.5


def read(source: Source, limits: Limits | None = None, longest_side: int | None = None) -> Picture:
    """Return a picture as an array of shape [height, width, 3], sRGB in [0, 1].

    `source` is a path, the bytes of a file, a Pillow image, or such an array. A file is made no
    longer than `longest_side`, in pixels, which saves most of the time of decoding a larger one.
    Raises ImageError.
    """
    return read_with_alpha(source, limits, longest_side)[0]


def read_with_alpha(
    source: Source, limits: Limits | None = None, longest_side: int | None = None
) -> tuple[Picture, Mask | None]:
    """Return a picture as `read` does, and its transparency or None, decoded once.

    The transparency is [height, width], 0 where the picture is clear and lies on white.
    """
    if isinstance(source, np.ndarray):
        return _checked_array(source), None
    if isinstance(source, Image.Image):
        image = srgb.upright(source)
    else:
        image = open_srgb(source, limits, longest_side)
    picture = to_picture(over_white(image))
    if image.mode != "RGBA":
        return picture, None
    alpha: Mask = np.asarray(image.getchannel("A"), np.float32) / np.float32(255)
    return picture, alpha


def read_mask(
    source: Source, limits: Limits | None = None, longest_side: int | None = None
) -> Mask:
    """Return a mask as an array of shape [height, width]: 1 is white, 0 is black.

    Colours count by their lightness, and what is transparent counts as white paper. An array may
    be [height, width] as well, of booleans too.
    """
    if isinstance(source, np.ndarray) and source.ndim == _MASK_DIMENSIONS:
        source = np.repeat(source[..., np.newaxis].astype(np.float32), 3, axis=-1)
    mask: Mask = read(source, limits, longest_side).mean(axis=-1, dtype=np.float32)
    return mask


def open_rgb(
    source: str | Path | bytes, limits: Limits | None = None, longest_side: int | None = None
) -> Image.Image:
    """Open a JPEG, PNG or WebP file as an upright sRGB image, over white, without its metadata.

    The format is decided by content, never by name; the first frame of an animation counts.
    It is made no longer than `longest_side`. Raises ImageError if it is no such file, is damaged,
    or is outside `limits`.
    """
    return over_white(open_srgb(source, limits, longest_side))


def open_srgb(
    source: str | Path | bytes, limits: Limits | None = None, longest_side: int | None = None
) -> Image.Image:
    """Open a file as `open_rgb` does, but as RGBA if any of its pixels is transparent."""
    name = "the picture" if isinstance(source, bytes) else str(Path(source).name)
    with _readable(name):
        image = _opened(_content(source), limits or Limits())
        if longest_side is not None:
            # A JPEG's own steps of size are left out of the decoding.
            image.draft(None, (longest_side, longest_side))
        upright = srgb.upright(image)
        if longest_side is not None:
            upright.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
        return upright


def check_size(width: int, height: int, limits: Limits) -> None:
    """Raise ImageError if a picture of this size is outside the limits."""
    shown = f"this one is {width} × {height}"
    if width * height > limits.pixels:
        raise ImageError(
            f"A picture may have at most {limits.pixels / 1e6:g} megapixels, and {shown}; "
            "make it smaller and try again."
        )
    if max(width, height) > limits.longest_side:
        raise ImageError(
            f"A picture may be at most {limits.longest_side} px long, and {shown}; "
            "make it smaller and try again."
        )
    if min(width, height) < limits.shortest_side:
        raise ImageError(
            f"A picture must be at least {limits.shortest_side} px on its short side, and {shown}; "
            "take a larger one."
        )
    if max(width, height) > limits.aspect * min(width, height):
        raise ImageError(
            f"A picture may be at most {limits.aspect:g} times as long as it is short, and "
            f"{shown}; crop it and try again."
        )


def to_rgb(image: Image.Image) -> Image.Image:
    """Return the image upright, in sRGB, 8 bits a channel, over white where it is transparent."""
    return over_white(srgb.upright(image))


def over_white(image: Image.Image) -> Image.Image:
    """Return an RGB or RGBA image as it looks on white paper."""
    paper = Image.new("RGB", image.size, "white")
    paper.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
    return paper


def to_picture(image: Image.Image) -> Picture:
    """Return an RGB image as float32 [height, width, 3] in [0, 1]."""
    picture: Picture = np.asarray(image.convert("RGB"), np.float32) / np.float32(255)
    return picture


def to_gray(mask: Mask) -> Image.Image:
    """Return a mask as an 8-bit grayscale image."""
    return Image.fromarray(np.uint8(np.clip(mask, 0, 1) * 255 + 0.5), "L")


def to_image(picture: Picture) -> Image.Image:
    """Return a picture as an 8-bit RGB image, rounded to the nearest value."""
    return Image.fromarray(np.uint8(np.clip(picture, 0, 1) * 255 + 0.5), "RGB")


def resize(picture: Picture, width: int, height: int) -> Picture:
    """Return the picture at another size, low-pass filtered where it shrinks (Lanczos)."""
    if picture.shape[:2] == (height, width):
        return picture
    planes = (Image.fromarray(np.ascontiguousarray(plane)) for plane in np.moveaxis(picture, 2, 0))
    filtered = Image.Resampling.LANCZOS
    channels = [np.asarray(plane.resize((width, height), filtered)) for plane in planes]
    resized: Picture = np.clip(np.stack(channels, axis=-1), 0, 1).astype(np.float32)
    return resized


def resize_mask(mask: Mask, width: int, height: int) -> Mask:
    """Return the mask at another size."""
    return resize(mask[..., np.newaxis], width, height)[..., 0]


def fit(width: int, height: int, long_side: int) -> tuple[int, int]:
    """Return width and height scaled so that the longer one is `long_side`; neither below 1."""
    scale = long_side / max(width, height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def encode(image: Image.Image, kind: str = "PNG", quality: int = 95) -> bytes:
    """Return the bytes of a file of `kind`, one of FORMATS, without any metadata."""
    buffer = io.BytesIO()
    plain = Image.new(image.mode, image.size)
    plain.paste(image)
    plain.save(buffer, kind, quality=quality)
    return buffer.getvalue()


def write(path: Path, content: bytes) -> None:
    """Write the bytes of a picture file, whole or not at all; raise ImageError if it cannot be."""
    with writable(path):
        write_atomically(path, content)


@contextmanager
def writable(path: Path) -> Iterator[None]:
    """Raise ImageError where what is done to a file shows that it cannot be written."""
    try:
        yield
    except OSError as error:
        raise ImageError(
            f"Cannot write {path}: {error.strerror}; name a folder that exists, is writable and "
            "has room."
        ) from error


def read_file(path: str | Path) -> bytes:
    """Return the content of a file; raise ImageError if it cannot be read."""
    try:
        return Path(path).read_bytes()
    except OSError as error:
        name = Path(path).name
        raise ImageError(f"Cannot read {name}: {error.strerror}; check the path.") from error


def _opened(content: bytes, limits: Limits) -> Image.Image:
    """Return a picture of which nothing but the header has been read, within the limits."""
    if kind_of(content) is None:
        raise UnidentifiedImageError("none of the formats begins like this")
    header = read_header(content)
    if header is None:
        raise ValueError("a header that breaks off")
    # Before Pillow opens it, which may take memory for the whole canvas.
    check_size(header.width, header.height, limits)
    try:
        image = Image.open(io.BytesIO(content), formats=(header.kind,))
    except UnidentifiedImageError as error:
        raise ValueError("it only begins like a picture") from error
    check_size(*image.size, limits)
    return image


def _content(source: str | Path | bytes) -> bytes:
    return source if isinstance(source, bytes) else read_file(source)


@contextmanager
def _readable(name: str) -> Iterator[None]:
    try:
        with warnings.catch_warnings():
            # What Pillow finds odd, and yet reads, is not worth a word to whoever brought it.
            warnings.simplefilter("ignore")
            yield
    except UnidentifiedImageError as error:
        raise ImageError(
            f"Expected a {FORMAT_NAMES} picture, but {name} is none; choose another file."
        ) from error
    # Pillow's decoders report damage in many ways, ValueError, SyntaxError and struct.error
    # among them; whatever a file provokes, it is the file that is to blame.
    except ImageError:
        raise
    except MemoryError as error:
        raise ImageError(f"Memory is too small to read {name}; make it smaller.") from error
    except Exception as error:
        raise ImageError(
            f"Cannot read {name}: it is damaged or cut short; "
            "choose another file, or save it again."
        ) from error


def _checked_array(array: Picture) -> Picture:
    floats = np.issubdtype(array.dtype, np.floating)
    if array.ndim != 3 or array.shape[2] != 3 or array.size == 0 or not floats:
        raise ImageError(
            "Expected an array of floats of shape [height, width, 3] with values in [0, 1], "
            f"but received {array.dtype} of shape {list(array.shape)}."
        )
    if not np.isfinite(array).all():
        raise ImageError("Expected values in [0, 1], but received some that are not numbers.")
    if array.min() < -_OVERSHOOT or array.max() > 1 + _OVERSHOOT:
        raise ImageError(
            f"Expected values in [0, 1], but received some from {array.min():g} to "
            f"{array.max():g}; divide by 255 if that is your white."
        )
    return np.clip(array, 0, 1).astype(np.float32)
