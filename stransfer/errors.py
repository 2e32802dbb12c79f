"""The one tree of errors a person can meet.

    StransferError
    ├── SettingsError    a setting is unknown, of the wrong type or out of range
    ├── ImageError       a picture cannot be read, is too large or too small
    ├── WeightsError     a network's weights are missing, damaged or not its own
    ├── DeviceError      there is no such device to compute on
    ├── TransferError    the optimisation itself could not go on
    │   ├── DivergedError           it did not converge, however small its steps
    │   └── MemoryExhaustedError    it needs more memory than there is
    └── BenchError       something cannot be measured or compared

Catch `StransferError` to catch them all. Every message is a sentence that says what was
expected, what was received and how to mend it, fit to be shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class StransferError(Exception):
    """Base of all errors; `exit_code` is what the command line ends with."""

    exit_code = 2


class SettingsError(StransferError):
    """One or more settings cannot be accepted; `fields` has a sentence for each, by name."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """Keep the sentences by the name of the setting."""
        super().__init__(" ".join(f"{name}: {message}" for name, message in fields.items()))
        self.fields = dict(fields)


class ImageError(StransferError):
    """A picture cannot be used as it is."""


class WeightsError(StransferError):
    """The weights of a network are missing, damaged, or belong to another network."""


class DeviceError(StransferError):
    """What is to be computed on is not there."""


class TransferError(StransferError):
    """The optimisation could not go on, for a reason the settings do not show."""

    exit_code = 1


class DivergedError(TransferError):
    """The loss exploded or stopped being a number, and smaller steps did not help.

    `picture` is the best image so far, [height, width, 3] in [0, 1].
    """

    def __init__(self, picture: Any) -> None:
        """Keep the best image."""
        super().__init__(
            "The picture could not be improved any more, because its loss kept exploding; what is "
            "there is the best it was. Try a smaller learning rate or other weights."
        )
        self.picture = picture


class MemoryExhaustedError(TransferError):
    """A picture of this size needs more memory than there is."""

    exit_code = 2

    def __init__(self, width: int, height: int) -> None:
        """Name the size, in pixels, that was being painted."""
        super().__init__(
            f"There is not enough memory to paint at {width} × {height} px; choose a smaller size."
        )


class BenchError(StransferError):
    """Something cannot be measured, or compared, as it was asked for."""

    def __init__(self, message: str, exit_code: int = 2) -> None:
        """Keep the sentence, and the code with which a measuring process ended."""
        super().__init__(message)
        self.exit_code = exit_code
