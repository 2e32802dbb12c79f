"""Smaller versions of pictures, for the places and screens that need no larger ones.

One is made when a browser first asks for it, and kept beside the picture it was made from.
"""

from __future__ import annotations

import contextlib
import io
import logging
import subprocess
import sys
import threading
from collections.abc import Callable

from PIL import Image

from stransfer import images
from webapp.errors import NotFoundError, UnavailableError
from webapp.media import MediaStore
from webapp.runs.orders import KEPT

log = logging.getLogger(__name__)

# Long sides in px: a picture among others, one on a card, and one that fills a page; the larger
# ones for screens with several dots in a px.
SIDES = (240, 480, 960, 1600)

# A version that is hardly larger than the one before it is left out.
_WORTHWHILE = 1.25

# So few are made smaller sooner than a process that would do it apart can start.
_QUICK_PIXELS = 1_000_000
_SECONDS = 60
_QUALITY = 84

_NO_SUCH_SIDE = f"A picture is given at {', '.join(map(str, SIDES))} px; ask for one of these."
_FAILED = "This picture could not be made smaller just now; try again in a minute."


class Renditions:
    """Makes the smaller versions of the pictures in a media store, and keeps them there."""

    def __init__(self, media: MediaStore) -> None:
        """Keep them in the store."""
        self._media = media
        # One at a time: painting has the better use for the other processor cores.
        self._turn = threading.Lock()

    def of(self, key: str, side: int) -> bytes:
        """Return the picture kept under `key` as WebP, on white, at most `side` px long.

        Raises NotFoundError for no such picture or another side than SIDES, UnavailableError if it
        cannot be made now.
        """
        if side not in SIDES:
            raise NotFoundError(_NO_SUCH_SIDE)
        name = _key(key, side)
        with contextlib.suppress(NotFoundError):
            return self._media.read(name)
        with self._turn:
            if not self._media.exists(name):
                self._keep(key, name, side)
        return self._media.read(name)

    def _keep(self, key: str, name: str, side: int) -> None:
        self._media.write(name, _made(self._media.read(key), side))
        if not self._media.exists(key):
            # Its owner has deleted the picture meanwhile, and nothing of it may be left.
            self._media.delete(name)


def keys(key: str) -> list[str]:
    """Return where the smaller versions of a picture are kept, if there are any."""
    return [_key(key, side) for side in SIDES]


def sizes(width: int, height: int) -> list[tuple[int, int]]:
    """Return the sides worth asking for of a picture, ascending, each with its width in px."""
    longest = max(width, height)
    found: list[tuple[int, int]] = []
    for side in SIDES:
        given = min(side, longest)
        if found and given < _WORTHWHILE * found[-1][0] and given == longest:
            found.pop()
        found.append((side, given))
        if given == longest:
            break
    return [(side, images.fit(width, height, given)[0]) for side, given in found]


def srcset(width: int, height: int, address: Callable[[int], str]) -> str:
    """Return what an `img` may choose from of a picture, each at the `address` of its side."""
    return ", ".join(f"{address(side)} {given}w" for side, given in sizes(width, height))


def encode(content: bytes, side: int) -> bytes:
    """Return a picture file as WebP, on white, at most `side` px long."""
    image = images.open_srgb(content, KEPT)
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    return images.encode(images.over_white(image), "WEBP", _QUALITY)


def _made(content: bytes, side: int) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        pixels = image.width * image.height
    if pixels <= _QUICK_PIXELS:
        return encode(content, side)
    try:
        child = subprocess.run(
            [sys.executable, "-m", "webapp.resizer", str(side)],
            input=content,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        log.warning("no smaller version: %s %s", error, (error.stderr or b"")[-500:])
        raise UnavailableError(_FAILED) from error
    return child.stdout


def _key(key: str, side: int) -> str:
    return f"{key.rpartition('.')[0]}-{side}.webp"
