"""What a run works on: the photo, the artworks, and what guides it, all checked and prepared."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from stransfer import colors, images
from stransfer.errors import ImageError, SettingsError
from stransfer.images import Mask, Picture, Source
from stransfer.pyramid import Level
from stransfer.settings import Settings

# Width and height in pixels.
Size = tuple[int, int]


@dataclass(frozen=True)
class Subject:
    """The pictures of one run, each float32 [height, width, 3] in [0, 1].

    Masks are [height, width] in [0, 1]: white in `content_mask` is painted, black stays photo;
    only what is white in `style_mask` counts as style. `init` is an earlier result to begin with.
    `alpha` is the photo's transparency, which results keep.
    """

    content: Picture
    styles: tuple[Picture, ...]
    content_mask: Mask | None = None
    style_mask: Mask | None = None
    init: Picture | None = None
    alpha: Mask | None = None

    @classmethod
    def read(
        cls,
        content: Source,
        style: Source | Sequence[Source],
        *,
        content_mask: Source | None = None,
        style_mask: Source | None = None,
        init_image: Source | None = None,
    ) -> Subject:
        """Read every picture; raise ImageError for one that cannot be used."""
        styles: Sequence[Source] = style if isinstance(style, list | tuple) else [style]  # type: ignore[list-item]
        if not styles:
            raise ImageError("Expected at least one artwork, but received none; name one.")
        photo, alpha = images.read_with_alpha(content)
        return cls(
            content=photo,
            styles=tuple(images.read(source) for source in styles),
            content_mask=None if content_mask is None else images.read_mask(content_mask),
            style_mask=None if style_mask is None else images.read_mask(style_mask),
            init=None if init_image is None else images.read(init_image),
            alpha=alpha,
        )

    def check(self, settings: Settings) -> None:
        """Raise SettingsError or ImageError if the pictures do not fit the settings."""
        check_choice(settings, len(self.styles), self.init is not None)
        if self.init is not None:
            check_init(_size(self.init), _size(self.content))
        if self.content_mask is not None:
            check_content_mask(_size(self.content_mask), _size(self.content))
            check_white("photo", self.content_mask)
        if self.style_mask is not None:
            check_style_mask(_size(self.style_mask), [_size(style) for style in self.styles])
            check_white("artwork", self.style_mask)

    def fingerprint(self, settings: Settings) -> str:
        """Return what tells a run of these pictures with these settings from every other."""
        digest = hashlib.sha256(json.dumps(settings.as_dict(), sort_keys=True).encode())
        pictures = (self.content, self.content_mask, self.style_mask, self.init, *self.styles)
        for picture in pictures:
            digest.update(b"none" if picture is None else repr(picture.shape).encode())
            if picture is not None:
                digest.update(np.ascontiguousarray(picture).data)
        return digest.hexdigest()

    def prepared(self, settings: Settings) -> Subject:
        """Return the subject with the colours that the settings ask for."""
        content, styles, init = self.content, self.styles, self.init
        if settings.preserve_color == "histogram":
            styles = tuple(colors.match_colors(style, content) for style in styles)
        elif settings.preserve_color == "luminance":
            content = colors.luminance(content)
            init = None if init is None else colors.luminance(init)
            styles = tuple(
                colors.match_luminance(colors.luminance(style), content) for style in styles
            )
        return dataclasses.replace(self, content=content, styles=styles, init=init)

    def content_at(self, level: Level) -> Picture:
        """Return the photo at the size of a level."""
        return images.resize(self.content, level.width, level.height)

    def alpha_at(self, level: Level) -> Mask | None:
        """Return the photo's transparency at the size of a level."""
        alpha = self.alpha
        return None if alpha is None else images.resize_mask(alpha, level.width, level.height)

    def content_mask_at(self, level: Level) -> Mask | None:
        """Return the photo's mask at the size of a level."""
        mask = self.content_mask
        return None if mask is None else images.resize_mask(mask, level.width, level.height)

    def styles_at(self, level: Level, settings: Settings) -> list[Picture]:
        """Return the artworks at the size they have beside a level."""
        return [images.resize(style, *_beside(style, level, settings)) for style in self.styles]

    def style_mask_at(self, level: Level, settings: Settings) -> Mask | None:
        """Return the artwork's mask at the size the artwork has beside a level."""
        if self.style_mask is None:
            return None
        return images.resize_mask(self.style_mask, *_beside(self.styles[0], level, settings))

    def start_at(self, level: Level, settings: Settings) -> Picture:
        """Return the picture that a run with these settings begins with."""
        if settings.init == "noise":
            shape = (level.height, level.width, 3)
            noise = np.random.default_rng(settings.seed).random(shape, np.float32)
            return colors.luminance(noise) if settings.preserve_color == "luminance" else noise
        if settings.init == "style":
            return images.resize(_cropped(self.styles[0], level), level.width, level.height)
        if settings.init == "result" and self.init is not None:
            return images.resize(self.init, level.width, level.height)
        return self.content_at(level)


