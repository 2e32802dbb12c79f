"""Makes the picture in README: `python docs/before_after.py [PHOTO ARTWORK]`, default settings."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

from stransfer import images, loading
from stransfer.settings import Settings

OUTPUT = Path(__file__).with_name("before-after.jpg")
SAMPLES = Path(__file__).resolve().parents[1] / "data"
HEIGHT = 334
GAP = 10


def main() -> None:
    """Paint the pair with the default settings, and lay the three pictures side by side."""
    given = sys.argv[1:] or [
        str(SAMPLES / "content" / "pagoda.jpg"),
        str(SAMPLES / "style" / "night_wind.jpg"),
    ]
    loading.load()
    from stransfer.transfer import run

    *_, last = run(given[0], given[1], Settings())
    pictures = [images.open_rgb(path) for path in given] + [images.to_image(last.image)]
    strip = _side_by_side([_of_height(picture) for picture in pictures])
    images.write(OUTPUT, images.encode(strip, "JPEG", 90))


def _of_height(picture: Image.Image) -> Image.Image:
    width = round(picture.width * HEIGHT / picture.height)
    return picture.resize((width, HEIGHT), Image.Resampling.LANCZOS)


def _side_by_side(pictures: list[Image.Image]) -> Image.Image:
    width = sum(picture.width for picture in pictures) + GAP * (len(pictures) - 1)
    strip = Image.new("RGB", (width, HEIGHT), "white")
    left = 0
    for picture in pictures:
        strip.paste(picture, (left, 0))
        left += picture.width + GAP
    return strip


if __name__ == "__main__":
    main()
