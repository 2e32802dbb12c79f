"""What a visitor wants painted: the pictures, the settings, and whether they fit each other."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from stransfer import footprint, images, pyramid
from stransfer.errors import ImageError, SettingsError
from stransfer.pyramid import Level
from stransfer.setting import AUTO
from stransfer.settings import Settings
from stransfer.subject import Size, check_choice, check_content_mask, check_init, check_style_mask
from webapp.config import Config
from webapp.enumeration import enumerated
from webapp.errors import WrongStateError
from webapp.records import LONGEST_TITLE, Run, RunState

# What lies in the media store was checked when it was accepted.
KEPT = images.Limits(pixels=10**9, longest_side=10**6, shortest_side=1, aspect=10.0**6)


@dataclass(frozen=True)
class Ingredient:
    """A picture that goes into a run. `key` names its file in the media store.

    `length` is how many bytes an upload takes there, with what belongs to it.
    """

    reference: str
    title: str
    key: str
    width: int
    height: int
    length: int = 0

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return self.width, self.height


@dataclass(frozen=True)
class Order:
    """The pictures and the settings of a run that is yet to be accepted."""

    content: Ingredient
    styles: Sequence[Ingredient]
    settings: Settings
    content_mask: Ingredient | None = None
    style_mask: Ingredient | None = None
    init_image: Ingredient | None = None

    @property
    def title(self) -> str:
        """What the painting is called."""
        manner = enumerated(style.title for style in self.styles)
        return f"{self.content.title} in the manner of {manner}"

    def plan(self, config: Config) -> tuple[Level, ...]:
        """Return the levels at which the picture will be painted.

        Raises SettingsError, with a sentence by field, for whatever the engine would refuse, and
        for more than this site offers.
        """
        check_count(len(self.styles), config.max_styles)
        if self.settings.output_long_side > config.max_output_size:
            raise SettingsError(
                {
                    "output_size": f"This site makes results of up to {config.max_output_size} px, "
                    f"and these settings ask for {self.settings.output_long_side} px; choose less."
                }
            )
        check_choice(self.settings, len(self.styles), self.init_image is not None)
        if self.init_image is not None and self.settings.init != "result":
            raise SettingsError(
                {
                    "init_image": "An earlier result is only used where init is result, and here "
                    f"it is {self.settings.init}; leave out one of them."
                }
            )
        if self.init_image is not None:
            with _about("init_image"):
                check_init(self.init_image.size, self.content.size)
        if self.content_mask is not None:
            with _about("content_mask"):
                check_content_mask(self.content_mask.size, self.content.size)
        if self.style_mask is not None:
            with _about("style_mask"):
                check_style_mask(self.style_mask.size, [style.size for style in self.styles])
        with _about("content"):
            return pyramid.plan(*self.content.size, self.settings)

    def record(self, levels: Sequence[Level], config: Config) -> dict[str, Any]:
        """Return the pictures, the settings, the plan and what it needs as columns of a run."""
        last = levels[-1]
        return {
            "title": self.title[:LONGEST_TITLE],
            "content": vars(self.content),
            "styles": [vars(style) for style in self.styles],
            **{
                name: None if picture is None else vars(picture)
                for name, picture in (
                    ("content_mask", self.content_mask),
                    ("style_mask", self.style_mask),
                    ("init_image", self.init_image),
                )
            },
            "settings": self.settings.as_dict(),
            "width": last.width,
            "height": last.height,
            "steps": sum(level.steps for level in levels),
            "scales": len(levels),
            "needs_mb": footprint.estimated_mb(self.settings.model, levels),
            "needs_gpu": 0 < config.cpu_megapixels * 1e6 < last.width * last.height,
            "network": self.settings.model if self.settings.untrained_seed is None else "",
        }

    def mark(self, submission: str) -> str:
        """Return what tells this order, sent with one form, from every other.

        Who goes back in the browser sends the same form with other choices, and wants another run.
        """
        # Keys say what a picture is: the same one has the same key, however often it is sent.
        pictures = (
            *(self.content, self.content_mask, self.style_mask, self.init_image),
            *self.styles,
        )
        keys = [None if picture is None else picture.key for picture in pictures]
        choices = json.dumps([submission, keys, self.settings.as_dict()])
        return hashlib.sha256(choices.encode()).hexdigest()


def check_count(styles: int, most_styles: int) -> None:
    """Raise SettingsError for no artwork, or for more than one painting may take after."""
    if not 1 <= styles <= most_styles:
        raise SettingsError(
            {"style": f"A painting takes after 1 to {most_styles} artworks, not after {styles}."}
        )


def continued(run: Run, steps: object) -> Order:
    """Return the order that goes on from the result of a run for so many steps.

    It paints with the run's own pictures and settings, at the final size only: the coarser ones
    would take from the picture what is already painted. Raises WrongStateError if the run has no
    result, SettingsError for a number of steps that is none.
    """
    changed = {"steps": steps, "init": "result", "scales": AUTO}
    settings = Settings.parse({**run.settings, **changed})
    return Order(
        content=Ingredient(**run.content),
        styles=[Ingredient(**style) for style in run.styles],
        settings=settings,
        content_mask=_used(run.content_mask),
        style_mask=_used(run.style_mask),
        init_image=result_of(run),
    )


def result_of(run: Run) -> Ingredient:
    """Return the result of a run as a picture that another one begins with.

    Raises WrongStateError if it has none.
    """
    if run.state != RunState.DONE or run.result is None:
        raise WrongStateError(
            f"Only a finished painting can be gone on with, and this one is {run.state}; "
            "paint it again from its pictures instead."
        )
    return Ingredient(f"run:{run.id}", run.title, run.result, run.width, run.height)


def _used(picture: dict[str, Any] | None) -> Ingredient | None:
    return None if picture is None else Ingredient(**picture)


@contextmanager
def _about(field: str) -> Iterator[None]:
    """Say of which field it is that a picture cannot be used."""
    try:
        yield
    except ImageError as error:
        raise SettingsError({field: str(error)}) from error
