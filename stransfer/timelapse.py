"""How a picture came about, as an animation."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from PIL import Image

from stransfer import images
from stransfer.errors import ImageError
from stransfer.images import Picture

ENDINGS = {".webp": "WEBP", ".gif": "GIF", ".mp4": "MP4"}

_MOST_FRAMES = 96
_LONGEST_SIDE = 640
_FRAMES_PER_SECOND = 12
# The finished picture stays in view before the animation begins again.
_LAST_SECONDS = 2.5
_QUALITY = 80


def format_of(path: Path) -> str:
    """Return the format that a file name asks for.

    Raises ImageError if it is none of ours, or one that cannot be made on this machine.
    """
    kind = ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise ImageError(
            f"A timelapse is a WebP, GIF or MP4 file, and {path.name} does not say which; "
            f"end its name in {', '.join(ENDINGS)}."
        )
    if kind == "MP4":
        _encoder()
    return kind


class HasImage(Protocol):
    """A step, as far as it matters here."""

    @property
    def image(self) -> Picture:
        """The picture [height, width, 3] in [0, 1]."""


class Timelapse:
    """Collects pictures of a run, evenly spread over its steps however many there are."""

    def __init__(self, width: int, height: int) -> None:
        """Collect for a result of this size; the animation is at most 640 px long."""
        long_side = min(_LONGEST_SIDE, max(width, height))
        self._size = images.fit(width, height, long_side)
        self._frames: list[Image.Image] = []
        self._stride = 1
        self._seen = 0

    def see(self, step: HasImage) -> None:
        """Take note of the next step, whose picture is only made if it is kept."""
        if self._seen % self._stride == 0:
            image = images.to_image(step.image).resize(self._size, Image.Resampling.BICUBIC)
            self._frames.append(image)
        self._seen += 1
        if len(self._frames) > _MOST_FRAMES:
            del self._frames[1::2]
            self._stride *= 2

    def encode(self, kind: str, last: Picture) -> bytes:
        """Return the animation as a file of a kind, with the finished picture at its end."""
        end = images.to_image(last).resize(self._size, Image.Resampling.BICUBIC)
        return animate([*self._frames, end], kind)


def animate(frames: Sequence[Image.Image], kind: str) -> bytes:
    """Return pictures of one size as an animation that rests at the last one, and begins again.

    `kind` is one of the values of ENDINGS.
    """
    if kind == "MP4":
        return _mp4([*frames, *[frames[-1]] * (round(_LAST_SECONDS * _FRAMES_PER_SECOND) - 1)])
    durations = [1000 // _FRAMES_PER_SECOND] * (len(frames) - 1) + [round(_LAST_SECONDS * 1000)]
    options: dict[str, Any] = {"quality": _QUALITY} if kind == "WEBP" else {}
    buffer = io.BytesIO()
    frames[0].save(
        buffer,
        kind,
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        **options,
    )
    return buffer.getvalue()


def _encoder() -> Any:
    try:
        import imageio_ffmpeg
    except ImportError as error:
        raise ImageError(
            "An MP4 timelapse needs an encoder; install it with pip install 'stransfer[video]', "
            "or name a .webp or .gif file."
        ) from error
    return imageio_ffmpeg


def _mp4(frames: list[Image.Image]) -> bytes:
    width, height = (side - side % 2 for side in frames[0].size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "timelapse.mp4"
        writer = _encoder().write_frames(
            str(path), (width, height), fps=_FRAMES_PER_SECOND, macro_block_size=2
        )
        writer.send(None)
        for frame in frames:
            writer.send(frame.crop((0, 0, width, height)).tobytes())
        writer.close()
        return path.read_bytes()