def check_choice(settings: Settings, styles: int, with_result: bool) -> None:
    """Raise SettingsError if the settings ask for other pictures than those that are there.

    `styles` is the number of artworks, `with_result` whether there is an earlier result.
    """
    blend = settings.style_blend
    if blend and len(blend) != styles:
        raise SettingsError(
            {
                "style_weights": f"There must be one weight for each artwork, but {len(blend)} "
                f"{'was' if len(blend) == 1 else 'were'} given for {styles}."
            }
        )
    if settings.init == "result" and not with_result:
        raise SettingsError({"init": "To start from an earlier result, give its picture as well."})


def check_init(result: Size, content: Size) -> None:
    """Raise ImageError if an earlier result does not have the photo's proportions."""
    if not _alike(result, content):
        raise ImageError(
            "The earlier result must have the photo's proportions: the photo is "
            f"{content[0]} × {content[1]}, the result {result[0]} × {result[1]}; crop one of them."
        )


def check_content_mask(mask: Size, content: Size) -> None:
    """Raise ImageError if a mask does not have the photo's proportions."""
    _check_proportions("photo", mask, content)


def check_style_mask(mask: Size, styles: Sequence[Size]) -> None:
    """Raise ImageError if a mask does not have the proportions of the only artwork."""
    if len(styles) > 1:
        raise ImageError("A style mask needs a single artwork; leave out the mask or the others.")
    _check_proportions("artwork", mask, styles[0])


def check_white(name: Literal["photo", "artwork"], mask: Mask) -> None:
    """Raise ImageError if the mask of the photo or of the artwork chooses nothing."""
    if mask.max() < _LEAST_WHITE:
        raise ImageError(f"The {name}'s mask is black all over; paint white what it shall choose.")


def _beside(style: Picture, level: Level, settings: Settings) -> tuple[int, int]:
    height, width = style.shape[:2]
    shortest = settings.minimum_size
    # Beyond `size` only fine detail is left to paint, and an enlarged artwork has none.
    enlarged = max(settings.size, min(level.long_side, max(width, height)))
    long_side = max(
        min(level.long_side, enlarged) * settings.style_scale,
        shortest * max(width, height) / min(width, height),
    )
    return images.fit(width, height, round(long_side))


def _cropped(style: Picture, level: Level) -> Picture:
    """Return the middle of the artwork in the photo's proportions."""
    height, width = style.shape[:2]
    scale = min(width / level.width, height / level.height)
    crop_width, crop_height = round(level.width * scale), round(level.height * scale)
    left, top = (width - crop_width) // 2, (height - crop_height) // 2
    return style[top : top + crop_height, left : left + crop_width]


def _size(picture: Picture | Mask) -> Size:
    return picture.shape[1], picture.shape[0]


def _check_proportions(name: str, mask: Size, picture: Size) -> None:
    if not _alike(mask, picture):
        raise ImageError(
            f"The {name}'s mask must have the {name}'s proportions: the {name} is "
            f"{picture[0]} × {picture[1]}, the mask {mask[0]} × {mask[1]}."
        )


def _alike(one: Size, other: Size) -> bool:
    return abs((one[0] / one[1]) / (other[0] / other[1]) - 1) <= _RATIO_TOLERANCE


# A mask may have been drawn on a smaller copy, whose sides were rounded.
_RATIO_TOLERANCE = 0.02
_LEAST_WHITE = 0.05
