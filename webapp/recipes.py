"""What a painting that is brought back says of how it was made.

Anybody can write anything into a file. Whatever of it is no setting here is left out, and said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from stransfer.errors import SettingsError
from stransfer.settings import BY_NAME, Settings
from webapp.fields import typed
from webapp.services import Services
from webapp.uploads import received

_BLEND = "style_weights"

# So much of what a stranger wrote is repeated to whoever brought it.
_MOST_NAMED = 3
_LONGEST_NAME = 30


@dataclass
class Recipe:
    """How a painting was made: settings by name, as they would be typed.

    `remarks` are sentences on what could not be taken over.
    """

    values: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def read(services: Services, stream: IO[bytes]) -> Recipe:
    """Return what a picture file says.

    Raises TooLargeError, UnusableError or UnavailableError, with a sentence for the visitor, if it
    says nothing or nobody can look.
    """
    with services.decoders.turn() as turn:
        return recipe(turn.told(received(services.config, stream)))


def recipe(values: Mapping[str, object]) -> Recipe:
    """Return what can be used of untrusted values by name."""
    found = Recipe()
    known = {name: value for name, value in values.items() if name in BY_NAME}
    if unknown := [name for name in values if name not in BY_NAME]:
        found.remarks.append(f"It also names {_listed(unknown)}, which this site does not know.")
    settings = _parsed(known, found.remarks)
    found.values = {
        name: typed(value) for name, value in settings.as_dict().items() if name != _BLEND
    }
    if blend := settings.style_blend:
        shares = ", ".join(f"{100 * share / sum(blend):.0f} %" for share in blend)
        found.remarks.append(
            f"It blended {len(blend)} artworks, {shares}; choose them and their shares yourself."
        )
    if settings.init == "result":
        found.values["init"] = typed(BY_NAME["init"].default)
        found.remarks.append(
            "It was begun with an earlier result, which the file does not hold; this one begins "
            "with the photo."
        )
    return found


def _parsed(known: Mapping[str, object], remarks: list[str]) -> Settings:
    """Return the settings that values make, those that are not valid left at their default."""
    kept = dict(known)
    while True:
        try:
            return Settings.parse(kept)
        except SettingsError as error:
            # One that was left out can leave another without sense, such as layers their model.
            wrong = [name for name in error.fields if name in kept]
            remarks += [f"Not taken over: {error.fields[name]}" for name in wrong]
            for name in wrong or [*kept]:
                del kept[name]


def _listed(names: list[str]) -> str:
    shown = [ascii(name[:_LONGEST_NAME]) for name in names[:_MOST_NAMED]]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
