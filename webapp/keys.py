"""A row of the table of configuration keys, and how its value is brought into its type."""

from __future__ import annotations

import dataclasses
from typing import Any

from webapp.errors import ConfigError


def key(default: Any, help: str, **row: Any) -> Any:
    """Return a row: the default, a sentence, and what `parse` holds a value against.

    That is `minimum` and `maximum` for numbers, `choices` and the `shortest` length for texts.
    """
    return dataclasses.field(default=default, metadata={"help": help, **row})


def parse(row: dataclasses.Field[Any], value: object) -> object:
    """Return the value of the key that a row of the table stands for.

    Raises ConfigError, naming the key, for a value that cannot be used.
    """
    kind: Any = type(row.default)
    if kind is str:
        return _text(row, value)
    name = row.name.upper()
    try:
        number = kind(str(value))
    except ValueError:
        sort = "a whole number" if kind is int else "a number"
        raise ConfigError(f"{name} must be {sort}, not {value!r}.") from None
    low, high = row.metadata.get("minimum"), row.metadata.get("maximum")
    if not ((low is None or number >= low) and (high is None or number <= high)):
        most = "" if high is None else f" and at most {high:g}"
        raise ConfigError(f"{name} must be at least {low:g}{most}, not {value!r}.")
    return number


def listed(text: str) -> tuple[str, ...]:
    """Return what stands in a value that holds several, separated by commas."""
    return tuple(one for part in text.split(",") if (one := part.strip()))


def _text(row: dataclasses.Field[Any], value: object) -> str:
    name = row.name.upper()
    # In a file it is natural to write several as a list.
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    choices = row.metadata.get("choices")
    if choices and text not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    shortest = row.metadata.get("shortest", 0)
    if 0 < len(text) < shortest:
        raise ConfigError(
            f"{name} must have at least {shortest} characters, so that it cannot be guessed, "
            f"and this one has {len(text)}."
        )
    return text
