"""The small pictures that are kept of a run while it is painted, for its timelapse.

The way from the first step to the last is divided evenly, by what the steps cost, and of each
part one picture is kept. A run that goes over a part again, because its worker died, puts its
picture in the place of the one before.
"""

from __future__ import annotations

from PIL import Image

from stransfer import images

# As many as an animation of a few seconds shows.
MOST = 40

_SIDE = 384
_QUALITY = 85


def at(progress: float) -> int:
    """Return the moment, from 0 to MOST - 1, at which `progress` of the whole cost is done."""
    return min(MOST - 1, int(progress * MOST))


def key(folder: str, moment: int) -> str:
    """Return where the picture of a moment is kept, in the folder of its run."""
    return f"{folder}/moments/{moment}.jpg"


def size(width: int, height: int) -> tuple[int, int]:
    """Return the size of all the small pictures of a run, whose result has this size."""
    return images.fit(width, height, min(_SIDE, max(width, height)))


def encode(image: Image.Image, width: int, height: int) -> bytes:
    """Return a picture of a run, whose result has this size, as a small file."""
    small = image.resize(size(width, height), Image.Resampling.BICUBIC)
    return images.encode(small, "JPEG", _QUALITY)
