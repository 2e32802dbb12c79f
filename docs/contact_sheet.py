"""Makes the contact sheet that README points to: `python docs/contact_sheet.py [--help]`.

Every photo is painted in the manner of every artwork by every network, with the default settings
but for the size; one photo after the other, a row for each network, a column for each artwork.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

from stransfer import images, loading, weights
from stransfer.models import MODELS
from stransfer.settings import UNTRAINED, Settings

OUTPUT = Path(__file__).with_name("contact-sheet.jpg")
SAMPLES = Path(__file__).resolve().parents[1] / "data"

CONTENTS = ("pagoda.jpg", "cat.jpg")
STYLES = ("night_wind.jpg", "great_swell.jpg", "glass_window.jpg")

# One of each family whose weights are not in the repository.
FAMILIES = ("inception_v3", "densenet121", "resnet50", "resnet50v2")

CELL = (270, 190)
GAP = 10
LABEL = 20
MARGIN = 16
PAPER, INK = "white", "#333333"
QUALITY = 82


@dataclass(frozen=True)
class Painter:
    """A network, trained or not, under the name it has on the sheet."""

    model: str
    weights: str = "imagenet"

    @property
    def title(self) -> str:
        """What stands beside its row."""
        title = MODELS[self.model].title
        return title if self.weights == "imagenet" else f"{title}, {self.weights}"


def main() -> None:
    """Paint everything that was asked for, and lay it out on one sheet."""
    options = _options()
    painters = [Painter(model) for model in options.models]
    if options.untrained:
        painters += [Painter(model, UNTRAINED) for model in FAMILIES]
    photos = [_sample("content", name) for name in options.contents]
    artworks = [_sample("style", name) for name in options.styles]
    loading.load()
    from stransfer.transfer import run

    sheet = Sheet(photos, artworks, painters)
    for row, painter in enumerate(painters):
        # The networks one after the other, because only a few of them are kept ready.
        settings = Settings(model=painter.model, weights=painter.weights, size=options.size)
        for photo in photos:
            for artwork in artworks:
                *_, last = run(photo, artwork, settings)
                sheet.hang(images.to_image(last.image), photo, row, artwork)
                print(f"{painter.title}: {photo.stem} as {artwork.stem}", flush=True)
    images.write(options.output, images.encode(sheet.image, "JPEG", QUALITY))


class Sheet:
    """A page of pictures: the artworks on top, beside every row the photo and the network."""

    def __init__(
        self, photos: Sequence[Path], artworks: Sequence[Path], painters: Sequence[Painter]
    ) -> None:
        """Lay out an empty page with the pictures that are painted, and what they are."""
        self._photos, self._artworks, self._rows = list(photos), list(artworks), len(painters)
        columns, rows = 1 + len(artworks), 1 + len(photos) * len(painters)
        size = (
            2 * MARGIN + columns * (CELL[0] + GAP) - GAP,
            2 * MARGIN + rows * (CELL[1] + LABEL + GAP) - GAP,
        )
        self.image = Image.new("RGB", size, PAPER)
        self._draw = ImageDraw.Draw(self.image)
        for column, artwork in enumerate(artworks, start=1):
            self._place(images.open_rgb(artwork), column, 0, _spoken(artwork))
        for number, photo in enumerate(photos):
            first = 1 + number * len(painters)
            for row, painter in enumerate(painters):
                self._place(images.open_rgb(photo), 0, first + row, painter.title)

    def hang(self, picture: Image.Image, photo: Path, row: int, artwork: Path) -> None:
        """Place what the network of a row has made of a photo and an artwork."""
        top = 1 + self._photos.index(photo) * self._rows + row
        self._place(picture, 1 + self._artworks.index(artwork), top, "")

    def _place(self, picture: Image.Image, column: int, row: int, label: str) -> None:
        width, height = CELL
        left, top = MARGIN + column * (width + GAP), MARGIN + row * (height + LABEL + GAP)
        picture = ImageOps.contain(picture, CELL, Image.Resampling.LANCZOS)
        inset = (width - picture.width) // 2, height - picture.height
        self.image.paste(picture, (left + inset[0], top + inset[1]))
        font = ImageFont.load_default(LABEL * 0.7)
        below = (left + width // 2, top + height + LABEL // 2 + 1)
        self._draw.text(below, label, INK, font, anchor="mm")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    here = [model.name for model in MODELS.values() if weights.find(model)]
    parser.add_argument("--contents", nargs="+", default=list(CONTENTS))
    parser.add_argument("--styles", nargs="+", default=list(STYLES))
    parser.add_argument("--models", nargs="+", default=here, choices=list(MODELS))
    parser.add_argument("--untrained", action="store_true", help="also the other families")
    parser.add_argument("--size", type=int, default=300)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    return parser.parse_args()


def _sample(role: str, name: str) -> Path:
    return SAMPLES / role / name


def _spoken(path: Path) -> str:
    return path.stem.replace("_", " ").capitalize()


if __name__ == "__main__":
    main()
