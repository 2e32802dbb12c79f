"""Decodes one upload, as a child process that may be killed: `python -m webapp.decoder`.

A picture from a stranger is decoded outside the server, under limits of time and memory. The
file comes on standard input. Standard output gets one line of JSON, `{"error": ...}` or the
size and ending of the picture and the lengths of what follows: the picture and its thumbnail. With
`--told` it is `{"told": ...}`: what a result says of its settings, and nothing is decoded.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys

from PIL import Image

from stransfer import images, results
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
    parser.add_argument("--told", action="store_true")
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CPU, (options.seconds, options.seconds))
    memory = options.memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    content = sys.stdin.buffer.read()
    try:
        if options.told:
            _answer({"told": results.read_values(content)})
        else:
            _decode(content, options)
    except ImageError as error:
        _answer({"error": str(error)})


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


def _decode(content: bytes, options: argparse.Namespace) -> None:
    limits = images.Limits(
        pixels=options.megapixels * 1_000_000,
        longest_side=options.max_side,
        shortest_side=options.min_side,
        aspect=options.max_aspect,
    )
    image = images.open_srgb(content, limits)
    ending = options.ending or ("png" if image.mode == "RGBA" else "jpg")
    picture, thumbnail = encoded(image, options.longest_side, ending)
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


def _answer(header: dict[str, object], *parts: bytes) -> None:
    sys.stdout.buffer.write(json.dumps(header).encode() + b"\n")
    for part in parts:
        sys.stdout.buffer.write(part)


if __name__ == "__main__":
    main()
