"""Sound files of every kind, cut short at every sixteenth, and damaged by a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from PIL import ExifTags, Image

from tests.conftest import file_bytes
from tests.site.corpus import profiles
from tests.site.corpus.containers import (
    PNG_SIGNATURE,
    jpeg_segments,
    png_chunks,
    png_of,
    webp_chunks,
    webp_of,
)
from tests.site.corpus.pictures import noisy

# All modes that each format can be written in, with what makes a kind of its own of one.
KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{f"png {mode}": ("PNG", mode, {}) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")},
    **{f"jpeg {mode}": ("JPEG", mode, {}) for mode in ("1", "L", "RGB", "CMYK")},
    "progressive jpeg": ("JPEG", "RGB", {"progressive": True}),
    "jpeg with restarts": ("JPEG", "RGB", {"restart_marker_rows": 1}),
    "jpeg with full colours": ("JPEG", "RGB", {"subsampling": 0}),
    **{f"webp {mode}": ("WEBP", mode, {}) for mode in ("RGB", "RGBA")},
    **{f"lossless webp {mode}": ("WEBP", mode, {"lossless": True}) for mode in ("RGB", "RGBA")},
}

# Where the first row and the first column of a stored picture belong, by EXIF orientation.
ORIENTATIONS = {
    1: ("top", "left"),
    2: ("top", "right"),
    3: ("bottom", "right"),
    4: ("bottom", "left"),
    5: ("left", "top"),
    6: ("right", "top"),
    7: ("right", "bottom"),
    8: ("left", "bottom"),
}

# How many bytes one blow changes, leaves out or repeats at most.
_BLOW = 40


def sound(kind: str, width: int = 80, height: int = 60, orientation: int | None = None) -> bytes:
    """A file of a kind that no program makes small, with a profile and what cameras say."""
    form, mode, options = KINDS[kind]
    image = noisy(width, height)
    if mode in ("RGBA", "LA"):
        image.putalpha(noisy(width, height).getchannel("G"))
    if mode == "I;16":
        image = image.convert("L").convert("I").point(lambda value: value * 257)
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "Camera"
    if orientation is not None:
        exif[ExifTags.Base.Orientation] = orientation
    profile = profiles.cmyk() if mode == "CMYK" else profiles.adobe_rgb()
    return file_bytes(image.convert(mode), form, exif=exif, icc_profile=profile, **options)


def cut_short(kind: str) -> Iterator[bytes]:
    """A file of a kind with 1 to 15 of its sixteen parts."""
    whole = sound(kind)
    for part in range(1, 16):
        yield whole[: len(whole) * part // 16]


def corners(kind: str, orientation: int) -> bytes:
    """A file whose four corners are red, green, blue and white as it is stored, row by row."""
    form, mode, options = KINDS[kind]
    image = Image.new("RGB", (96, 64))
    for colour, place in zip(("red", "lime", "blue", "white"), _CORNERS, strict=True):
        image.paste(colour, place)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return file_bytes(image.convert(mode), form, exif=exif, **options)


_CORNERS = ((0, 0, 48, 32), (48, 0, 96, 32), (0, 32, 48, 64), (48, 32, 96, 64))


def damaged(cases: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """So many damaged files, always the same for a seed, each with what was done to it."""
    files = {kind: sound(kind, orientation=6) for kind in KINDS}
    for case in range(cases):
        dice = random.Random(f"{seed} {case}")
        kind = dice.choice([*files])
        content = files[kind]
        done = []
        for _ in range(dice.choice((1, 1, 1, 2, 5, 20))):
            blow = dice.choice(BLOWS)
            content = blow(dice, content)
            done.append(blow.__name__.strip("_"))
        yield f"seed {seed}, case {case}: {kind}, {', '.join(done)}", content


def _flip(dice: random.Random, content: bytes) -> bytes:
    """Change one bit."""
    changed = bytearray(content or b"\0")
    changed[dice.randrange(len(changed))] ^= 1 << dice.randrange(8)
    return bytes(changed)


def _overwrite(dice: random.Random, content: bytes) -> bytes:
    """Put noise, or the same byte, over a few bytes."""
    length = dice.randint(1, _BLOW)
    noise = dice.choice((dice.randbytes(length), b"\0" * length, b"\xff" * length))
    place = _place(dice, content)
    return content[:place] + noise + content[place + length :]


def _leave_out(dice: random.Random, content: bytes) -> bytes:
    place = _place(dice, content)
    return content[:place] + content[place + dice.randint(1, _BLOW) :]


def _repeat(dice: random.Random, content: bytes) -> bytes:
    place = _place(dice, content)
    return content[: place + dice.randint(1, _BLOW)] + content[place:]


def _cut(dice: random.Random, content: bytes) -> bytes:
    return content[: _place(dice, content)]


def _change_length(dice: random.Random, content: bytes) -> bytes:
    """Put a number that is likely to be a limit of something where there may be a length."""
    number = dice.choice((0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF))
    width = 2 if number <= 0xFFFF else 4
    place = _place(dice, content)
    packed = number.to_bytes(width, dice.choice(("big", "little")))
    return content[:place] + packed + content[place + width :]


def _shuffle_parts(dice: random.Random, content: bytes) -> bytes:
    """Change the order of the file's own parts, repeat one or leave one out."""
    return _rebuilt(content, lambda parts: _disordered(dice, parts))


def _damage_part(dice: random.Random, content: bytes) -> bytes:
    """Damage the content of one part, but make its length and checksum right again."""

    def damage(parts: list[Any]) -> list[Any]:
        index = dice.randrange(len(parts))
        blow = dice.choice((_flip, _overwrite, _leave_out, _repeat, _cut, _change_length))
        part = parts[index]
        parts[index] = (
            (part[0], blow(dice, part[1])) if isinstance(part, tuple) else blow(dice, part)
        )
        return parts

    return _rebuilt(content, damage)


def _rebuilt(content: bytes, change: Callable[[list[Any]], list[Any]]) -> bytes:
    """Take a file apart, change the list of its parts, and put it together."""
    if content.startswith(PNG_SIGNATURE) and (chunks := png_chunks(content)):
        return png_of(change(chunks))
    if content.startswith(b"\xff\xd8"):
        return b"".join(change(jpeg_segments(content)))
    if content.startswith(b"RIFF") and (chunks := webp_chunks(content)):
        return webp_of(change(chunks))
    return content


def _disordered(dice: random.Random, parts: list[Any]) -> list[Any]:
    one, other = dice.randrange(len(parts)), dice.randrange(len(parts))
    match dice.randrange(3):
        case 0:
            parts[one], parts[other] = parts[other], parts[one]
        case 1:
            parts.insert(one, parts[other])
        case _:
            del parts[one]
    return parts


def _place(dice: random.Random, content: bytes) -> int:
    """Somewhere in a file; half the time near its beginning, where most is decided."""
    most = len(content) if dice.random() < 0.5 else min(len(content), 200)
    return dice.randint(0, most)


BLOWS: Sequence[Callable[[random.Random, bytes], bytes]] = (
    _flip,
    _overwrite,
    _leave_out,
    _repeat,
    _cut,
    _change_length,
    _shuffle_parts,
    _damage_part,
)
