"""Makes one timelapse, as a child process: `python -m webapp.animator`.

Encoding an animation takes a second of the processor's time, in which the site could answer
nobody. Standard input has one line of JSON, `{"width", "height", "lengths"}`, and then so many
picture files of these lengths; standard output gets the animation.
"""

from __future__ import annotations

import json
import os
import sys

from PIL import Image

from stransfer import images, timelapse
from webapp.runs.orders import KEPT

# Whoever waits for a page comes first.
_NICENESS = 10


def main() -> None:
    """Make the animation of what comes on standard input."""
    os.nice(_NICENESS)
    header = json.loads(sys.stdin.buffer.readline())
    size = header["width"], header["height"]
    frames = [_frame(sys.stdin.buffer.read(length), size) for length in header["lengths"]]
    sys.stdout.buffer.write(timelapse.animate(frames, "WEBP"))


def _frame(file: bytes, size: tuple[int, int]) -> Image.Image:
    # What a picture without a background shows is decided like everywhere: it is put on white.
    picture = images.to_image(images.read(file, KEPT))
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS)


if __name__ == "__main__":
    main()
