"""What a process computes on: the processor, or one of the graphics cards that TensorFlow sees.

Of several cards a process takes one, and of its memory what it needs, when it needs it: TensorFlow
by itself would take all memory of all of them at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from stransfer import processor
from stransfer.errors import DeviceError
from stransfer.setting import AUTO

CPU = "cpu"
GPU = "gpu"

# What a device is wanted as, in words.
FORMS = "auto, cpu, gpu, or one of several as in gpu:1"

_WANTED = re.compile(rf"{AUTO}|{CPU}|{GPU}(?::(\d{{1,3}}))?")

# The compute capability from which on NVIDIA's cards have instructions for bfloat16.
_BFLOAT16_SINCE = (8, 0)


@dataclass(frozen=True)
class Device:
    """What this process computes on, by the name of its maker.

    `has_bfloat16` says whether it has instructions for that format, or None if it does not say.
    """

    name: str
    gpu: bool
    has_bfloat16: bool | None

    def __str__(self) -> str:
        """The device as a phrase."""
        kind = "graphics card" if self.gpu else "processor"
        return f"{kind} {self.name}".strip()


def check(wanted: str) -> None:
    """Raise DeviceError if what is wanted is said in none of the FORMS."""
    _number(wanted)


def use(wanted: str = AUTO) -> Device:
    """Have TensorFlow compute on what is wanted, and on nothing else; return what that is.

    Call it before anything is computed: what a process has begun to compute on it keeps. Raises
    DeviceError, which says what there is, if there is no such device.
    """
    import tensorflow as tf

    cards = tf.config.list_physical_devices("GPU")
    number = chosen(wanted, [_name(card) for card in cards])
    taken = [] if number is None else [cards[number]]
    try:
        tf.config.set_visible_devices(taken, "GPU")
        for card in taken:
            tf.config.experimental.set_memory_growth(card, True)
    except RuntimeError as error:
        if tf.config.get_visible_devices("GPU") != taken:
            raise DeviceError(
                f"This process already computes on the {current()}; a new one can be told to use "
                f"{wanted}."
            ) from error
    return current()


def current() -> Device:
    """Return what this process computes on."""
    import tensorflow as tf

    cards = tf.config.get_visible_devices("GPU")
    if not cards:
        return Device(processor.name(), gpu=False, has_bfloat16=processor.has_bfloat16())
    capability = _details(cards[0]).get("compute_capability")
    has_bfloat16 = None if capability is None else tuple(capability) >= _BFLOAT16_SINCE
    return Device(_name(cards[0]), gpu=True, has_bfloat16=has_bfloat16)


def chosen(wanted: str, cards: Sequence[str]) -> int | None:
    """Return which of the graphics cards, told by their names, is wanted; None for the processor.

    Raises DeviceError if it is not there, or if nobody could tell what is meant.
    """
    number = _number(wanted)
    if wanted == CPU or (wanted == AUTO and not cards):
        return None
    if number < len(cards):
        return number
    if not cards:
        raise DeviceError(
            f"There is no {wanted} here: TensorFlow finds no graphics card, only the processor; "
            "install its driver and `pip install 'tensorflow[and-cuda]'`, or choose cpu."
        )
    there = ", ".join(f"{GPU}:{index} ({name})" for index, name in enumerate(cards))
    raise DeviceError(f"There is no {wanted} here: TensorFlow finds {there}; choose one of these.")


def _number(wanted: str) -> int:
    found = _WANTED.fullmatch(wanted)
    if found is None:
        raise DeviceError(f"The device must be {FORMS}, not {wanted!r}.")
    return int(found[1] or 0)


def _name(card: Any) -> str:
    return str(_details(card).get("device_name", card.name))


def _details(card: Any) -> dict[str, Any]:
    import tensorflow as tf

    found: dict[str, Any] = tf.config.experimental.get_device_details(card)
    return found
