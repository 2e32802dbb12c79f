"""Picture files that visitors might bring, all made by programs: sound, odd, damaged, hostile."""

from tests.site.corpus.pictures import (
    BLUE,
    GREEN,
    RED,
    REFUSED,
    SOUND,
    WHITE,
    Colour,
    half_transparent,
    noisy,
    palette_with_transparency,
    photo_with_metadata,
    plain,
    sixteen_bit,
)

__all__ = [
    "BLUE",
    "GREEN",
    "RED",
    "REFUSED",
    "SOUND",
    "WHITE",
    "Colour",
    "half_transparent",
    "noisy",
    "palette_with_transparency",
    "photo_with_metadata",
    "plain",
    "sixteen_bit",
]
