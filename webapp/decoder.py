"""Decodes one upload, as a child process that may be killed: `python -m webapp.decoder`.

A picture from a stranger is decoded outside the server, under limits of time and memory. The
file comes on standard input. Standard output gets one line of JSON, `{"error": ...}` or the
size and ending of the picture and the lengths of what follows: the picture and its thumbnail.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys

from PIL import Image

from stransfer import images
from stransfer.errors import ImageError

THUMBNAIL_SIDE = 480

_FORMATS = {"jpg": "JPEG", "png": "PNG"}
_QUALITY = 95
_THUMBNAIL_QUALITY = 85


def main() -> None:
    """Decode what comes on standard input, within the limits of the arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--memory-mb", type=int, required=True)
    parser.add_argument("--megapixels", type=int, required=True)
    parser.add_argument("--max-side", type=int, required=True)
    parser.add_argument("--min-side", type=int, required=True)
    parser.add_argument("--max-aspect", type=float, required=True)
    parser.add_argument("--longest-side", type=int, required=True)
    parser.add_argument("--ending", choices=_FORMATS)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CPU, (options.seconds, options.seconds))
    memory = options.memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    limits = images.Limits(
        pixels=options.megapixels * 1_000_000,
        longest_side=options.max_side,
        shortest_side=options.min_side,
        aspect=options.max_aspect,
    )
    try:
        image = images.open_srgb(sys.stdin.buffer.read(), limits)
        ending = options.ending or ("png" if image.mode == "RGBA" else "jpg")
        picture, thumbnail = encoded(image, options.longest_side, ending)
    except ImageError as error:
        _answer({"error": str(error)})
        return
    _answer(
        {
            "width": image.width,
            "height": image.height,
            "ending": ending,
            "picture": len(picture),
            "thumbnail": len(thumbnail),
        },
        picture,
        thumbnail,
    )


def encoded(image: Image.Image, longest_side: int, ending: str = "jpg") -> tuple[bytes, bytes]:
    """Return an image as a file, "jpg" or "png", and its thumbnail as "jpg", which is over white.

    The image is shrunk in place if need be.
    """
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)
    if ending == "jpg":
        image = images.over_white(image)
    picture = images.encode(image, _FORMATS[ending], _QUALITY)
    image_small = image.copy()
    image_small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.LANCZOS)
    small = images.over_white(image_small)
    return picture, images.encode(small, "JPEG", _THUMBNAIL_QUALITY)


def _answer(header: dict[str, object], *parts: bytes) -> None:
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n")
    for part in parts:
        sys.stdout.buffer.write(part)


if __name__ == "__main__":
    main()
