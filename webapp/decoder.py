"""Decodes pictures of strangers, as a child process that may be killed: `python -m webapp.decoder`.

Standard input has one line of JSON, an `Assignment`, and then the files. Standard output gets for
each file one line of JSON, `{"error": ...}` or the size and ending of the picture and the lengths
of what follows: the picture, its preview if one is wanted, and its thumbnail. Where the settings of
results are wanted, it is `{"told": ...}` and nothing follows.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PIL import ExifTags, Image, ImageCms

from stransfer import images, results
from stransfer.errors import ImageError
from stransfer.images import Limits
from webapp import sandbox
from webapp.lifeline import follow_supervisor

# How a picture is kept: "png" loses nothing and has transparency.
Ending = Literal["jpg", "png"]

THUMBNAIL_SIDE = 480

_FORMATS: Mapping[Ending, str] = {"jpg": "JPEG", "png": "PNG"}
ENDINGS = tuple(_FORMATS)
_QUALITY = 95
_THUMBNAIL_QUALITY = 85

# Whoever waits for a page comes first.
_NICENESS = 10

# A picture that nothing makes smaller takes four bytes a pixel, and what goes with it much less.
_BYTES_A_PIXEL = 4.1
_BYTES_BESIDE = 4 * 2**20


@dataclass(frozen=True)
class Wish:
    """How pictures are wanted: no longer than `longest_side`, in px, and encoded as `ending`.

    Without an ending each is "png" if it has transparency, else "jpg". With a `preview_side` there
    is a preview of at most that many px, always "jpg".

    With `told` nothing is decoded, and what a result says of its settings is wanted instead.
    """

    longest_side: int
    ending: Ending | None = None
    preview_side: int | None = None
    told: bool = False


@dataclass(frozen=True)
class Assignment:
    """What to decode: files of these lengths, in bytes, each within seconds of processor time.

    Where others wait for it, it is `urgent`; else it lets them go first.
    """

    wish: Wish
    limits: Limits
    seconds: int
    memory_mb: int
    lengths: Sequence[int]
    urgent: bool

    @classmethod
    def from_json(cls, line: bytes) -> Assignment:
        """Return what `to_json` wrote."""
        told = json.loads(line)
        wish, limits = Wish(**told.pop("wish")), Limits(**told.pop("limits"))
        return cls(wish=wish, limits=limits, **told)

    def to_json(self) -> bytes:
        """Return it as one line."""
        return json.dumps(dataclasses.asdict(self)).encode() + b"\n"

    @property
    def longest_output(self) -> int:
        """How many bytes of answers there can be at most."""
        picture = _BYTES_A_PIXEL * self.wish.longest_side**2
        return len(self.lengths) * (int(picture) + _BYTES_BESIDE)


def main() -> None:
    """Decode what comes on standard input, within limits."""
    follow_supervisor()
    assignment = Assignment.from_json(sys.stdin.buffer.readline())
    if not assignment.urgent:
        os.nice(_NICENESS)
    _rehearse()
    sandbox.enter(
        memory=assignment.memory_mb * 2**20,
        output=assignment.longest_output,
        seconds=assignment.seconds * len(assignment.lengths),
    )
    for length in assignment.lengths:
        sandbox.grant(assignment.seconds)
        content = sys.stdin.buffer.read(length)
        head, parts = decoded(content, assignment.limits, assignment.wish)
        sys.stdout.buffer.write(json.dumps(head).encode() + b"\n")
        for part in parts:
            sys.stdout.buffer.write(part)
        # Whatever happens to the next one, this one is done.
        sys.stdout.buffer.flush()


def decoded(content: bytes, limits: Limits, wish: Wish) -> tuple[dict[str, Any], list[bytes]]:
    """Return the answer for one file: what is said of it, and the files that are made from it."""
    try:
        if wish.told:
            return {"told": results.read_values(content)}, []
        image = images.open_srgb(content, limits)
        ending: Ending = wish.ending or ("png" if image.mode == "RGBA" else "jpg")
        _shrink(image, wish.longest_side)
        parts = [_encoded(image, ending, _QUALITY)]
        if wish.preview_side is not None:
            fits = ending == "jpg" and max(image.size) <= wish.preview_side
            parts.append(parts[0] if fits else _small(image, wish.preview_side, _QUALITY))
        parts.append(_small(image, THUMBNAIL_SIDE, _THUMBNAIL_QUALITY))
    except ImageError as error:
        return {"error": str(error)}, []
    except MemoryError:
        return {"error": "Memory is too small to write the picture anew; make it smaller."}, []
    lengths = [len(part) for part in parts]
    size = {"width": image.width, "height": image.height}
    return {**size, "ending": ending, "lengths": lengths}, parts


def _shrink(image: Image.Image, longest_side: int) -> None:
    image.thumbnail((longest_side, longest_side), Image.Resampling.LANCZOS)


def _small(image: Image.Image, longest_side: int, quality: int) -> bytes:
    small = image.copy()
    _shrink(small, longest_side)
    return _encoded(small, "jpg", quality)


def _encoded(image: Image.Image, ending: Ending, quality: int) -> bytes:
    plain = images.over_white(image) if ending == "jpg" else image
    return images.encode(plain, _FORMATS[ending], quality)


def _rehearse() -> None:
    """Decode a picture of each kind, for Pillow imports much only when it needs it.

    Afterwards no file can be opened, nor any module be imported.
    """
    plain = Image.new("RGB", (64, 64))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    # A JPEG file may hold several pictures, which is a kind of its own to Pillow.
    for kind, more in (("MPO", [plain]), ("PNG", []), ("WEBP", [])):
        file = io.BytesIO()
        plain.save(
            file, kind, icc_profile=profile, exif=exif, save_all=bool(more), append_images=more
        )
        decoded(file.getvalue(), Limits(), Wish(longest_side=48, preview_side=40))
        decoded(file.getvalue(), Limits(), Wish(longest_side=48, told=True))


if __name__ == "__main__":
    main()
