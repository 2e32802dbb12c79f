"""The engine and the textbook's method side by side, both warm, on the same loss.

They compute in turns of about a second, each with a clock that stands still while the other one
computes, so that both have met the same machine. Each keeps some of its pictures; only when both
have ended is the loss of these measured, by the same yardstick, in float32 and at the final size.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Iterator
from typing import Any

import tensorflow as tf

from stransfer import precision
from stransfer.bench.textbook import Textbook
from stransfer.bench.yardstick import Yardstick, suits
from stransfer.images import Picture
from stransfer.program import prepare
from stransfer.settings import Settings
from stransfer.subject import Subject
from stransfer.transfer import Transfer

_TURN_SECONDS = 1.0

# A picture is kept when the clock has advanced by this factor: to measure the loss of one takes
# as long as half a step, and on a logarithmic axis these lie evenly.
_KEPT_APART = 1.08

Show = Callable[[], Picture]


class Contender:
    """One of the two, with its own clock and the pictures it has kept."""

    def __init__(self, pictures: Iterator[Show]) -> None:
        """Take an endless or ending sequence of functions that return the picture of a step."""
        self._pictures = pictures
        self._not_kept: Show | None = None
        self._keep_from = 0.0
        self.kept: list[tuple[float, Picture]] = []
        self.seconds = 0.0
        self.steps = 0
        self.ended = False

    def turn(self, seconds: float) -> None:
        """Compute for about so many seconds, at least one step, unless all is done."""
        until = self.seconds + seconds
        while not self.ended and self.seconds < until:
            started = time.perf_counter()
            show = next(self._pictures, None)
            self.seconds += time.perf_counter() - started
            if show is None:
                self._end()
            else:
                self._not_kept = show
                self.steps += 1
                if self.seconds >= self._keep_from:
                    self._keep(show)

    def _end(self) -> None:
        self.ended = True
        if self._not_kept is not None:
            self._keep(self._not_kept)

    def _keep(self, show: Show) -> None:
        self.kept.append((self.seconds, show()))
        self._not_kept = None
        self._keep_from = self.seconds * _KEPT_APART


def measure(
    content: str, style: str, settings: dict[str, Any], textbook_steps: int
) -> dict[str, Any] | None:
    """Return the course of the loss of both, and when each has reached the other's last loss.

    It is None where the engine's loss with these settings is not a textbook's. A course is a list
    of [seconds, loss]. Seconds to reach a loss are None if it was not reached, and otherwise those
    of the first picture kept with a loss as low.
    """
    chosen = Settings.parse(settings)
    if not suits(chosen):
        return None
    subject = Subject.read(content, style)
    yardstick = Yardstick(subject, chosen)
    prepare(chosen)
    contenders = {
        "stransfer": Contender(_engine(subject, chosen)),
        "textbook": Contender(_textbook(Textbook(yardstick), textbook_steps)),
    }
    while not all(contender.ended for contender in contenders.values()):
        for contender in contenders.values():
            contender.turn(_TURN_SECONDS)
    courses = {
        name: [[seconds, yardstick.of(picture)] for seconds, picture in contender.kept]
        for name, contender in contenders.items()
    }
    ours, theirs = courses["stransfer"], courses["textbook"]
    level = yardstick.level
    return {
        "model": chosen.model,
        "width": level.width,
        "height": level.height,
        "precision": precision.chosen(chosen.precision),
        "stransfer": _told(contenders["stransfer"], ours, reached(ours, theirs[-1][1])),
        "textbook": _told(contenders["textbook"], theirs, reached(theirs, ours[-1][1])),
    }


def reached(course: list[list[float]], loss: float) -> float | None:
    """Return the seconds after which a course is first as low as `loss`, or None if never."""
    return next((seconds for seconds, found in course if found <= loss), None)


def _told(
    contender: Contender, course: list[list[float]], seconds_to_other: float | None
) -> dict[str, Any]:
    return {
        "steps": contender.steps,
        "seconds": contender.seconds,
        "loss": course[-1][1],
        "seconds_to_others_loss": seconds_to_other,
        "course": course,
    }


def _engine(subject: Subject, settings: Settings) -> Iterator[Show]:
    for step in Transfer(subject, settings).start():
        yield functools.partial(getattr, step, "image")


def _textbook(textbook: Textbook, steps: int) -> Iterator[Show]:
    for image in itertools.islice(textbook.start(), steps):
        yield functools.partial(_picture, image)


def _picture(image: tf.Tensor) -> Picture:
    picture: Picture = image.numpy()[0]
    return picture
