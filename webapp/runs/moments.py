"""The small pictures that are kept of a run while it is painted, for its timelapse.

The way from the first step to the last is divided evenly, by what the steps cost, and of each
part one picture is kept: a moment. Its number tells the part and, as everything does that a worker
writes, the fence of who has kept it, so that a worker that has lost its run writes over nothing. Of
a part that a run goes over again, because its worker died, the later moment counts.
"""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image

from stransfer import images

# As many parts as an animation of a few seconds shows.
MOST = 40

_SIDE = 384
_QUALITY = 85


def at(progress: float, fence: int) -> int:
    """Return the moment at which `progress` of the whole cost is done, kept under a fence."""
    return fence * MOST + min(MOST - 1, int(progress * MOST))


def part(moment: int) -> int:
    """Return which part of the way a moment is of, from 0 to MOST - 1."""
    return moment % MOST


def joined(earlier: Iterable[int], newest: int) -> list[int]:
    """Return moments along the way, with the newest one in the place of that of its part."""
    others = [moment for moment in earlier if part(moment) != part(newest)]
    return sorted([*others, newest], key=part)


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
